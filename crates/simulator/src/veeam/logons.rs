//! The log-on sessions by GUID, until they log off or are idle for too long.

use super::plans::guid;
use crate::steps::step_rng;
use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

/// The header and the cookie that identify a session.
pub(super) const SESSION: &str = "X-RestSvcSessionId";

/// A session ends after this time without a request.
const IDLE: TimeDelta = TimeDelta::minutes(15);

#[derive(Debug, Default)]
pub(super) struct Logons {
    /// The time of each session's last request, by GUID.
    used: HashMap<String, DateTime<Utc>>,
    /// The number of log-ons, from which each GUID is generated.
    count: i64,
}

/// The value of the session header: the GUID in Base64.
pub(super) fn header(id: &str) -> String {
    STANDARD.encode(id)
}

/// The log-on GUID of a request. A cookie takes precedence over the header.
fn requested_session(headers: &HeaderMap) -> Option<String> {
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let cookie = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case(SESSION))
        .map(|(_, value)| value);
    let header = headers.get(SESSION).and_then(|value| value.to_str().ok());
    let bytes = STANDARD.decode(cookie.or(header)?.trim()).ok()?;
    String::from_utf8(bytes).ok()
}

impl Logons {
    fn remove_idle(&mut self, now: DateTime<Utc>) {
        self.used.retain(|_, used| now - *used < IDLE);
    }

    /// Logs on and returns the GUID of the new session.
    pub(super) fn begin(&mut self, seed: u64, now: DateTime<Utc>) -> String {
        self.remove_idle(now);
        self.count += 1;
        let id = guid(&mut step_rng(seed ^ 0x0010_6011, self.count));
        self.used.insert(id.clone(), now);
        id
    }

    /// Whether a request is logged on. If so, its idle time restarts.
    pub(super) fn check(&mut self, headers: &HeaderMap, now: DateTime<Utc>) -> bool {
        self.remove_idle(now);
        let used = requested_session(headers).and_then(|id| self.used.get_mut(&id));
        used.map(|used| *used = now).is_some()
    }

    /// Logs off; returns whether the session existed.
    pub(super) fn end(&mut self, id: &str) -> bool {
        self.used.remove(&id.to_ascii_lowercase()).is_some()
    }

    /// Keeps the sessions that are valid at `before` valid when the clock jumps to `now`.
    pub(super) fn renew(&mut self, before: DateTime<Utc>, now: DateTime<Utc>) {
        self.remove_idle(before);
        self.used.values_mut().for_each(|used| *used = now);
    }
}
