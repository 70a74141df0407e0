//! What is said of one thing.

use crate::severity::Severity;
use chrono::{DateTime, TimeDelta, Utc};

/// What is said of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How bad.
    pub severity: Severity,
    /// Its place within the severity, lower first: [`Verdict::FIRST`], [`Verdict::RULE`] or
    /// [`Verdict::HISTORY`].
    pub rank: u8,
    /// The state in a word or two ("Heartbeat late").
    pub word: &'static str,
    /// The thing and what is wrong with it, in a sentence.
    pub sentence: String,
    /// What to do, in a sentence.
    pub advice: Option<String>,
    /// Since when, by the vendor's clock.
    pub since: Option<DateTime<Utc>>,
    /// After how long of this there is something wrong, and what that is.
    pub lingering: Option<(TimeDelta, Box<Verdict>)>,
}

impl Verdict {
    /// No data flows and nothing will mend itself.
    pub const FIRST: u8 = 0;
    /// Everything else that is so now.
    pub const RULE: u8 = 1;
    /// It has ended: what came of it is known and does not get worse.
    pub const HISTORY: u8 = 2;

    /// A verdict without advice and without a beginning.
    #[must_use]
    pub fn new(severity: Severity, word: &'static str, sentence: String) -> Self {
        Self {
            severity,
            rank: Self::RULE,
            word,
            sentence,
            advice: None,
            since: None,
            lingering: None,
        }
    }

    /// What to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// At another place within its severity.
    #[must_use]
    pub fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    /// What is said instead once it has been so for longer than this. Only who has seen it all that time
    /// can tell: the ledger.
    #[must_use]
    pub fn lingering(mut self, limit: TimeDelta, wrong: Self) -> Self {
        self.lingering = Some((limit, Box::new(wrong)));
        self
    }

    /// Since when.
    #[must_use]
    pub fn since(mut self, since: Option<DateTime<Utc>>) -> Self {
        self.since = since;
        self
    }

    /// Whether it says what to do wherever something is wrong.
    #[cfg(test)]
    pub(crate) fn is_whole(&self) -> bool {
        let advises = self.advice.as_ref().is_some_and(|words| !words.is_empty());
        let wrong = matches!(self.severity, Severity::Critical | Severity::Warning);
        let later = self
            .lingering
            .as_ref()
            .is_none_or(|(_, wrong)| wrong.is_whole());
        (advises || !wrong) && later && !self.sentence.is_empty()
    }
}
