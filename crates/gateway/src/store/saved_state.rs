//! The state that a gateway continues from after a restart: tables of JSON entries by id. The store does not interpret
//! them.

use super::database::{Fault, Sql};
use super::writer::Job;
use super::{Store, not_queued, unavailable};
use crate::lock::lock;
use crate::problem::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::mem;
use tokio::sync::oneshot;

/// A table of entries that outlive the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    /// Open alarms, by id.
    OpenAlarms,
    /// The acknowledgement of an alarm, by the alarm's id.
    Acknowledgements,
    /// Notes on open alarms, by the note's id.
    Notes,
    /// Active and planned maintenance, by id.
    Maintenance,
    /// The state of an alarm in the alert rules.
    AlertWatches,
    /// Alert messages that are still to be delivered.
    AlertMessages,
    /// The delivery state of a target, by the target's id.
    AlertDeliveries,
    /// Sessions that ended before they expired.
    EndedSessions,
    /// Paired walls, by id.
    Walls,
    /// Pairing codes that screens show, by the secrets of these screens.
    WallCodes,
    /// The walls that were imported from a file, by id, including those revoked since.
    WallsTakenOver,
    /// When and from where a wall was last seen, by the wall's id.
    WallSightings,
    /// Since when a connection has been watched, by its id: milliseconds since 1970.
    WatchedConnections,
    /// The last observed leaders of groups, by connection and group: `plant-a/boiler`.
    LastLeaders,
}

impl Table {
    /// In reading order. A code that was entered names a wall, so codes are read before walls.
    pub(super) const ALL: [Self; 14] = [
        Self::OpenAlarms,
        Self::Acknowledgements,
        Self::Notes,
        Self::Maintenance,
        Self::AlertWatches,
        Self::AlertMessages,
        Self::AlertDeliveries,
        Self::EndedSessions,
        Self::WallCodes,
        Self::Walls,
        Self::WallsTakenOver,
        Self::WallSightings,
        Self::WatchedConnections,
        Self::LastLeaders,
    ];

    /// Whether every gateway may change it, not only the leader.
    pub(super) fn any_gateway_may_change(self) -> bool {
        let is_messages = matches!(self, Self::AlertMessages | Self::AlertDeliveries);
        is_messages || self == Self::WallSightings || self.is_about_access()
    }

    /// Whether it concerns alarms.
    pub(super) fn is_about_alarms(self) -> bool {
        let is_other = matches!(
            self,
            Self::WallSightings | Self::WatchedConnections | Self::LastLeaders
        );
        !self.is_about_access() && !is_other
    }

    /// Whether it decides who has access. These tables have a revision of their own, because they are long and rarely
    /// change.
    pub(super) fn is_about_access(self) -> bool {
        matches!(
            self,
            Self::EndedSessions | Self::Walls | Self::WallCodes | Self::WallsTakenOver
        )
    }

    fn name(self) -> &'static str {
        match self {
            Self::OpenAlarms => "open_alarm",
            Self::Acknowledgements => "acknowledgement",
            Self::Notes => "alarm_note",
            Self::Maintenance => "maintenance",
            Self::AlertWatches => "alert_watch",
            Self::AlertMessages => "alert_message",
            Self::AlertDeliveries => "alert_delivery",
            Self::EndedSessions => "ended_session",
            Self::Walls => "wall",
            Self::WallCodes => "wall_code",
            Self::WallsTakenOver => "wall_taken_over",
            Self::WallSightings => "wall_sighting",
            Self::WatchedConnections => "watched_connection",
            Self::LastLeaders => "last_leader",
        }
    }
}

/// A change of the saved state: puts or deletes an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateChange {
    table: Table,
    id: String,
    /// The entry as JSON; `None` deletes it.
    entry: Option<String>,
}

impl StateChange {
    /// Puts an entry in place of the one with the same id.
    pub(crate) fn put(table: Table, id: impl Into<String>, value: &impl Serialize) -> Self {
        // Serialization does not fail for these entries; a failure would delete the entry.
        let entry = serde_json::to_string(value).ok();
        Self {
            table,
            id: id.into(),
            entry,
        }
    }

    pub(super) fn key(&self) -> (Table, String) {
        (self.table, self.id.clone())
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn is_put(&self) -> bool {
        self.entry.is_some()
    }

    pub(crate) fn delete(table: Table, id: impl Into<String>) -> Self {
        Self {
            table,
            id: id.into(),
            entry: None,
        }
    }
}

/// The saved state, as JSON by table and id.
#[derive(Debug, Clone, Default)]
pub(crate) struct SavedState(BTreeMap<Table, BTreeMap<String, String>>);

impl SavedState {
    /// The state after these changes.
    #[cfg(test)]
    pub(crate) fn after(changes: Vec<StateChange>) -> Self {
        let mut saved = Self::default();
        for StateChange { table, id, entry } in changes {
            let entries = saved.0.entry(table).or_default();
            match entry {
                Some(entry) => entries.insert(id, entry),
                None => entries.remove(&id),
            };
        }
        saved
    }

    /// Replaces tables by newer contents.
    pub(super) fn replace(&mut self, newer: Self) {
        self.0.extend(newer.0);
    }

    /// Takes these tables, if all of them are present.
    pub(super) fn split_off(&mut self, tables: &[Table]) -> Option<Self> {
        let is_here = |table: &Table| self.0.contains_key(table);
        tables.iter().all(is_here).then(|| {
            Self(
                self.0
                    .extract_if(.., |table, _| tables.contains(table))
                    .collect(),
            )
        })
    }

    /// Takes the entries of a table. Unreadable entries are left out.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, table: Table) -> BTreeMap<String, T> {
        let texts = self.0.remove(&table).unwrap_or_default();
        let read = texts.into_iter().filter_map(|(id, text)| {
            let value = serde_json::from_str(&text);
            if let Err(error) = &value {
                tracing::warn!(table = table.name(), id, %error, "a saved entry is unreadable");
            }
            Some((id, value.ok()?))
        });
        read.collect()
    }
}

impl Store {
    /// Saves changes in the background. If the queue is full, they are saved with the next changes.
    pub(crate) fn save_later(&self, changes: Vec<StateChange>) {
        let mut unqueued = lock(&self.unqueued);
        let was_empty = unqueued.is_empty();
        // Only the latest change of each entry is kept.
        unqueued.extend(changes.into_iter().map(|change| (change.key(), change)));
        if !self.queue(&mut unqueued) && was_empty {
            tracing::error!(
                changes = unqueued.len(),
                "the store does not keep up: changes wait for room in its queue"
            );
        }
    }

    /// Queues the changes that found the queue full, before anything newer. Returns whether none is left.
    pub(super) fn flush_unqueued(&self) -> bool {
        self.queue(&mut lock(&self.unqueued))
    }

    fn queue(&self, changes: &mut BTreeMap<(Table, String), StateChange>) -> bool {
        if changes.is_empty() {
            return true;
        }
        let Ok(place) = self.jobs.try_reserve() else {
            return false;
        };
        place.send(Job::SaveLater(mem::take(changes).into_values().collect()));
        true
    }

    /// Saves changes, and returns once they are durable.
    ///
    /// # Errors
    /// They could not be written in time. The store keeps trying while the process runs.
    pub(crate) async fn save(&self, changes: Vec<StateChange>) -> Result<(), Problem> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Save(changes, answer);
        // Write older changes first, so that they cannot overwrite these.
        if !self.flush_unqueued() {
            return Err(unavailable());
        }
        self.jobs.try_send(job).map_err(not_queued)?;
        match self.answer(answered).await {
            Some(true) => Ok(()),
            _ => Err(unavailable()),
        }
    }

    /// The entries of a table as read at the start. They can be taken once.
    pub(crate) fn take_saved<T: DeserializeOwned>(&self, table: Table) -> BTreeMap<String, T> {
        let mut known = lock(&self.saved);
        known.saved.take(table)
    }
}

pub(super) fn write<'a>(
    sql: &mut dyn Sql,
    changes: impl IntoIterator<Item = &'a StateChange>,
) -> Result<(), Fault> {
    for StateChange { table, id, entry } in changes {
        let name = table.name();
        match entry {
            Some(entry) => sql.execute(
                &format!(
                    "INSERT INTO {name} (id, entry) VALUES (?, ?)
                     ON CONFLICT (id) DO UPDATE SET entry = excluded.entry"
                ),
                &[id.as_str().into(), entry.as_str().into()],
            )?,
            None => sql.execute(
                &format!("DELETE FROM {name} WHERE id = ?"),
                &[id.as_str().into()],
            )?,
        };
    }
    Ok(())
}

/// Reads these tables.
pub(super) fn read(
    sql: &mut dyn Sql,
    is_wanted: impl Fn(Table) -> bool,
) -> Result<SavedState, Fault> {
    let mut saved = SavedState::default();
    for table in Table::ALL.into_iter().filter(|table| is_wanted(*table)) {
        let rows = sql.rows(&format!("SELECT id, entry FROM {}", table.name()), &[])?;
        let entries = rows
            .iter()
            .map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())));
        saved
            .0
            .insert(table, entries.collect::<Result<_, Fault>>()?);
    }
    Ok(saved)
}
