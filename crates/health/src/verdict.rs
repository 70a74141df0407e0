//! The judgement on one resource.

use crate::severity::Severity;
use chrono::serde::ts_milliseconds_option;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::borrow::Cow;
use vendors::{deserialize_from_json, from_json};

/// The judgement on one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// How bad.
    pub severity: Severity,
    /// The order within the severity, lower first: [`Verdict::SILENT`], [`Verdict::FIRST`],
    /// [`Verdict::RULE`] or [`Verdict::HISTORY`].
    pub rank: u8,
    /// The state in a word or two ("Heartbeat late").
    pub word: Cow<'static, str>,
    /// The thing and what is wrong with it, in a sentence.
    pub sentence: String,
    /// What to do, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// Since when, by the vendor's clock.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub since: Option<DateTime<Utc>>,
    /// After how long of this there is something wrong, and what that is. Only the alarm history can
    /// tell, so it does not leave the gateway.
    #[serde(skip)]
    pub lingering: Option<(TimeDelta, Box<Verdict>)>,
}

from_json! { struct Verdict { severity, rank, word, sentence, advice, since, lingering is None } }

impl Verdict {
    /// A connection that is silent: it hides the state of everything behind it.
    pub const SILENT: u8 = 0;
    /// No data flows, and it will not recover by itself.
    pub const FIRST: u8 = 1;
    /// Everything else that is true now.
    pub const RULE: u8 = 2;
    /// It has ended: its outcome is known and does not get worse.
    pub const HISTORY: u8 = 3;

    /// A verdict without advice and without a beginning.
    #[must_use]
    pub fn new(severity: Severity, word: impl Into<Cow<'static, str>>, sentence: String) -> Self {
        Self {
            severity,
            rank: Self::RULE,
            word: word.into(),
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

    /// With another order within its severity.
    #[must_use]
    pub fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    /// The verdict that replaces this one once it has lasted longer than `limit`.
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

    #[cfg(test)]
    fn advises(&self) -> bool {
        self.advice.as_ref().is_some_and(|words| !words.is_empty())
    }

    /// Whether its sentence begins with this name, and it has advice unless all is well.
    #[cfg(test)]
    pub(crate) fn is_told_of(&self, name: &str) -> bool {
        let is_sentence = self.sentence.starts_with(name) && self.sentence.ends_with('.');
        is_sentence && (self.advises() || self.severity == Severity::Normal)
    }

    /// Whether it says what to do wherever something is wrong.
    #[cfg(test)]
    pub(crate) fn is_whole(&self) -> bool {
        let wrong = matches!(self.severity, Severity::Critical | Severity::Warning);
        let later = self
            .lingering
            .as_ref()
            .is_none_or(|(_, wrong)| wrong.is_whole());
        (self.advises() || !wrong) && later && !self.sentence.is_empty()
    }
}

deserialize_from_json!(Verdict);
