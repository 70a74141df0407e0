//! `[session]`: how long users stay signed in, and the session key that several gateways share.

use super::section::Section;
use super::{Environment, StoreLocation, has_folder, secret};
use crate::identity::Limits;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// The file of ended sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndedFile {
    pub(crate) path: PathBuf,
    /// Whether the configuration names the file. The default file beside the key may be in a read-only folder.
    pub(crate) is_configured: bool,
}

/// The settings of sessions.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// The key that several gateways share. Without it, each gateway generates its own when it starts.
    pub(crate) key: Option<SecretString>,
    pub(crate) limits: Limits,
    /// The file of sessions that ended before they expired, for gateways without a shared store.
    pub(crate) ended: Option<EndedFile>,
}

pub(super) fn read(
    top: &Section<'_>,
    store: &StoreLocation,
    environment: &Environment<'_>,
) -> Session {
    let Some(section) = top.table("session") else {
        return Session::default();
    };
    let default = Limits::default();
    let idle = section
        .number("idle_minutes", 1..24 * 60 + 1)
        .map_or(default.idle, |minutes| Duration::from_secs(minutes * 60));
    let absolute = section
        .number("absolute_hours", 1..7 * 24 + 1)
        .map_or(default.absolute, |hours| Duration::from_secs(hours * 3600));
    if idle > absolute {
        section.fault(
            section.start(),
            "`idle_minutes` is longer than `absolute_hours` (default 12): no session would ever be idle for so long",
        );
    }
    let key = secret::optional(&section, "key", environment);
    if let Some(why) = key.as_ref().and_then(secret::too_short) {
        section.fault(section.start(), &format!("the key {why}"));
    }
    let ended = ended_file(&section, key.is_some(), store, environment);
    section.finish();
    Session {
        key,
        limits: Limits { idle, absolute },
        ended,
    }
}

/// `ended_file`, or else the file beside `key_file`. Without a key, all sessions end with the process anyway.
fn ended_file(
    section: &Section<'_>,
    has_key: bool,
    store: &StoreLocation,
    environment: &Environment<'_>,
) -> Option<EndedFile> {
    if let Some(name) = section.text("ended_file") {
        let file = EndedFile {
            path: environment.folder.join(name.value),
            is_configured: true,
        };
        if !has_folder(&file.path) {
            section.wrong(name.at, "ended_file", "there is no such folder");
        } else if let Err(why) = (environment.checks.ended_file)(&file, store) {
            section.wrong(name.at, "ended_file", &why);
        }
        return Some(file);
    }
    let name = has_key.then(|| section.text("key_file")).flatten()?;
    let mut path = environment.folder.join(name.value);
    path.as_mut_os_string().push(".ended");
    let file = EndedFile {
        path,
        is_configured: false,
    };
    if let Err(why) = (environment.checks.ended_file)(&file, store) {
        section.wrong(name.at, "key_file", &why);
    }
    Some(file)
}
