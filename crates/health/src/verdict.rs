//! What is said of one thing.

use crate::severity::Severity;
use chrono::{DateTime, Utc};

/// What is said of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How bad.
    pub severity: Severity,
    /// The state in a word or two ("Heartbeat late").
    pub word: &'static str,
    /// The thing and what is wrong with it, in a sentence.
    pub sentence: String,
    /// What to do, in a sentence.
    pub advice: Option<String>,
    /// Since when, by the vendor's clock.
    pub since: Option<DateTime<Utc>>,
}

impl Verdict {
    /// A verdict without advice and without a beginning.
    pub(crate) fn new(severity: Severity, word: &'static str, sentence: String) -> Self {
        Self {
            severity,
            word,
            sentence,
            advice: None,
            since: None,
        }
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    pub(crate) fn since(mut self, since: Option<DateTime<Utc>>) -> Self {
        self.since = since;
        self
    }
}
