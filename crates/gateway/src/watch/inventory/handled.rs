//! The handling of alarms by people, and the part of the inventory that survives a restart.

use super::connection::Step;
use super::leaders;
use super::state::State;
use crate::store::{StateChange, Store, Table};
use chrono::{DateTime, TimeDelta, Utc};
use health::alarms::{Alarm, AlarmHistory, Handling, Maintenance};
use health::inventory::{Kind, ResourceKey};
use std::collections::{HashMap, HashSet};
use vendors::SystemKind;

/// How long an alarm from before a restart waits for a reading at most before it is reported.
const MAX_UNCONFIRMED: TimeDelta = TimeDelta::minutes(2);

impl State {
    /// Restores the state of the previous run.
    pub(super) fn restore_from(&mut self, store: &Store) {
        let open = store.take_saved::<Alarm>(Table::OpenAlarms);
        self.history = AlarmHistory::continuing(open.into_values());
        self.handling = Handling {
            acknowledgements: store.take_saved(Table::Acknowledgements),
            notes: store.take_saved(Table::Notes),
            maintenance: store.take_saved(Table::Maintenance),
        };
        self.watched_since = store.take_saved(Table::WatchedConnections);
        self.saved_leaders = leaders::by_connection(store.take_saved(Table::LastLeaders));
        self.alarms = self.history.alarms();
        self.shared_alarms.is_follower = !store.leads();
    }

    /// The ids of alarms from before a restart, a new configuration or a suspension whose connections have neither been
    /// read nor failed since: they may have ended. Whatever happens, an alarm is among them for a limited time.
    pub(super) fn unconfirmed(&self, now: DateTime<Utc>) -> HashSet<String> {
        let is_catching_up = self.is_catching_up(now);
        // Not while the clock is before that time, because it was set back.
        let since = now.signed_duration_since(self.configured_at);
        let is_recent = (TimeDelta::zero()..MAX_UNCONFIRMED).contains(&since);
        let awaits_reading = |alarm: &&Alarm| {
            let index = self.index_of(&alarm.resource.connection);
            let has_failed = index.is_some_and(|index| {
                let state = &self.connections[index].state;
                state.failure.is_some()
            });
            is_catching_up || is_recent && !has_failed && self.history.is_carried_over(alarm)
        };
        let unconfirmed = self.alarms.iter().filter(awaits_reading);
        unconfirmed.map(|alarm| alarm.id.clone()).collect()
    }

    /// Updates the handling of alarms, because somebody changed it or time has passed.
    pub(super) fn refresh_handling(&mut self, now: DateTime<Utc>) {
        let step = self.step();
        let changed = self.mark_alarms(step, now);
        self.end(step, changed);
    }

    /// Updates the open alarms with their handling. Returns whether anything changed.
    pub(super) fn mark_alarms(&mut self, step: Step, now: DateTime<Utc>) -> bool {
        let mut alarms = self.history.alarms();
        self.queue_alarm_changes(&alarms);
        let expired = self.handling.remove_expired(&alarms, now);
        let delete = |table| move |id| StateChange::delete(table, id);
        let given = expired.acknowledgements.into_iter();
        self.unsaved
            .extend(given.map(delete(Table::Acknowledgements)));
        let notes = expired.notes.into_iter();
        self.unsaved.extend(notes.map(delete(Table::Notes)));
        let maintenance = expired.maintenance.into_iter();
        self.unsaved
            .extend(maintenance.map(delete(Table::Maintenance)));
        let systems: HashMap<&str, SystemKind> = self
            .connections
            .iter()
            .map(|one| &one.state.connection)
            .map(|one| (one.id.as_str(), one.system.kind()))
            .collect();
        let system = |id: &str| systems.get(id).copied();
        self.handling.mark(&mut alarms, system, now);
        let maintenance = self.maintenance(now);
        let changed = alarms != self.alarms || maintenance != self.shown_maintenance;
        if changed {
            self.alarms = alarms;
            self.shown_maintenance = maintenance;
            self.alarms_at = step.revision;
        }
        changed
    }

    /// Queues new, changed and ended alarms for the store. An alarm's sentence may change with each reading, and is not
    /// worth a write.
    fn queue_alarm_changes(&mut self, open: &[Alarm]) {
        let same = |one: &Alarm, other: &Alarm| {
            let flaps = |alarm: &Alarm| alarm.flapping.map(|how| how.subject);
            (&one.id, &one.resource, one.severity, &one.word, one.since)
                == (
                    &other.id,
                    &other.resource,
                    other.severity,
                    &other.word,
                    other.since,
                )
                && flaps(one) == flaps(other)
        };
        let before: HashMap<&str, &Alarm> = self
            .alarms
            .iter()
            .map(|alarm| (alarm.id.as_str(), alarm))
            .collect();
        let now: HashMap<&str, &Alarm> = open
            .iter()
            .map(|alarm| (alarm.id.as_str(), alarm))
            .collect();
        let new = open.iter().filter(|alarm| {
            let known = before.get(alarm.id.as_str());
            known.is_none_or(|known| !same(known, alarm))
        });
        let ended = before.keys().filter(|id| !now.contains_key(*id));
        let changes: Vec<StateChange> = new
            .map(|alarm| StateChange::put(Table::OpenAlarms, &alarm.id, alarm))
            .chain(ended.map(|id| StateChange::delete(Table::OpenAlarms, *id)))
            .collect();
        self.unsaved.extend(changes);
    }

    /// Active and planned maintenance, earliest first.
    fn maintenance(&self, now: DateTime<Utc>) -> Vec<Maintenance> {
        let list = self.handling.maintenance.values();
        let mut list: Vec<Maintenance> = list.filter(|one| !one.is_over(now)).cloned().collect();
        list.sort_by(|one, other| (one.from, &one.id).cmp(&(other.from, &other.id)));
        list
    }

    pub(super) fn identity(&self, key: &ResourceKey) -> Option<(ResourceKey, String)> {
        let index = self.index_of(&key.connection)?;
        if key.kind == Kind::Connection {
            let title = &self.connections[index].state.connection.title;
            return (key.id == key.connection).then(|| (key.clone(), title.clone()));
        }
        let mut connections = self.connections.iter();
        connections.find_map(|connection| {
            let held = &connection.resources.get(&key.id)?.judged.resource;
            held.key
                .is_same(key)
                .then(|| (held.key.clone(), held.name.clone()))
        })
    }
}
