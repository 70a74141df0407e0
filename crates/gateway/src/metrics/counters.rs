//! The counters, as metric families.

use super::families::{Families, Family, label};
use super::{CSP_DIRECTIVES, Counters, Counts, Metrics, SESSION_OPEN_FOR, moment};
use crate::lock::lock;
use std::collections::BTreeMap;
use tokio::time::Instant;

impl Metrics {
    /// The counters of requests and of calls to vendors.
    pub(super) fn families(&self) -> Families {
        let now = Instant::now();
        let mut families = vec![
            build_info(),
            self.requests(),
            counted(
                "configuration_reloads",
                "Reloads of the configuration (SIGHUP): in use (done), or invalid (refused).",
                "outcome",
                &["done", "refused"],
                &self.reloads,
            ),
            counted(
                "sign_ins",
                "Attempts to sign in.",
                "outcome",
                &["done", "refused", "failed", "aborted"],
                &self.sign_ins,
            ),
            counted(
                "refusals",
                "Requests refused.",
                "why",
                &["sign-in", "forbidden", "cross-site"],
                &self.refusals,
            ),
            counted(
                "csp_reports",
                "Violations of the Content-Security-Policy that browsers reported.",
                "directive",
                &[&CSP_DIRECTIVES[..], &["other", "too-many"]].concat(),
                &self.csp_reports,
            ),
            self.sessions(now),
        ];
        families.extend(self.of_connections(now));
        Families(families)
    }

    fn requests(&self) -> Family {
        let mut family = Family::counter("requests", "Requests answered.");
        for ((route, method, class), count) in &*lock(&self.requests) {
            let labels = vec![
                ("route", (*route).to_owned()),
                ("method", (*method).to_owned()),
                ("status", format!("{class}xx")),
            ];
            family.add(labels, *count);
        }
        family
    }

    fn sessions(&self, now: Instant) -> Family {
        let mut family = Family::gauge(
            "sessions",
            "Signed-in sessions with a request within the last five minutes.",
        );
        let mut open = BTreeMap::from([("admin", 0_u64), ("viewer", 0), ("wall", 0)]);
        for (role, at) in lock(&self.sessions).values() {
            if now.duration_since(*at) < SESSION_OPEN_FOR {
                *open.entry(role).or_default() += 1;
            }
        }
        for (role, count) in open {
            family.add(vec![("role", role.to_owned())], count);
        }
        family
    }

    fn of_connections(&self, now: Instant) -> [Family; 6] {
        let mut calls = Family::counter("upstream_calls", "Calls to a vendor.");
        let mut seconds = Family::histogram("upstream_seconds", "How long calls to a vendor take.");
        let mut reads = Family::counter(
            "reads",
            "Reads, answered by a call of their own (asked) or by another's (shared).",
        );
        let mut age = Family::gauge(
            "answer_age_seconds",
            "Time since a call to the vendor last succeeded (status 2xx).",
        );
        let mut open = Family::gauge(
            "breaker_open",
            "1 while calls to the vendor fail at once, because it did not answer.",
        );
        let mut opened = Family::counter("breaker_opened", "How often a breaker opened.");
        let meters = lock(&self.meters).clone();
        for (id, meter) in &meters {
            let counts = lock(&meter.0);
            let Counts {
                outcomes,
                seconds: histogram,
                requested,
                shared,
                last_success,
                breaker,
                opened: times,
            } = &*counts;
            let connection = || ("connection", label(id));
            for (outcome, count) in outcomes {
                let labels = vec![connection(), ("outcome", (*outcome).to_owned())];
                calls.add(labels, *count);
            }
            seconds.add(vec![connection()], histogram.clone());
            for (answer, count) in [("asked", requested), ("shared", shared)] {
                reads.add(vec![connection(), ("answer", answer.to_owned())], *count);
            }
            if let Some(at) = last_success {
                // The monotonic clock stands still while the computer sleeps.
                let passed = at.until(moment(now));
                let passed = passed.unwrap_or_else(|| now.into_std().duration_since(at.0));
                age.add(vec![connection()], passed.as_secs_f64());
            }
            open.add(vec![connection()], breaker.refuses(now));
            opened.add(vec![connection()], *times);
        }
        [calls, seconds, reads, age, open, opened]
    }
}

/// A counter with one label. The series of the known values begin at 0, so that the first increase is not missed.
fn counted(
    name: &'static str,
    help: &'static str,
    label: &'static str,
    known: &[&'static str],
    counters: &Counters<&'static str>,
) -> Family {
    let mut family = Family::counter(name, help);
    let mut counts: BTreeMap<_, _> = known.iter().map(|value| (*value, 0)).collect();
    counts.extend(lock(counters).iter().map(|(value, count)| (*value, *count)));
    for (value, count) in counts {
        family.add(vec![(label, value.to_owned())], count);
    }
    family
}

fn build_info() -> Family {
    let mut family = Family::gauge("build_info", "The running version.");
    let version = env!("CARGO_PKG_VERSION").to_owned();
    family.add(vec![("version", version)], 1_u64);
    family
}
