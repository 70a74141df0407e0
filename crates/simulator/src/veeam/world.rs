//! All sessions of one Enterprise Manager: what the past 40 days were like when it started, and what
//! has begun since. Decides when something happens; how a run goes is in `plans`.

use super::model::{Session, Shown};
use super::plans::{
    AWKWARD, BADGE, Ending, HISTORIAN, LEDGER, MAIL, PLANS, Plan, SHOP, VAULT, run,
};
use super::published;
use crate::options::Scenario;
use crate::steps::dice;
use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;

/// How far back the made-up past goes, in days.
const DAYS: i64 = 40;

/// Made-up sessions beside the ones that are told one by one.
const PAST: i64 = 54;

/// Once in so many seconds the dice say whether a session begins.
const SLOT: i64 = 120;

/// What happened longer ago than this without anybody looking is skipped.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// More that began since the start than these are forgotten, the oldest first.
const MOST: usize = 1_000;

/// The age of the demo's latest sessions in seconds, newest first, and how they went.
fn told() -> Vec<(i64, &'static Plan, Ending)> {
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

/// Of a hundred slots so many begin a session; of a hundred sessions so many fail, so many warn.
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
    /// How many of them were there at the start; they are never forgotten.
    first: usize,
    seed: u64,
    scenario: Scenario,
    /// The last slot that was played.
    slot: i64,
}

impl World {
    pub(super) fn new(seed: u64, now: DateTime<Utc>) -> Self {
        let mut sessions = published::sessions();
        let mut add = |number: i64, age: TimeDelta, plan, ending: Option<Ending>| {
            let dice = &mut dice(seed, number);
            let ending = ending.unwrap_or_else(|| Ending::thrown(plan, 12, 20, dice));
            let fraction = TimeDelta::milliseconds(dice.random_range(1..1_000));
            sessions.push(run(plan, now - age - fraction, ending, dice));
        };
        for (number, (age, plan, ending)) in (0..).zip(told()) {
            add(number, TimeDelta::seconds(age), plan, Some(ending));
        }
        // The rest lies evenly between six and forty days back, each at an hour of its own.
        for number in 0..PAST {
            let spread = (DAYS - 6) * 86_400 / PAST;
            let shift = dice(seed, 1_000 + number).random_range(0..spread - 1_800);
            let age = TimeDelta::seconds(6 * 86_400 + number * spread + shift);
            let plan = PLANS[usize::try_from(number).unwrap_or_default() * 5 % PLANS.len()];
            add(2_000 + number, age, plan, None);
        }
        let mut slow = run(
            &MAIL,
            now - TimeDelta::hours(2),
            Ending::success(90),
            &mut dice(seed, 3_000),
        );
        (slow.uid, slow.name, slow.hidden) =
            ("fault-slow".to_owned(), "Slow to answer".to_owned(), true);
        sessions.push(slow);
        Self {
            first: sessions.len(),
            sessions,
            seed,
            scenario: Scenario::Calm,
            slot: now.timestamp().div_euclid(SLOT),
        }
    }

    /// Begins a scenario. An incident has a plan that has just failed, and one that runs and will.
    pub(super) fn enter(&mut self, scenario: Scenario, now: DateTime<Utc>) {
        self.scenario = scenario;
        if scenario == Scenario::Incident {
            let dice = &mut dice(self.seed, -now.timestamp());
            let gone = Ending::failed(95, Some("Cloud gateway not reachable"), 0, &[0, 1, 2, 3]);
            let running = Ending::failed(400, None, 40, &[2, 3]);
            self.sessions
                .push(run(&VAULT, now - TimeDelta::seconds(251), gone, dice));
            self.sessions
                .push(run(&SHOP, now - TimeDelta::seconds(93), running, dice));
        }
    }

    /// Plays until `now`. A slot is played once, also when the clock was set back in between.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        let last = now.timestamp().div_euclid(SLOT);
        let first = (self.slot + 1).max((now - LONGEST).timestamp().div_euclid(SLOT));
        let (begins, failing, warning) = odds(self.scenario);
        for slot in first..=last {
            let dice = &mut dice(self.seed ^ 0x5EED, slot);
            if dice.random_range(0..100) >= begins {
                continue;
            }
            let Some(start) = DateTime::from_timestamp(slot * SLOT, 0) else {
                continue;
            };
            let plan = PLANS[dice.random_range(0..PLANS.len())];
            let creation = start + TimeDelta::milliseconds(dice.random_range(0..SLOT * 1_000));
            let ending = Ending::thrown(plan, failing, warning, dice);
            self.sessions.push(run(plan, creation, ending, dice));
        }
        self.slot = self.slot.max(last);
        let over = (self.sessions.len() - self.first).saturating_sub(MOST);
        self.sessions.drain(self.first..self.first + over);
    }

    /// What a list shows at `now`.
    pub(super) fn listed(&self, now: DateTime<Utc>) -> Vec<Shown<'_>> {
        let sessions = self.sessions.iter().filter(|session| !session.hidden);
        sessions.filter_map(|session| session.at(now)).collect()
    }

    /// The session of that GUID.
    pub(super) fn find(&self, uid: &str, now: DateTime<Utc>) -> Option<Shown<'_>> {
        let found = self
            .sessions
            .iter()
            .find(|session| session.uid.eq_ignore_ascii_case(uid));
        found.and_then(|session| session.at(now))
    }
}
