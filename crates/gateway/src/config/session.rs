//! `[session]`: how long users stay signed in, and the key that gateways share.

use super::section::Section;
use super::{Surroundings, secret};
use crate::identity::Limits;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// The shortest key, in characters. A shorter one could be found by trying.
const SHORTEST_KEY: usize = 32;

/// The settings of sessions.
#[derive(Debug, Default)]
pub struct Session {
    /// The key that several gateways share. Without it a gateway makes its own at its start.
    pub key: Option<SecretString>,
    /// When a session expires.
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
