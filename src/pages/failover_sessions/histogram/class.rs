//! How a session counts in the histogram.

use crate::pages::failover_sessions::model::count_of_sessions;
use health::failover_sessions::judge_session;
use health::severity::Severity;
use vendors::veeam::Session;

/// What a session counts as, worst first: how bad it is, as a heading, and behind a number.
pub const CLASSES: [(Severity, &str, &str); 5] = [
    (Severity::Critical, "Failed", "failed"),
    (Severity::Warning, "Warning", "with warnings"),
    (Severity::Normal, "Success", "succeeded"),
    (Severity::Moving, "Running", "running"),
    (Severity::Unknown, "Unknown", "unknown"),
];

/// How many sessions of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([usize; Severity::ALL.len()]);

impl Counts {
    /// How many of a severity.
    #[must_use]
    pub fn of(&self, severity: Severity) -> usize {
        self.0[severity as usize]
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// In words: `3 sessions, 1 failed, 2 succeeded`.
    #[must_use]
    pub fn description(&self) -> String {
        if self.total() == 0 {
            return "no session".to_owned();
        }
        let mut words = vec![count_of_sessions(self.total())];
        let some = CLASSES.into_iter().filter(|(one, ..)| self.of(*one) > 0);
        words.extend(some.map(|(one, _, word)| format!("{} {word}", self.of(one))));
        words.join(", ")
    }

    /// Adds a session, judged without regard to how long it runs.
    pub(super) fn add(&mut self, session: &Session) {
        self.0[judge_session(session, None).severity as usize] += 1;
    }
}
