//! How a session counts in the histogram.

use health::failover_sessions::is_running;
use vendors::UnreadableField;
use vendors::veeam::{Outcome, Session};

/// What a session counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It failed.
    Failed,
    /// It has warnings.
    Warning,
    /// All went well.
    Success,
    /// It runs, so far without a failure or a warning.
    Running,
    /// It says nothing that this console knows.
    Unknown,
}

impl Class {
    /// Every class, worst first.
    pub const ALL: [Self; 5] = [
        Self::Failed,
        Self::Warning,
        Self::Success,
        Self::Running,
        Self::Unknown,
    ];

    /// What a session counts as: as the table judges it, without regard to how long it runs.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let is_unreadable = |name| UnreadableField::find(&session.unreadable, name).is_some();
        let runs = is_running(session.state.as_ref());
        match session.result {
            Some(Outcome::Failed) => Self::Failed,
            Some(Outcome::Warning) => Self::Warning,
            // It may be anything, as the table says too.
            _ if is_unreadable("State") || is_unreadable("Result") => Self::Unknown,
            None | Some(Outcome::None | Outcome::Success) if runs => Self::Running,
            Some(Outcome::Success) => Self::Success,
            None | Some(Outcome::None | Outcome::Other(_)) => Self::Unknown,
        }
    }

    /// As a heading or in a legend.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "Failed",
            Self::Warning => "Warning",
            Self::Success => "Success",
            Self::Running => "Running",
            Self::Unknown => "Unknown",
        }
    }

    /// Behind a number: `2 succeeded`.
    fn description(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Warning => "with warnings",
            Self::Success => "succeeded",
            Self::Running => "running",
            Self::Unknown => "unknown",
        }
    }
}

/// How many sessions of each class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([usize; 5]);

impl Counts {
    /// How many of a class.
    #[must_use]
    pub fn of(&self, class: Class) -> usize {
        self.0[class as usize]
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// In words: `3 sessions, 1 failed, 2 succeeded`.
    #[must_use]
    pub fn description(&self) -> String {
        let mut words = vec![match self.total() {
            0 => return "no session".to_owned(),
            1 => "1 session".to_owned(),
            total => format!("{total} sessions"),
        }];
        let some = Class::ALL.into_iter().filter(|class| self.of(*class) > 0);
        words.extend(some.map(|class| format!("{} {}", self.of(class), class.description())));
        words.join(", ")
    }

    pub(super) fn add(&mut self, class: Class) {
        self.0[class as usize] += 1;
    }
}
