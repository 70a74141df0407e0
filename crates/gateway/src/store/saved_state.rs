//! What a gateway that starts anew goes on with: tables of entries by their ids, as JSON. The store knows neither what
//! they are nor what they mean.

use super::database::{Fault, Sql};
use super::writer::Job;
use super::{Store, not_saved};
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
    /// The alarms that are open, by their ids.
    OpenAlarms,
    /// Who takes care of an alarm, by the alarm's id.
    Acknowledgements,
    /// What people wrote about alarms that are open, by the note's id.
    Notes,
    /// Maintenance that is under way or planned, by its id.
    Maintenance,
    /// What the rules of alerts know of an alarm.
    AlertWatches,
    /// Messages on their way to their targets.
    AlertMessages,
    /// What became of the messages to a target, by the target's id.
    AlertDeliveries,
    /// Sessions that ended before their time.
    EndedSessions,
    /// Paired walls, by their ids.
    Walls,
    /// The codes that screens show, by the secrets of these screens.
    WallCodes,
    /// The walls that were taken over from a file, by their ids: also those that were revoked since.
    WallsTakenOver,
    /// When and from where a wall was last seen, by the wall's id.
    WallSightings,
    /// Since when a connection is watched, by its id: milliseconds since 1970.
    WatchedConnections,
}

impl Table {
    /// In the order in which they are read. A code that was entered names a wall, and so is read before the walls.
    pub(super) const ALL: [Self; 13] = [
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
    ];

    /// Whether any gateway may change it by itself, and not only the leader.
    pub(super) fn is_everybodys(self) -> bool {
        let is_messages = matches!(self, Self::AlertMessages | Self::AlertDeliveries);
        is_messages || !self.is_of_alarms() && self != Self::WatchedConnections
    }

    /// Whether it is about alarms.
    pub(super) fn is_of_alarms(self) -> bool {
        let is_other = matches!(self, Self::WallSightings | Self::WatchedConnections);
        !self.is_of_access() && !is_other
    }

    /// Whether it says who is let in, and has a number of its own: it is long, and seldom another.
    pub(super) fn is_of_access(self) -> bool {
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
        }
    }
}

/// A change of the saved state: an entry that is put or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateChange {
    table: Table,
    id: String,
    /// As JSON; `None` to delete it.
    entry: Option<String>,
}

impl StateChange {
    /// Saves an entry in place of the one with the same id.
    pub(crate) fn put(table: Table, id: impl Into<String>, value: &impl Serialize) -> Self {
        // What cannot be written is not saved: none of these entries is of that kind.
        let entry = serde_json::to_string(value).ok();
        Self {
            table,
            id: id.into(),
            entry,
        }
    }

    /// The table and the id of the entry.
    pub(super) fn key(&self) -> (Table, String) {
        (self.table, self.id.clone())
    }

    /// The id of the entry.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Whether it puts an entry, and does not delete one.
    pub(crate) fn is_put(&self) -> bool {
        self.entry.is_some()
    }

    /// Deletes an entry.
    pub(crate) fn delete(table: Table, id: impl Into<String>) -> Self {
        Self {
            table,
            id: id.into(),
            entry: None,
        }
    }
}

/// What was saved: by table and id, as JSON.
#[derive(Debug, Clone, Default)]
pub(crate) struct SavedState(BTreeMap<Table, BTreeMap<String, String>>);

impl SavedState {
    /// What is there after these changes.
    #[cfg(test)]
    pub(crate) fn after(changes: Vec<StateChange>) -> Self {
        let mut saved = Self::default();
        for StateChange { table, id, entry } in changes {
            let held = saved.0.entry(table).or_default();
            match entry {
                Some(entry) => held.insert(id, entry),
                None => held.remove(&id),
            };
        }
        saved
    }

    /// Puts what was read in place of what was read before.
    pub(super) fn replace(&mut self, newer: Self) {
        self.0.extend(newer.0);
    }

    /// Takes these tables, if all of them are there.
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

    /// Takes what a table holds. What cannot be read is left out.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, table: Table) -> BTreeMap<String, T> {
        let texts = self.0.remove(&table).unwrap_or_default();
        let read = texts.into_iter().filter_map(|(id, text)| {
            let value = serde_json::from_str(&text);
            if let Err(error) = &value {
                tracing::warn!(table = table.name(), id, %error, "what was saved cannot be read");
            }
            Some((id, value.ok()?))
        });
        read.collect()
    }
}

impl Store {
    /// Saves these changes, without holding anybody up. What finds no place in the queue is saved with what comes next.
    pub(crate) fn save_later(&self, changes: Vec<StateChange>) {
        let mut unqueued = lock(&self.unqueued);
        let had_place = unqueued.is_empty();
        // Only the last word counts.
        unqueued.extend(changes.into_iter().map(|change| (change.key(), change)));
        if !self.queue(&mut unqueued) && had_place {
            tracing::error!(
                changes = unqueued.len(),
                "the store does not keep up: changes wait for a place in its queue"
            );
        }
    }

    /// Gives what has found no place in the queue one now, before anything newer. Returns whether nothing is left.
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

    /// Saves these changes, and answers once that is durable.
    ///
    /// # Errors
    /// It could not be written, or not in time. The store goes on trying as long as the process lives, unless too much waits already.
    pub(crate) async fn save(&self, changes: Vec<StateChange>) -> Result<(), Problem> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Save(changes, answer);
        // What is older must not be written after it.
        if !self.flush_unqueued() {
            return Err(not_saved());
        }
        self.jobs.try_send(job).map_err(|_| not_saved())?;
        match self.answer(answered).await {
            Some(true) => Ok(()),
            _ => Err(not_saved()),
        }
    }

    /// What a table held when the store was opened: once, for who goes on with it.
    pub(crate) fn take_saved<T: DeserializeOwned>(&self, table: Table) -> BTreeMap<String, T> {
        let mut known = lock(&self.saved);
        known.saved.take(table)
    }
}

/// Writes changes of the saved state.
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

/// Reads what is saved in these tables.
pub(super) fn read(sql: &mut dyn Sql, of: impl Fn(Table) -> bool) -> Result<SavedState, Fault> {
    let mut saved = SavedState::default();
    for table in Table::ALL.into_iter().filter(|table| of(*table)) {
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
