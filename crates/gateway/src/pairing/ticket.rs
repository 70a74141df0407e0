//! The sealed cookies of a wall's browser: before pairing, the secret of its code; afterwards, the wall's session.
//! Each begins with its kind, so that neither can be used in place of the other.

use super::PairingState;
use super::registry::CODE_LIFETIME_SECONDS;
use crate::crypto::CookiePurpose;
use axum::http::{HeaderMap, HeaderValue};
use std::time::Duration;

/// The lifetime of a wall's cookie. Browsers limit it to 400 days.
const COOKIE_LIFETIME_SECONDS: u64 = 400 * 24 * 3600;
/// How often the cookie of a wall in use is renewed, in seconds.
const RENEWAL_INTERVAL_SECONDS: u64 = 3600;

const WALL_KIND: &str = "wall 1 ";
const CODE_KIND: &str = "pairing 1 ";

/// A wall's session. It is valid while the wall is in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WallTicket {
    /// The wall's id.
    pub(crate) wall: String,
    last_seen: u64,
}

impl WallTicket {
    pub(crate) fn new(wall: String, now: u64) -> Self {
        Self {
            wall,
            last_seen: now,
        }
    }

    /// Parses an opened cookie. `None` if it is not a wall's or too old. Times in the future are accepted, because the
    /// clocks of gateways differ, and setting a clock back must not sign walls out.
    pub(crate) fn read(plain: &[u8], now: u64) -> Option<Self> {
        let text = std::str::from_utf8(plain).ok()?.strip_prefix(WALL_KIND)?;
        let (last_seen, wall) = text.split_once(' ')?;
        let last_seen: u64 = last_seen.parse().ok()?;
        let valid = now < last_seen + COOKIE_LIFETIME_SECONDS;
        valid.then(|| Self::new(wall.to_owned(), last_seen))
    }

    /// The cookie that extends the session. `None` while the current one is recent enough.
    pub(crate) fn renewal(
        &self,
        state: &PairingState<'_>,
        headers: &HeaderMap,
    ) -> Option<HeaderValue> {
        let due =
            state.now >= self.last_seen + RENEWAL_INTERVAL_SECONDS || state.now < self.last_seen;
        due.then(|| Self::new(self.wall.clone(), state.now).cookie(state, headers))?
    }

    pub(crate) fn cookie(
        &self,
        state: &PairingState<'_>,
        headers: &HeaderMap,
    ) -> Option<HeaderValue> {
        let plain = format!("{WALL_KIND}{} {}", self.last_seen, self.wall);
        let sealed = state.seal.close(plain.as_bytes())?;
        state.cookie.set(
            CookiePurpose::Session,
            headers,
            &sealed,
            Duration::from_secs(COOKIE_LIFETIME_SECONDS),
        )
    }
}

/// The secret of the code that this browser shows.
pub(crate) fn code_secret(state: &PairingState<'_>, headers: &HeaderMap) -> Option<String> {
    let cookie = state.cookie.find(CookiePurpose::Pairing, headers)?;
    let plain = state.seal.open(cookie)?;
    let text = String::from_utf8(plain).ok()?;
    text.strip_prefix(CODE_KIND).map(ToOwned::to_owned)
}

/// The cookie with the secret of a code, valid until the code is dropped. Without a secret, a `Set-Cookie` that
/// deletes it.
pub(crate) fn code_cookie(
    state: &PairingState<'_>,
    headers: &HeaderMap,
    secret: Option<&str>,
) -> Option<HeaderValue> {
    let (sealed, age) = match secret {
        Some(secret) => (
            state
                .seal
                .close(format!("{CODE_KIND}{secret}").as_bytes())?,
            Duration::from_secs(2 * CODE_LIFETIME_SECONDS),
        ),
        None => (String::new(), Duration::ZERO),
    };
    state
        .cookie
        .set(CookiePurpose::Pairing, headers, &sealed, age)
}
