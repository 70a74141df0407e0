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
    /// The severity.
    pub severity: Severity,
    /// The order within one severity, lower first: [`Verdict::SILENT`], [`Verdict::FIRST`], [`Verdict::RULE`] or
    /// [`Verdict::HISTORY`].
    pub rank: u8,
    /// The state in a word or two ("Heartbeat late").
    pub word: Cow<'static, str>,
    /// The resource and its problem, in one sentence.
    pub sentence: String,
    /// The recommended action, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The beginning of the state, by the vendor's clock.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub since: Option<DateTime<Utc>>,
    /// The verdict that replaces this one once it has lasted longer than the limit. Only the alarm history knows
    /// whether it has, so this field does not leave the gateway.
    #[serde(skip)]
    pub lingering: Option<(TimeDelta, Box<Verdict>)>,
}

from_json! { struct Verdict { severity, rank, word, sentence, advice, since, lingering is None } }

impl Verdict {
    /// A silent connection, which hides the state of all its resources.
    pub const SILENT: u8 = 0;
    /// No data flows, and the resource cannot recover by itself.
    pub const FIRST: u8 = 1;
    /// Any other current state.
    pub const RULE: u8 = 2;
    /// A state of the past: its outcome is known and does not get worse.
    pub const HISTORY: u8 = 3;

    /// A verdict without advice and beginning.
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

    /// Sets the advice.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Sets the order within the severity.
    #[must_use]
    pub fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    /// Sets the verdict that replaces this one once it has lasted longer than `limit`.
    #[must_use]
    pub fn lingering(mut self, limit: TimeDelta, wrong: Self) -> Self {
        self.lingering = Some((limit, Box::new(wrong)));
        self
    }

    /// Sets the beginning.
    #[must_use]
    pub fn since(mut self, since: Option<DateTime<Utc>>) -> Self {
        self.since = since;
        self
    }

    #[cfg(test)]
    fn advises(&self) -> bool {
        self.advice.as_ref().is_some_and(|words| !words.is_empty())
    }

    /// Whether the sentence begins with this name, and there is advice unless the state is normal.
    #[cfg(test)]
    pub(crate) fn names_resource(&self, name: &str) -> bool {
        let is_sentence = self.sentence.starts_with(name) && self.sentence.ends_with('.');
        is_sentence && (self.advises() || self.severity == Severity::Normal)
    }

    /// Whether there is a sentence, and advice for every problem.
    #[cfg(test)]
    pub(crate) fn is_complete(&self) -> bool {
        let wrong = matches!(self.severity, Severity::Critical | Severity::Warning);
        let later = self
            .lingering
            .as_ref()
            .is_none_or(|(_, wrong)| wrong.is_complete());
        (self.advises() || !wrong) && later && !self.sentence.is_empty()
    }
}

deserialize_from_json!(Verdict);
