//! `[session]`: how long people stay signed in, and the key that gateways share.

use super::section::Section;
use super::{Surroundings, secret};
use crate::access::Limits;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// A shorter key could be tried through.
const SHORTEST_KEY: usize = 32;

/// What the file says of sessions.
#[derive(Debug, Default)]
pub struct Session {
    /// The key that several gateways share; one alone makes its own at its start.
    pub key: Option<SecretString>,
    /// When a session ends by itself.
    pub limits: Limits,
}

pub(super) fn read(top: &Section<'_>, around: &Surroundings<'_>) -> Session {
    let Some(section) = top.table("session") else {
        return Session::default();
    };
    let usual = Limits::default();
    let idle = section
        .number("idle_minutes", 1..24 * 60 + 1)
        .map_or(usual.idle, |minutes| Duration::from_secs(minutes * 60));
    let absolute = section
        .number("absolute_hours", 1..7 * 24 + 1)
        .map_or(usual.absolute, |hours| Duration::from_secs(hours * 3600));
    if idle > absolute {
        section.fault(
            section.start(),
            "`idle_minutes` is longer than `absolute_hours`: no session would ever be idle for so long",
        );
    }
    let key = secret::optional(&section, "key", around);
    let short = key
        .as_ref()
        .is_some_and(|key| key.expose_secret().len() < SHORTEST_KEY);
    if short {
        section.fault(
            section.start(),
            &format!(
                "the key has to be at least {SHORTEST_KEY} characters long, and random: `openssl rand -base64 32` \
                 makes one"
            ),
        );
    }
    section.finish();
    Session {
        key,
        limits: Limits { idle, absolute },
    }
}
