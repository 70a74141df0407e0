//! The handling of alarms by people, and the part of the inventory that survives a restart.

use super::connection::Step;
use super::state::State;
use crate::store::{StateChange, Store, Table};
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, AlarmHistory, Handling, Maintenance};
use health::inventory::{Kind, ResourceKey};
use std::collections::HashMap;
use vendors::SystemKind;

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
        self.alarms = self.history.alarms();
        self.shared_alarms.is_follower = !store.leads();
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
        let maintenance = self.maintenance();
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
    pub(super) fn maintenance(&self) -> Vec<Maintenance> {
        let mut list: Vec<Maintenance> = self.handling.maintenance.values().cloned().collect();
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
