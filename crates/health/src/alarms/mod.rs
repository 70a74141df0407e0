//! Verdicts over time, turned into alarms with a beginning and an end.
//!
//! An alarm begins once and ends once, however often it is read in between. The alarms of a resource
//! that keeps coming and going are one. A source that falls silent ends no alarm.

mod entry;
mod finding;
mod flapping;
mod handling;
mod history;

#[cfg(test)]
mod tests;

pub use finding::by_own_clock;
pub use handling::{Acknowledgement, Expired, Handling, Maintenance, Note, Scope, maintenance_of};
pub use history::{AlarmHistory, Changes, Source};

use crate::inventory::{Kind, Observed, Resource, ResourceKey};
use crate::severity::Severity;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::borrow::Cow;
use std::cmp::Ordering;
use vendors::{deserialize_from_json, from_json};

/// Since when something is so, by the gateway's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// The vendor says so.
    Reported(#[serde(with = "ts_milliseconds")] DateTime<Utc>),
    /// The gateway first saw it then: it may have been so before.
    Observed(#[serde(with = "ts_milliseconds")] DateTime<Utc>),
}

from_json! { enum Since { Reported(_) = "reported", Observed(_) = "observed" } }

impl Since {
    /// The time itself.
    #[must_use]
    pub fn at(self) -> DateTime<Utc> {
        match self {
            Self::Reported(at) | Self::Observed(at) => at,
        }
    }
}

/// What of a resource flaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlappingSubject {
    /// Who leads it.
    Leader,
    /// Whether something is wrong with it.
    State,
}

from_json! { enum FlappingSubject { Leader = "leader", State = "state" } }

/// How the resource of an alarm flaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FlappingAlarm {
    /// What changes.
    pub subject: FlappingSubject,
    /// How many changes there have been since the alarm began.
    pub changes: usize,
}

from_json! { struct FlappingAlarm { subject, changes } }

/// One resource that needs attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// What it is known by among all alarms, past ones included. Letters, digits and dashes.
    pub id: String,
    /// Which resource.
    pub resource: ResourceKey,
    /// The resource's name.
    pub name: String,
    /// How bad.
    pub severity: Severity,
    /// The order within the severity, lower first.
    pub rank: u8,
    /// The state in a word or two.
    pub word: Cow<'static, str>,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// What to do.
    pub advice: String,
    /// Since when.
    pub since: Since,
    /// How it flaps, where it does. After a restart it goes on from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flapping: Option<FlappingAlarm>,
    /// Who takes care of it, where somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
    /// What people wrote about it, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// The maintenance in which it was to be expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
}

from_json! { struct Alarm {
    id, resource, name, severity, rank, word, sentence, advice, since, flapping, acknowledged,
    notes or default, maintenance,
} }

impl Alarm {
    /// Whether somebody takes care of it: then nobody is notified of it.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        self.acknowledged.is_some() || self.maintenance.is_some()
    }

    /// Whether it is from before the gateway was started, or its connection configured anew, and nothing has confirmed it
    /// since: its resource, given where there is one, was not read. How old it is, nobody knows.
    #[must_use]
    pub fn is_unconfirmed(&self, resource: Option<&Resource>) -> bool {
        // That a resource could not be read even once is of now, too.
        let is_of_now = |resource: &Resource| {
            resource.observed != Observed::Never
                || resource.failure.is_some() && resource.verdict.word == self.word
        };
        self.resource.kind != Kind::Connection && !resource.is_some_and(is_of_now)
    }

    /// Whether it is worse than when it had this severity and this word: a critical one with another word is another
    /// trouble. Not so where words come and go while it flaps, nor of a connection, which is silent before there is no data
    /// of it. Where the word is empty, the severity decides alone.
    #[must_use]
    pub fn is_worse_than(&self, severity: Severity, word: &str) -> bool {
        let is_other = !word.is_empty() && self.word != word;
        let is_one = self.resource.kind == Kind::Connection || self.flapping.is_some();
        self.severity < severity || self.severity == Severity::Critical && is_other && !is_one
    }

    /// In a word or two, how somebody takes care of it; `None` where nobody does.
    #[must_use]
    pub fn handling_label(&self) -> Option<&'static str> {
        match (&self.acknowledged, &self.maintenance) {
            (Some(_), _) => Some("acknowledged"),
            (None, Some(_)) => Some("in maintenance"),
            (None, None) => None,
        }
    }

    /// What nobody takes care of first; of that the worst first, then what is so now before what has ended, and the
    /// newest first.
    #[must_use]
    pub fn worst_first(&self, other: &Self) -> Ordering {
        (self.is_handled(), self.severity, self.rank)
            .cmp(&(other.is_handled(), other.severity, other.rank))
            .then_with(|| other.since.at().cmp(&self.since.at()))
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.resource.cmp(&other.resource))
    }
}

deserialize_from_json!(Alarm);
