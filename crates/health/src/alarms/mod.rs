//! Turns verdicts over time into alarms with a beginning and an end.
//!
//! An alarm begins once and ends once, however often its resource is read in between. A flapping resource has one
//! alarm. A connection that falls silent ends no alarm.

mod entry;
mod finding;
mod flapping;
mod handling;
mod history;

#[cfg(test)]
mod tests;

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

/// The beginning of a state, by the gateway's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// The vendor reported this time.
    Reported(#[serde(with = "ts_milliseconds")] DateTime<Utc>),
    /// The gateway first observed the state at this time; it may have begun earlier.
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

/// The aspect of a resource that flaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlappingSubject {
    /// Its leader: the primary, or the slicer on air.
    Leader,
    /// Whether it needs attention.
    State,
}

from_json! { enum FlappingSubject { Leader = "leader", State = "state" } }

/// The flapping of an alarm's resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FlappingAlarm {
    /// The aspect that changes.
    pub subject: FlappingSubject,
    /// Number of changes since the alarm began.
    pub changes: usize,
}

from_json! { struct FlappingAlarm { subject, changes } }

/// One resource that needs attention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// Id that is unique among all alarms, including past ones: letters, digits and dashes.
    pub id: String,
    /// The key of the resource.
    pub resource: ResourceKey,
    /// The resource's name.
    pub name: String,
    /// The severity.
    pub severity: Severity,
    /// The order within one severity, lower first.
    pub rank: u8,
    /// The state in a word or two.
    pub word: Cow<'static, str>,
    /// The problem, in one sentence.
    pub sentence: String,
    /// The recommended action.
    pub advice: String,
    /// The beginning.
    pub since: Since,
    /// The flapping, if the resource flaps. It continues from here after a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flapping: Option<FlappingAlarm>,
    /// The acknowledgement, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
    /// The notes on it, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// The active maintenance window that covers its resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
}

from_json! { struct Alarm {
    id, resource, name, severity, rank, word, sentence, advice, since, flapping, acknowledged,
    notes or default, maintenance,
} }

impl Alarm {
    /// Whether it is acknowledged or in maintenance: such alarms send no notifications.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        self.acknowledged.is_some() || self.maintenance.is_some()
    }

    /// Whether the alarm dates from before the gateway started, or before its connection was reconfigured, and its
    /// resource has not been read since. `resource` is the alarm's resource, if it exists.
    #[must_use]
    pub fn is_unconfirmed(&self, resource: Option<&Resource>) -> bool {
        // An alarm about a resource that has never been readable is current, too.
        let is_current = |resource: &Resource| {
            resource.observed != Observed::Never
                || resource.failure.is_some() && resource.verdict.word == self.word
        };
        self.resource.kind != Kind::Connection && !resource.is_some_and(is_current)
    }

    /// Whether the alarm is worse than it was with this severity and word. A critical alarm with a different word
    /// counts as worse, because it is a different problem. That does not apply to flapping resources, whose words
    /// alternate, nor to connections, which go from STALE to NO DATA. If `word` is empty, only the severity counts.
    #[must_use]
    pub fn is_worse_than(&self, severity: Severity, word: &str) -> bool {
        let is_other = !word.is_empty() && self.word != word;
        let is_one = self.resource.kind == Kind::Connection || self.flapping.is_some();
        self.severity < severity || self.severity == Severity::Critical && is_other && !is_one
    }

    /// How the alarm is handled, in a word or two; `None` if it is not.
    #[must_use]
    pub fn handling_label(&self) -> Option<&'static str> {
        match (&self.acknowledged, &self.maintenance) {
            (Some(_), _) => Some("acknowledged"),
            (None, Some(_)) => Some("in maintenance"),
            (None, None) => None,
        }
    }

    /// Orders unhandled alarms first, then the worst, then by rank, then the newest.
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
