//! How people handle alarms: acknowledgements, notes and maintenance. Handling never ends or hides an alarm: it only
//! moves down in the list and sends no notifications. Events are recorded as usual.

use super::Alarm;
use crate::inventory::ResourceKey;
use crate::severity::Severity;
use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use vendors::SystemKind;
use vendors::{deserialize_from_json, from_json};

/// A person's statement that they take care of an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acknowledgement {
    /// The user's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// The reason, as the user wrote it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Time of the acknowledgement, by the gateway's clock.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// When it expires. Without a time it lasts until the alarm ends.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub until: Option<DateTime<Utc>>,
    /// The alarm's severity at that time.
    pub severity: Severity,
    /// The alarm's word at that time; empty in records of an earlier version.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub word: Cow<'static, str>,
}

from_json! { struct Acknowledgement {
    by or default, reason or default, at, until, severity, word or default,
} }

impl Acknowledgement {
    /// Whether the acknowledgement is still valid: it lapses when it expires or when the alarm gets worse.
    #[must_use]
    pub fn holds(&self, alarm: &Alarm, now: DateTime<Utc>) -> bool {
        !alarm.is_worse_than(self.severity, &self.word)
            && self.until.is_none_or(|until| now < until)
    }
}

/// A person's note on an open alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The alarm's id.
    pub alarm: String,
    /// The user's name.
    pub by: String,
    /// The text of the note.
    pub text: String,
    /// Time of writing, by the gateway's clock.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
}

from_json! { struct Note { alarm, by, text, at } }

/// The resources that a maintenance window covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every connection of this vendor, with all its resources.
    System(SystemKind),
    /// The connection with this id, with all its resources.
    Connection(String),
    /// One resource.
    Resource(ResourceKey),
}

from_json! { enum Scope { System(_) = "system", Connection(_) = "connection", Resource(_) = "resource" } }

impl Scope {
    /// Whether the scope contains a resource. `system` returns the vendor of a connection id.
    #[must_use]
    pub fn contains(&self, key: &ResourceKey, system: impl Fn(&str) -> Option<SystemKind>) -> bool {
        match self {
            Self::System(kind) => system(&key.connection) == Some(*kind),
            Self::Connection(id) => key.connection == *id,
            Self::Resource(resource) => resource.is_same(key),
        }
    }
}

/// A maintenance window: a time in which alarms of its resources are expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maintenance {
    /// The id of the maintenance window.
    pub id: String,
    /// The resources that it covers.
    pub scope: Scope,
    /// Start, by the gateway's clock.
    #[serde(with = "ts_milliseconds")]
    pub from: DateTime<Utc>,
    /// End, by the gateway's clock.
    #[serde(with = "ts_milliseconds")]
    pub until: DateTime<Utc>,
    /// The reason, as the user wrote it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Name of the user who created it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
}

from_json! { struct Maintenance { id, scope, from, until, reason or default, by or default } }

impl Maintenance {
    /// Whether it has started and not ended.
    #[must_use]
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.from <= now && !self.is_over(now)
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        now >= self.until
    }
}

/// How long expired handling is kept without effect: a clock may be wrong for a while, and deletion cannot be undone.
const KEPT_EXPIRED: TimeDelta = TimeDelta::days(1);

/// The handling that [`Handling::remove_expired`] removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expired {
    /// Ids of alarms whose acknowledgement is no longer valid.
    pub acknowledgements: Vec<String>,
    /// Ids of notes on alarms that have ended.
    pub notes: Vec<String>,
    /// Ids of maintenance windows that have ended.
    pub maintenance: Vec<String>,
}

/// The active maintenance of a resource. If several windows cover it, the one that ends last.
#[must_use]
pub fn maintenance_of<'a>(
    list: impl IntoIterator<Item = &'a Maintenance>,
    key: &ResourceKey,
    system: impl Fn(&str) -> Option<SystemKind>,
    now: DateTime<Utc>,
) -> Option<&'a Maintenance> {
    let covers = |one: &&Maintenance| one.is_active(now) && one.scope.contains(key, &system);
    list.into_iter().filter(covers).max_by_key(|one| one.until)
}

/// The current acknowledgements, notes and maintenance windows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handling {
    /// Acknowledgements by alarm id.
    pub acknowledgements: BTreeMap<String, Acknowledgement>,
    /// Notes on open alarms, by note id.
    pub notes: BTreeMap<String, Note>,
    /// Maintenance windows that are active, planned or expired a short time ago, by id.
    pub maintenance: BTreeMap<String, Maintenance>,
}

impl Handling {
    /// Removes everything that expired some time ago or belongs to ended alarms, and the acknowledgements of worsened
    /// alarms.
    pub fn remove_expired(&mut self, open: &[Alarm], now: DateTime<Utc>) -> Expired {
        let before = now.checked_sub_signed(KEPT_EXPIRED).unwrap_or(now);
        let open: BTreeMap<&str, &Alarm> = open
            .iter()
            .map(|alarm| (alarm.id.as_str(), alarm))
            .collect();
        let holds = |id: &String, given: &Acknowledgement| {
            let alarm = open.get(id.as_str());
            alarm.is_some_and(|alarm| given.holds(alarm, before))
        };
        Expired {
            acknowledgements: remove_unless(&mut self.acknowledgements, holds),
            notes: remove_unless(&mut self.notes, |_, note| {
                open.contains_key(note.alarm.as_str())
            }),
            maintenance: remove_unless(&mut self.maintenance, |_, one| !one.is_over(before)),
        }
    }

    /// Adds the handling to each alarm and sorts handled alarms after the others.
    pub fn mark(
        &self,
        alarms: &mut [Alarm],
        system: impl Fn(&str) -> Option<SystemKind>,
        now: DateTime<Utc>,
    ) {
        for alarm in alarms.iter_mut() {
            let given = self.acknowledgements.get(&alarm.id);
            alarm.acknowledged = given.filter(|given| given.holds(alarm, now)).cloned();
            let notes = self.notes.values().filter(|note| note.alarm == alarm.id);
            alarm.notes = notes.cloned().collect();
            alarm.notes.sort_by_key(|note| note.at);
            alarm.maintenance =
                maintenance_of(self.maintenance.values(), &alarm.resource, &system, now).cloned();
        }
        alarms.sort_by(Alarm::worst_first);
    }
}

/// Removes the entries that `keep` rejects and returns their keys.
fn remove_unless<V>(
    map: &mut BTreeMap<String, V>,
    keep: impl Fn(&String, &V) -> bool,
) -> Vec<String> {
    let taken = map.extract_if(.., |key, value| !keep(key, value));
    taken.map(|(key, _)| key).collect()
}

deserialize_from_json!(Scope, Acknowledgement, Note, Maintenance);

#[cfg(test)]
mod tests;
