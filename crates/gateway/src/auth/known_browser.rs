//! Browsers in which a user has signed in before. Their attempts are counted apart, so that nobody else can lock
//! this user out by guessing passwords. A sealed cookie says which user it was; a copy of it gives its thief ten
//! attempts in a quarter of an hour, and no session. An unlock code makes a known browser of any, for a user
//! who has none.

use super::ended_sessions::EndedSession;
use super::users::Users;
use super::{Access, GATEWAY_CLOCK_TOLERANCE};
use crate::crypto::{CookiePurpose, Seal, hex, random_hex};
use crate::identity::{User, name_key};
use crate::problem::{Kind, Problem};
use axum::http::{HeaderMap, HeaderValue};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// For how long a browser is known after its last sign-in, in seconds.
const KNOWN: u64 = 180 * 24 * 3600;
/// How long an unlock code may be used, in seconds.
pub(crate) const UNLOCK: u64 = 15 * 60;

const OF_BROWSERS: &[u8] = b"failover-console browser 1";
const OF_UNLOCKS: &[u8] = b"failover-console unlock 1";

/// The content of the cookie, and of an unlock code.
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
            user: of_name(name),
            number,
            since: now,
        }
    }

    fn open(seal: &Seal, purpose: &'static [u8], text: &str, life: u64, now: u64) -> Option<Self> {
        let plain = seal.with_purpose(purpose).open(text)?;
        let known: Self = serde_json::from_slice(&plain).ok()?;
        let valid = known.since <= now + GATEWAY_CLOCK_TOLERANCE && now < known.since + life;
        valid.then_some(known)
    }

    fn close(&self, seal: &Seal, purpose: &'static [u8]) -> Option<String> {
        seal.with_purpose(purpose)
            .close(&serde_json::to_vec(self).ok()?)
    }
}

fn of_name(name: &str) -> String {
    hex(&digest(&SHA256, name_key(name).as_bytes()).as_ref()[..16])
}

/// A code that lets a user of gateways with this seal go on although the name is locked.
pub(crate) fn unlock_code(seal: &Seal, name: &str, now: Duration) -> Option<String> {
    BrowserToken::new(name, random_hex().ok()?, now.as_secs()).close(seal, OF_UNLOCKS)
}

impl Users {
    /// The id of the browser, if this user has signed in with it.
    pub(super) fn known_browser(&self, headers: &HeaderMap, name: &str) -> Option<String> {
        let cookie = self.cookie.find(CookiePurpose::Browser, headers)?;
        let now = (self.clock)().as_secs();
        let known = BrowserToken::open(&self.seal, OF_BROWSERS, cookie, KNOWN, now)?;
        (known.user == of_name(name)).then_some(known.number)
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

    fn browser_cookie_of(&self, headers: &HeaderMap, known: &BrowserToken) -> Option<HeaderValue> {
        let sealed = known.close(&self.seal, OF_BROWSERS)?;
        let age = Duration::from_secs(KNOWN);
        self.cookie
            .set(CookiePurpose::Browser, headers, &sealed, age)
    }
}

impl Access {
    /// Makes a known browser of the one that brings an unlock code: its cookie, and the user's configured name.
    ///
    /// # Errors
    /// The code is not valid, or was used.
    pub(crate) async fn unlock(
        &self,
        headers: &HeaderMap,
        code: &str,
    ) -> Result<(HeaderValue, &str), Problem> {
        let invalid = || {
            let detail = "this address is not valid, is too old or was used: `failover-console unlock` makes another";
            Problem::new(Kind::BadRequest, detail)
        };
        let users = self.users().ok_or_else(invalid)?;
        let now = (users.clock)();
        let known = BrowserToken::open(&users.seal, OF_UNLOCKS, code, UNLOCK, now.as_secs());
        let known = known.ok_or_else(invalid)?;
        // Kept as a session that has ended, so that other gateways know it, and this one after a restart.
        let used = EndedSession {
            holder: format!("unlock {}", known.user),
            number: known.number.clone(),
            began: known.since,
        };
        let ended = &users.memory.ended;
        if ended.holds(&used) || !users.memory.used_ids.add(&known.number, now) {
            return Err(invalid());
        }
        // The log says it if this does not survive a restart.
        let _ = ended.add(&used, now.as_secs()).await;
        let named = |user: &&User| of_name(&user.name) == known.user;
        let user = users.users.iter().find(named);
        let name = user.map_or("(unknown)", |user| user.name.as_str());
        let since = now.as_secs();
        users
            .browser_cookie_of(headers, &BrowserToken { since, ..known })
            .map(|cookie| (cookie, name))
            .ok_or_else(|| Problem::new(Kind::Internal, "no cookie could be made"))
    }
}
