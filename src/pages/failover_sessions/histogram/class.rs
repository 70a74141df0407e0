//! The classes in which the histogram counts sessions.

use crate::pages::failover_sessions::model::count_of_sessions;
use health::failover_sessions::judge_session;
use health::severity::Severity;
use vendors::veeam::Session;

/// The classes, worst first: the severity, the heading, and the word after a number.
pub const CLASSES: [(Severity, &str, &str); 5] = [
    (Severity::Critical, "Failed", "failed"),
    (Severity::Warning, "Warning", "with warnings"),
    (Severity::Normal, "Success", "succeeded"),
    (Severity::Moving, "Running", "running"),
    (Severity::Unknown, "Unknown", "unknown"),
];

/// The number of sessions of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([usize; Severity::ALL.len()]);

impl Counts {
    /// The number of sessions of a severity.
    #[must_use]
    pub fn of(&self, severity: Severity) -> usize {
        self.0[severity as usize]
    }

    /// The number of all sessions.
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
        let present = CLASSES
            .into_iter()
            .filter(|(severity, ..)| self.of(*severity) > 0);
        words.extend(present.map(|(severity, _, word)| format!("{} {word}", self.of(severity))));
        words.join(", ")
    }

    /// Counts a session. How long it has been running does not matter.
    pub(super) fn add(&mut self, session: &Session) {
        self.0[judge_session(session, None).severity as usize] += 1;
    }
}
