//! Known browsers: browsers in which a user has signed in before. Their sign-ins are counted separately, so that nobody
//! else can lock out this user by guessing passwords. A sealed cookie identifies the user. A stolen copy of it allows
//! ten attempts in a quarter of an hour, but gives no session. For a user without a known browser, an unlock code makes
//! any browser a known one.

use super::ended_sessions::EndedSession;
use super::users::Users;
use super::{Access, GATEWAY_CLOCK_TOLERANCE};
use crate::crypto::{CookiePurpose, Seal, random_hex, short_hex};
use crate::identity::{User, name_key};
use crate::problem::{Kind, Problem};
use axum::http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a browser stays known after its last sign-in, in seconds.
const KNOWN_LIFETIME: u64 = 180 * 24 * 3600;
/// The lifetime of an unlock code, in seconds.
pub(crate) const UNLOCK_LIFETIME: u64 = 15 * 60;

const BROWSER_PURPOSE: &[u8] = b"failover-console browser 1";
const UNLOCK_PURPOSE: &[u8] = b"failover-console unlock 1";

/// The content of the cookie and of an unlock code.
#[derive(Serialize, Deserialize)]
struct BrowserToken {
    /// A digest of the user's name.
    #[serde(rename = "u")]
    user: String,
    /// A random id.
    #[serde(rename = "n")]
    number: String,
    /// Seconds since 1970.
    #[serde(rename = "s")]
    since: u64,
}

impl BrowserToken {
    fn new(name: &str, number: String, now: u64) -> Self {
        Self {
            user: name_digest(name),
            number,
            since: now,
        }
    }

    fn open(seal: &Seal, purpose: &'static [u8], text: &str, life: u64, now: u64) -> Option<Self> {
        let plain = seal.with_purpose(purpose).open(text)?;
        let token: Self = serde_json::from_slice(&plain).ok()?;
        let valid = token.since <= now + GATEWAY_CLOCK_TOLERANCE && now < token.since + life;
        valid.then_some(token)
    }

    fn close(&self, seal: &Seal, purpose: &'static [u8]) -> Option<String> {
        seal.with_purpose(purpose)
            .close(&serde_json::to_vec(self).ok()?)
    }
}

fn name_digest(name: &str) -> String {
    short_hex(name_key(name), 16)
}

/// A code with which a user can sign in although the name is locked, at gateways with this seal.
pub(crate) fn unlock_code(seal: &Seal, name: &str, now: Duration) -> Option<String> {
    BrowserToken::new(name, random_hex().ok()?, now.as_secs()).close(seal, UNLOCK_PURPOSE)
}

impl Users {
    /// The id of the browser, if this user has signed in with it.
    pub(super) fn known_browser(&self, headers: &HeaderMap, name: &str) -> Option<String> {
        let cookie = self.cookie.find(CookiePurpose::Browser, headers)?;
        let now = (self.clock)().as_secs();
        let token = BrowserToken::open(&self.seal, BROWSER_PURPOSE, cookie, KNOWN_LIFETIME, now)?;
        (token.user == name_digest(name)).then_some(token.number)
    }

    /// The cookie of a browser in which a user signed in.
    pub(super) fn browser_cookie(&self, headers: &HeaderMap, name: &str) -> Option<HeaderValue> {
        let number = match self.known_browser(headers, name) {
            Some(number) => number,
            None => random_hex().ok()?,
        };
        self.browser_cookie_of(
            headers,
            &BrowserToken::new(name, number, (self.clock)().as_secs()),
        )
    }

    fn browser_cookie_of(&self, headers: &HeaderMap, token: &BrowserToken) -> Option<HeaderValue> {
        let sealed = token.close(&self.seal, BROWSER_PURPOSE)?;
        let age = Duration::from_secs(KNOWN_LIFETIME);
        self.cookie
            .set(CookiePurpose::Browser, headers, &sealed, age)
    }
}

impl Access {
    /// Makes the browser that sends an unlock code a known one. Returns its cookie and the user's configured name.
    ///
    /// # Errors
    /// The code is not valid, has expired or was used.
    pub(crate) async fn unlock(
        &self,
        headers: &HeaderMap,
        code: &str,
    ) -> Result<(HeaderValue, &str), Problem> {
        let invalid = || {
            let detail = "this link is not valid, has expired or was used: create another with `failover-console unlock`";
            Problem::new(Kind::BadRequest, detail)
        };
        let users = self.users().ok_or_else(invalid)?;
        let now = (users.clock)();
        let token = BrowserToken::open(
            &users.seal,
            UNLOCK_PURPOSE,
            code,
            UNLOCK_LIFETIME,
            now.as_secs(),
        );
        let token = token.ok_or_else(invalid)?;
        // Saved like an ended session, so that other gateways, and this one after a restart, know that the code was
        // used.
        let used = EndedSession {
            holder: format!("unlock {}", token.user),
            number: token.number.clone(),
            began: token.since,
        };
        let ended = &users.memory.ended;
        if ended.holds(&used) || !users.memory.used_ids.add(&token.number, now) {
            return Err(invalid());
        }
        // `add` logs a failure to save.
        let _ = ended.add(&used, now.as_secs()).await;
        let is_user = |user: &&User| name_digest(&user.name) == token.user;
        let user = users.users.iter().find(is_user);
        let name = user.map_or("(unknown)", |user| user.name.as_str());
        let since = now.as_secs();
        users
            .browser_cookie_of(headers, &BrowserToken { since, ..token })
            .map(|cookie| (cookie, name))
            .ok_or_else(|| Problem::new(Kind::Internal, "the cookie could not be created"))
    }
}
