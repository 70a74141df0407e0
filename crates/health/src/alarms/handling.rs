//! What people do about alarms: they acknowledge one, or announce maintenance in which alarms are to be expected.
//! Neither makes an alarm go away: it stays in the list, quieter, and what happens is recorded all the same.

use super::Alarm;
use crate::inventory::ResourceKey;
use crate::severity::Severity;
use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use vendors::SystemKind;
use vendors::{deserialize_from_json, from_json};

/// Somebody has seen an alarm and takes care of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acknowledgement {
    /// The user's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Why, in that person's words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When, by the gateway's clock.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// Until when; until the alarm ends where there is none.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub until: Option<DateTime<Utc>>,
    /// How bad the alarm was then.
    pub severity: Severity,
    /// Its word then; empty in what an earlier version has saved.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub word: Cow<'static, str>,
}

from_json! { struct Acknowledgement {
    by or default, reason or default, at, until, severity, word or default,
} }

impl Acknowledgement {
    /// Whether it still holds for its alarm: one that has got worse is to be looked at again.
    #[must_use]
    pub fn holds(&self, alarm: &Alarm, now: DateTime<Utc>) -> bool {
        !alarm.is_worse_than(self.severity, &self.word)
            && self.until.is_none_or(|until| now < until)
    }
}

/// What somebody wrote about an alarm that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The alarm's id.
    pub alarm: String,
    /// The user's name.
    pub by: String,
    /// What, in that person's words.
    pub text: String,
    /// When, by the gateway's clock.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
}

from_json! { struct Note { alarm, by, text, at } }

/// What maintenance concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every connection to this vendor's systems, with all that they hold.
    System(SystemKind),
    /// The connection with this id, with all that it holds.
    Connection(String),
    /// One resource.
    Resource(ResourceKey),
}

from_json! { enum Scope { System(_) = "system", Connection(_) = "connection", Resource(_) = "resource" } }

impl Scope {
    /// Whether it concerns a resource. `system` says which system a connection is.
    #[must_use]
    pub fn contains(&self, key: &ResourceKey, system: impl Fn(&str) -> Option<SystemKind>) -> bool {
        match self {
            Self::System(kind) => system(&key.connection) == Some(*kind),
            Self::Connection(id) => key.connection == *id,
            Self::Resource(resource) => resource.is_same(key),
        }
    }
}

/// A time in which somebody works on something, and its alarms are to be expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Maintenance {
    /// What it is known by.
    pub id: String,
    /// What it concerns.
    pub scope: Scope,
    /// From when on, by the gateway's clock.
    #[serde(with = "ts_milliseconds")]
    pub from: DateTime<Utc>,
    /// Until when.
    #[serde(with = "ts_milliseconds")]
    pub until: DateTime<Utc>,
    /// What is done, in a person's words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who announced it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
}

from_json! { struct Maintenance { id, scope, from, until, reason or default, by or default } }

impl Maintenance {
    /// Whether it is under way.
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

/// What has expired and is no longer kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expired {
    /// Ids of alarms whose acknowledgement holds no longer.
    pub acknowledgements: Vec<String>,
    /// Ids of notes whose alarm has ended.
    pub notes: Vec<String>,
    /// Ids of maintenance.
    pub maintenance: Vec<String>,
}

/// The maintenance of a list that a resource is in. Of several, the one that lasts longest.
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

/// What people do about alarms at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Handling {
    /// By the alarm's id.
    pub acknowledgements: BTreeMap<String, Acknowledgement>,
    /// Of open alarms, by the note's id.
    pub notes: BTreeMap<String, Note>,
    /// Under way or planned, by its id.
    pub maintenance: BTreeMap<String, Maintenance>,
}

impl Handling {
    /// Removes what has expired: what has reached its end, what belongs to alarms that have ended, and the acknowledgements
    /// of alarms that got worse.
    pub fn remove_expired(&mut self, open: &[Alarm], now: DateTime<Utc>) -> Expired {
        let open: BTreeMap<&str, &Alarm> = open
            .iter()
            .map(|alarm| (alarm.id.as_str(), alarm))
            .collect();
        let holds = |id: &String, given: &Acknowledgement| {
            let alarm = open.get(id.as_str());
            alarm.is_some_and(|alarm| given.holds(alarm, now))
        };
        Expired {
            acknowledgements: take_all_but(&mut self.acknowledgements, holds),
            notes: take_all_but(&mut self.notes, |_, note| {
                open.contains_key(note.alarm.as_str())
            }),
            maintenance: take_all_but(&mut self.maintenance, |_, one| !one.is_over(now)),
        }
    }

    /// Notes beside each alarm who takes care of it, and sorts what somebody does behind what nobody does.
    pub fn mark(
        &self,
        alarms: &mut [Alarm],
        system: impl Fn(&str) -> Option<SystemKind>,
        now: DateTime<Utc>,
    ) {
        for alarm in alarms.iter_mut() {
            alarm.acknowledged = self.acknowledgements.get(&alarm.id).cloned();
            let notes = self.notes.values().filter(|note| note.alarm == alarm.id);
            alarm.notes = notes.cloned().collect();
            alarm.notes.sort_by_key(|note| note.at);
            alarm.maintenance =
                maintenance_of(self.maintenance.values(), &alarm.resource, &system, now).cloned();
        }
        alarms.sort_by(Alarm::worst_first);
    }
}

/// The keys of what is not kept.
fn take_all_but<V>(
    map: &mut BTreeMap<String, V>,
    keep: impl Fn(&String, &V) -> bool,
) -> Vec<String> {
    let taken = map.extract_if(.., |key, value| !keep(key, value));
    taken.map(|(key, _)| key).collect()
}

deserialize_from_json!(Scope, Acknowledgement, Note, Maintenance);

#[cfg(test)]
mod tests;
