//! The counters, and all metrics as text for Prometheus. Labels of counters have only values from the configuration or
//! this program, never from a request, because a client could otherwise fill the memory with new values.
//! `docs/monitoring.md` lists the names and meanings of all metrics.

mod alerts;
mod counters;
mod families;
mod inventory;
mod refusals;

pub(crate) use families::CONTENT_TYPE;
pub(crate) use refusals::Recorded;

use crate::clock::Moment;
use crate::lock::lock;
use crate::problem::Problem;
use crate::vendor_http::Answer;
use chrono::{DateTime, Utc};
use prometheus_client::metrics::histogram::Histogram;
use protocol::{AlertTargets, Inventory};
use refusals::Refusals;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The upper bounds of the histogram's buckets, in seconds.
const BUCKETS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How long a session counts as open after its last request.
const SESSION_OPEN_FOR: Duration = Duration::from_secs(300);

/// The maximum number of browser reports accepted per minute.
const MAX_REPORTS_PER_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// The directives of the console's policy, and their more specific forms.
pub(crate) const CSP_DIRECTIVES: [&str; 14] = [
    "default-src",
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "style-src",
    "style-src-elem",
    "style-src-attr",
    "img-src",
    "connect-src",
    "font-src",
    "object-src",
    "base-uri",
    "form-action",
    "frame-ancestors",
];

/// The maximum number of sessions that are counted.
const MAX_SESSIONS: usize = 10_000;

type Counters<K> = Mutex<BTreeMap<K, u64>>;

/// This moment, of which `now` is the monotonic time.
fn moment(now: Instant) -> Moment {
    Moment(now.into_std(), SystemTime::now())
}

fn count<K: Ord>(counters: &Counters<K>, key: K) {
    *lock(counters).entry(key).or_default() += 1;
}

/// The counters of one gateway. They survive a reload of the configuration.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// By kind of route, method and status class.
    requests: Counters<(&'static str, &'static str, u16)>,
    /// By outcome.
    reloads: Counters<&'static str>,
    sign_ins: Counters<&'static str>,
    refusals: Counters<&'static str>,
    csp_reports: Counters<&'static str>,
    /// The start of the current minute of reports, and the number of reports since.
    reporting: Mutex<Option<(Instant, u32)>>,
    refusing: Mutex<Refusals>,
    sessions: Mutex<HashMap<String, (&'static str, Instant)>>,
    meters: Mutex<BTreeMap<String, Arc<Meter>>>,
}

/// The counters of one connection.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    outcomes: BTreeMap<&'static str, u64>,
    seconds: Histogram,
    requested: u64,
    shared: u64,
    /// The time of the vendor's last successful response.
    last_success: Option<Moment>,
    breaker: BreakerState,
    opened: u64,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            outcomes: BTreeMap::new(),
            seconds: Histogram::new(BUCKETS),
            requested: 0,
            shared: 0,
            last_success: None,
            breaker: BreakerState::Closed,
            opened: 0,
        }
    }
}

/// A connection's circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BreakerState {
    /// Calls are made.
    Closed,
    /// Calls fail immediately until this time; the next call is the trial.
    Open(Instant),
    /// The trial call is in progress; all others fail immediately.
    Trial,
}

impl BreakerState {
    /// Whether calls fail immediately at `now`.
    fn refuses(self, now: Instant) -> bool {
        match self {
            Self::Closed => false,
            Self::Open(until) => now < until,
            Self::Trial => true,
        }
    }
}

impl Metrics {
    pub(crate) fn meter(&self, connection: &str) -> Arc<Meter> {
        lock(&self.meters)
            .entry(connection.to_owned())
            .or_default()
            .clone()
    }

    /// Drops the counters of all other connections.
    pub(crate) fn keep_only(&self, connections: &[&str]) {
        lock(&self.meters).retain(|id, _| connections.contains(&id.as_str()));
    }

    pub(crate) fn request(&self, route: &'static str, method: &str, status: u16) {
        let method = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .find(|known| *known == method)
            .unwrap_or("other");
        count(&self.requests, (route, method, status / 100));
    }

    /// Counts a reload of the configuration.
    pub(crate) fn reload(&self, is_valid: bool) {
        count(&self.reloads, if is_valid { "done" } else { "refused" });
    }

    pub(crate) fn sign_in(&self, outcome: &'static str) {
        count(&self.sign_ins, outcome);
    }

    pub(crate) fn refusal(&self, why: &'static str) {
        count(&self.refusals, why);
    }

    /// Counts a violation of the Content-Security-Policy.
    pub(crate) fn csp_report(&self, directive: &'static str) {
        count(&self.csp_reports, directive);
    }

    /// Whether another report is accepted in this minute.
    pub(crate) fn may_report(&self) -> bool {
        let now = Instant::now();
        let mut reporting = lock(&self.reporting);
        let minute = reporting.filter(|(start, _)| now.duration_since(*start) < MINUTE);
        let (start, count) = minute.unwrap_or((now, 0));
        *reporting = Some((start, count.saturating_add(1)));
        count < MAX_REPORTS_PER_MINUTE
    }

    /// Whether to record another refusal of this kind, for the user `who` or for everybody who is not signed in.
    pub(crate) fn take_refusal(&self, what: &'static str, who: &str) -> Option<Recorded> {
        lock(&self.refusing).take(what, who, Instant::now())
    }

    /// Records a request of a session.
    pub(crate) fn session_used(&self, session: &str, role: &'static str) {
        let mut sessions = lock(&self.sessions);
        let now = Instant::now();
        if sessions.len() >= MAX_SESSIONS {
            sessions.retain(|_, (_, at)| now.duration_since(*at) < SESSION_OPEN_FOR);
        }
        if sessions.len() < MAX_SESSIONS || sessions.contains_key(session) {
            sessions.insert(session.to_owned(), (role, now));
        }
    }

    /// Records the end of a session.
    pub(crate) fn session_ended(&self, session: &str) {
        lock(&self.sessions).remove(session);
    }

    /// All metrics in Prometheus's text format: the counters, and the state of the watched systems.
    pub(crate) fn text(
        &self,
        inventory: &Inventory,
        watched: &HashSet<String>,
        alerts: &AlertTargets,
        now: DateTime<Utc>,
    ) -> String {
        let watched = inventory::families(inventory, watched, now);
        let alerts = alerts::families(alerts);
        self.families().and(watched).and(alerts).text()
    }

    /// The counters alone.
    #[cfg(test)]
    pub(crate) fn counters_as_text(&self) -> String {
        self.families().text()
    }
}

impl Meter {
    /// Counts a call to the vendor.
    pub(crate) fn call(&self, duration: Duration, outcome: &Result<Answer, Problem>) {
        let mut counts = lock(&self.0);
        let class = match outcome {
            Ok(answer) => match answer.status.as_u16() / 100 {
                2 => "2xx",
                4 => "4xx",
                5 => "5xx",
                _ => "other",
            },
            Err(problem) => problem.kind.name(),
        };
        *counts.outcomes.entry(class).or_default() += 1;
        counts.seconds.observe(duration.as_secs_f64());
        if outcome
            .as_ref()
            .is_ok_and(|answer| answer.status.is_success())
        {
            counts.last_success = Some(moment(Instant::now()));
        }
    }

    /// Counts a read, answered by its own call or by another's.
    pub(crate) fn read(&self, shared: bool) {
        let mut counts = lock(&self.0);
        if shared {
            counts.shared += 1;
        } else {
            counts.requested += 1;
        }
    }

    /// Records the new state of the connection's breaker.
    pub(crate) fn breaker(&self, state: BreakerState) {
        let mut counts = lock(&self.0);
        // A failed trial keeps the breaker open. A breaker that replaced an open one counts again.
        let opens = matches!(state, BreakerState::Open(_)) && counts.breaker != BreakerState::Trial;
        counts.opened += u64::from(opens);
        counts.breaker = state;
    }
}

#[cfg(test)]
mod tests;
