//! All sessions of one Enterprise Manager: a generated history of 40 days, and the sessions that have
//! started since. This module decides when a run starts; `plans` generates the run.

use super::model::{Session, Shown};
use super::plans::{
    AWKWARD, BADGE, Ending, HISTORIAN, LEDGER, MAIL, PLANS, Plan, SHOP, VAULT, run,
};
use super::vendor_samples;
use crate::options::Scenario;
use crate::steps::step_rng;
use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;

/// The length of the generated history, in days.
const DAYS: i64 = 40;

/// The number of randomly generated sessions, in addition to `recent_sessions`.
const GENERATED: i64 = 54;

/// The length of a slot in seconds; at most one session starts in each slot.
const SLOT: i64 = 120;

/// Slots older than this are skipped.
const MAX_CATCH_UP: TimeDelta = TimeDelta::hours(24);

/// The maximum number of sessions since the start; the oldest are dropped first.
const MAX_NEW_SESSIONS: usize = 1_000;

/// The demo's latest sessions, newest first: age in seconds, and result.
fn recent_sessions() -> Vec<(i64, &'static Plan, Ending)> {
    let shop = "2 of 5 machines did not start: shop-db-02, shop-cache-01";
    vec![
        (478, &LEDGER, Ending::success(760)),
        (2_037, &SHOP, Ending::failed(220, Some(shop), 100, &[1, 2])),
        (
            26_363,
            &HISTORIAN,
            Ending::warning(362, "Re-IP rule did not match for hist-web-01", 1),
        ),
        (
            59_329,
            &MAIL,
            Ending::warning(111, "VMware Tools heartbeat timed out on relay-02", 1),
        ),
        (
            97_203,
            &AWKWARD,
            Ending::failed(
                254,
                Some("Host \"esx-süd-02\" & datastore <vault;01> disagree, see log"),
                100,
                &[1, 3],
            ),
        ),
        (252_726, &SHOP, Ending::failed(41, None, 0, &[0])),
        (
            291_728,
            &BADGE,
            Ending::warning(134, "One disk is 14 h older than the others", 0),
        ),
        (
            312_275,
            &VAULT,
            Ending::failed(
                729,
                Some("No restore point within the last 24 h for cad-07"),
                60,
                &[3],
            ),
        ),
        (
            358_150,
            &LEDGER,
            Ending::warning(560, "Start delay exceeded by ledger-app-03", 4),
        ),
        (
            476_218,
            &HISTORIAN,
            Ending::failed(58, Some("Cloud gateway not reachable"), 0, &[0, 1, 2]),
        ),
        (
            503_282,
            &MAIL,
            Ending::warning(157, "Re-IP rule did not match for relay-01", 0),
        ),
    ]
}

/// Percentages: slots that start a session, sessions that fail, sessions that end with a warning.
fn odds(scenario: Scenario) -> (u32, u32, u32) {
    match scenario {
        Scenario::Calm => (2, 0, 0),
        Scenario::Busy => (7, 12, 20),
        Scenario::Incident => (20, 55, 25),
    }
}

#[derive(Debug)]
pub(super) struct World {
    sessions: Vec<Session>,
    /// The number of sessions at the start; these are never dropped.
    initial: usize,
    seed: u64,
    scenario: Scenario,
    /// The last simulated slot.
    slot: i64,
}

impl World {
    pub(super) fn new(seed: u64, now: DateTime<Utc>) -> Self {
        let mut sessions = vendor_samples::sessions();
        let mut add = |number: i64, age: TimeDelta, plan, ending: Option<Ending>| {
            let rng = &mut step_rng(seed, number);
            let ending = ending.unwrap_or_else(|| Ending::random(plan, 12, 20, rng));
            let fraction = TimeDelta::milliseconds(rng.random_range(1..1_000));
            sessions.push(run(plan, now - age - fraction, ending, rng));
        };
        for (number, (age, plan, ending)) in (0..).zip(recent_sessions()) {
            add(number, TimeDelta::seconds(age), plan, Some(ending));
        }
        // The rest are spread evenly between six and forty days ago, at different hours.
        for number in 0..GENERATED {
            let spread = (DAYS - 6) * 86_400 / GENERATED;
            let shift = step_rng(seed, 1_000 + number).random_range(0..spread - 1_800);
            let age = TimeDelta::seconds(6 * 86_400 + number * spread + shift);
            let plan = PLANS[usize::try_from(number).unwrap_or_default() * 5 % PLANS.len()];
            add(2_000 + number, age, plan, None);
        }
        let mut slow = run(
            &MAIL,
            now - TimeDelta::hours(2),
            Ending::success(90),
            &mut step_rng(seed, 3_000),
        );
        (slow.uid, slow.name, slow.hidden) =
            ("fault-slow".to_owned(), "Slow to answer".to_owned(), true);
        sessions.push(slow);
        Self {
            initial: sessions.len(),
            sessions,
            seed,
            scenario: Scenario::Calm,
            slot: now.timestamp().div_euclid(SLOT),
        }
    }

    /// Starts a scenario. An incident has one plan that has just failed, and a running one that will fail.
    pub(super) fn enter(&mut self, scenario: Scenario, now: DateTime<Utc>) {
        self.scenario = scenario;
        if scenario == Scenario::Incident {
            let rng = &mut step_rng(self.seed, -now.timestamp());
            let failed = Ending::failed(95, Some("Cloud gateway not reachable"), 0, &[0, 1, 2, 3]);
            let running = Ending::failed(400, None, 40, &[2, 3]);
            self.sessions
                .push(run(&VAULT, now - TimeDelta::seconds(251), failed, rng));
            self.sessions
                .push(run(&SHOP, now - TimeDelta::seconds(93), running, rng));
        }
    }

    /// Advances to `now`. A slot is simulated only once, even when the clock was set back.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        let last = now.timestamp().div_euclid(SLOT);
        let first = (self.slot + 1).max((now - MAX_CATCH_UP).timestamp().div_euclid(SLOT));
        let (starting, failing, warning) = odds(self.scenario);
        for slot in first..=last {
            let rng = &mut step_rng(self.seed ^ 0x5EED, slot);
            if rng.random_range(0..100) >= starting {
                continue;
            }
            let Some(start) = DateTime::from_timestamp(slot * SLOT, 0) else {
                continue;
            };
            let plan = PLANS[rng.random_range(0..PLANS.len())];
            let creation = start + TimeDelta::milliseconds(rng.random_range(0..SLOT * 1_000));
            let ending = Ending::random(plan, failing, warning, rng);
            self.sessions.push(run(plan, creation, ending, rng));
        }
        self.slot = self.slot.max(last);
        let excess = (self.sessions.len() - self.initial).saturating_sub(MAX_NEW_SESSIONS);
        self.sessions.drain(self.initial..self.initial + excess);
    }

    /// The listed sessions at `now`.
    pub(super) fn listed(&self, now: DateTime<Utc>) -> Vec<Shown<'_>> {
        let sessions = self.sessions.iter().filter(|session| !session.hidden);
        sessions.filter_map(|session| session.at(now)).collect()
    }

    /// The session with this GUID.
    pub(super) fn find(&self, uid: &str, now: DateTime<Utc>) -> Option<Shown<'_>> {
        let found = self
            .sessions
            .iter()
            .find(|session| session.uid.eq_ignore_ascii_case(uid));
        found.and_then(|session| session.at(now))
    }
}
