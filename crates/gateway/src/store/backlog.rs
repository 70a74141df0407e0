//! The backlog of the writer. While the database is unavailable, observed events, state to be saved and the outcomes of
//! changes that were sent wait here, and are written once it is back.

use super::database::{Database, Fault, Row};
use super::event_queue::EventQueue;
use super::saved_state::Table;
use super::watching;
use super::{Entry, NewRow, RowKind, StateChange, activity, appending, saved_state};
use crate::config::Retention;
use chrono::{DateTime, TimeDelta, Utc};
use health::events::Event;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::mem;

/// After this time, the leader has recorded the events that all gateways observe.
const RECORDED_BY_OTHERS: TimeDelta = TimeDelta::seconds(60);

/// The most events that wait. Beyond that the connections with the most events lose their oldest.
const MAX_EVENTS: usize = 10_000;

/// Data that waits to be written, and the uncertain part of the audit.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    events: VecDeque<Event>,
    /// By table and id, so that only the latest change of each is written.
    changes: BTreeMap<(Table, String), StateChange>,
    /// Outcomes of changes whose intents are recorded.
    outcomes: Vec<NewRow>,
    /// Audit events without a waiting caller.
    event_queue: EventQueue,
    /// The intents of this process whose outcome is still pending.
    under_way: BTreeSet<i64>,
    /// Number of events that have waited: another gateway may have recorded them, or this one in a transaction that
    /// seemed to fail.
    waited: usize,
    /// The number of the newest activity entry when this gateway last recorded events. Entries that other gateways
    /// recorded since have higher numbers.
    recorded_until: i64,
    /// Whether a transaction has failed, so that it is unknown whether it was committed.
    is_unsettled: bool,
}

impl Backlog {
    /// Adds data to be written, except audit rows.
    pub(super) fn add(&mut self, events: Vec<Event>, changes: Vec<StateChange>) {
        self.events.extend(events);
        let too_many = self.events.len().saturating_sub(MAX_EVENTS);
        if too_many > 0 {
            self.leave_out(too_many);
            tracing::error!(
                "{too_many} events are dropped: the store could not be written for too long"
            );
        }
        for change in changes {
            self.changes.insert(change.key(), change);
        }
    }

    /// Drops this many events, each time from the connection with the most.
    fn leave_out(&mut self, too_many: usize) {
        let mut left: HashMap<String, usize> = HashMap::new();
        for event in &self.events {
            *left.entry(connection(event).to_owned()).or_default() += 1;
        }
        let mut excess: HashMap<String, usize> = HashMap::new();
        for _ in 0..too_many {
            let Some((id, most)) = left.iter_mut().max_by_key(|(_, number)| **number) else {
                return;
            };
            *most -= 1;
            *excess.entry(id.clone()).or_default() += 1;
        }
        let (mut place, mut waited) = (0, self.waited);
        self.events.retain(|event| {
            let dropped = excess
                .get_mut(connection(event))
                .filter(|number| **number > 0);
            let is_kept = dropped.is_none();
            if let Some(number) = dropped {
                *number -= 1;
                waited -= usize::from(place < self.waited);
            }
            place += 1;
            is_kept
        });
        self.waited = waited;
    }

    /// Entries up to this number are older than this gateway and match no event that it observes.
    pub(super) fn begin_after(&mut self, recorded: i64) {
        self.recorded_until = recorded;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.changes.is_empty()
            && self.outcomes.is_empty()
            && self.event_queue.is_empty()
    }

    /// Notes that rows were written with these numbers.
    pub(super) fn written(&mut self, rows: &[NewRow], numbers: &[i64]) {
        for (row, number) in rows.iter().zip(numbers) {
            match (row.kind, row.of) {
                (RowKind::Intent, _) => self.under_way.insert(*number),
                (RowKind::Outcome, Some(intent)) => self.under_way.remove(&intent),
                _ => false,
            };
        }
    }

    /// Drops waiting changes that rows have overwritten with newer ones.
    pub(super) fn drop_overtaken(&mut self, by: &BTreeSet<(Table, String)>) {
        self.changes.retain(|key, _| !by.contains(key));
    }

    /// Notes that rows were probably not written. Their callers get an error; outcomes and events without a waiting
    /// caller are written later all the same.
    pub(super) fn not_written(&mut self, rows: Vec<NewRow>) {
        self.is_unsettled = true;
        for row in rows {
            if row.happened_at.is_some() {
                self.event_queue.add(row);
            } else if row.of.is_some() {
                self.outcomes.push(row);
            }
        }
    }

    /// After a failed transaction: writes the pending outcomes, and closes intents that were recorded although their
    /// callers got an error, so that their changes were never sent.
    pub(super) fn settle(
        &mut self,
        database: &mut dyn Database,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        if !self.is_unsettled {
            return Ok(());
        }
        let own = database.own_open_intents();
        if own.is_some() || !self.outcomes.is_empty() {
            database.append(&mut |sql| {
                let mut rows: Vec<NewRow> = Vec::new();
                for row in &self.outcomes {
                    if appending::is_open(sql, row)? {
                        rows.push(row.clone());
                    }
                }
                if let Some((statement, values)) = &own {
                    for row in sql.rows(statement, values)? {
                        let (number, intent) = intent(&row)?;
                        let is_known = self.under_way.contains(&number)
                            || rows.iter().any(|row| row.of == Some(number));
                        if !is_known {
                            rows.push(appending::closing(number, intent, "not sent"));
                        }
                    }
                }
                appending::append(sql, &rows, now).map(drop)
            })?;
            for row in self.outcomes.drain(..) {
                if let Some(intent) = row.of {
                    self.under_way.remove(&intent);
                }
            }
        }
        self.is_unsettled = false;
        Ok(())
    }

    /// This gateway becomes the leader. The previous leader may have recorded the events that wait here.
    pub(super) fn take_over(&mut self) {
        self.waited = self.events.len();
    }

    /// Another gateway is recording: drops events older than 60 s, which it has recorded, and alert messages, which it
    /// sends itself.
    pub(super) fn follow(&mut self, now: DateTime<Utc>) {
        let old = |event: &Event| now.signed_duration_since(event.at) > RECORDED_BY_OTHERS;
        self.events.retain(|event| !old(event));
        self.waited = self.events.len();
        self.changes.retain(|(table, _), change| {
            table.any_gateway_may_change() && !(*table == Table::AlertMessages && change.is_put())
        });
    }

    /// Writes the backlog and, if `watched` gives the retention, a note that the connections are watched. A gateway
    /// that is not the leader writes only its own changes.
    pub(super) fn write(
        &mut self,
        database: &mut dyn Database,
        watched: Option<&Retention>,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        self.settle(database, now)?;
        self.event_queue.write(database, now)?;
        if self.events.is_empty() && self.changes.is_empty() && watched.is_none() {
            return Ok(());
        }
        if !database.lead()? {
            self.follow(now);
            if !self.changes.is_empty() {
                database.write(&mut |sql| saved_state::write(sql, self.changes.values()))?;
                self.changes.clear();
            }
            return Ok(());
        }
        let mut newest = 0;
        let written = database.write(&mut |sql| {
            let waited = self.events.iter().take(self.waited);
            let unrecorded = activity::unrecorded(sql, waited, self.recorded_until)?;
            let new = self.events.iter().skip(self.waited);
            for event in unrecorded.into_iter().chain(new) {
                activity::add_event(sql, event)?;
            }
            saved_state::write(sql, self.changes.values())?;
            if let Some(retention) = watched {
                watching::note_watching(sql, retention, now)?;
            }
            newest = activity::newest(sql)?;
            Ok(())
        });
        if written.is_ok() {
            self.events.clear();
            self.changes.clear();
            self.recorded_until = newest;
        } else {
            self.is_unsettled = true;
        }
        self.waited = self.events.len();
        written
    }

    /// Writes the entries of the backlog one by one, and drops those that fail while the database accepts others, so
    /// that nothing waits forever.
    pub(super) fn write_each(
        &mut self,
        database: &mut dyn Database,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let mut worst = self.event_queue.write_each(database, now);
        // The failure may mean that another gateway became the leader and ended this session.
        let leads = database.lead()?;
        if !leads {
            self.follow(now);
        }
        let mut left_out = |fault: Fault| {
            tracing::error!("an entry is dropped, because the store {fault}");
            worst = Err(fault);
        };
        if leads {
            for event in activity::unrecorded(database, &self.events, self.recorded_until)? {
                let written = database.write(&mut |sql| activity::add_event(sql, event));
                written.unwrap_or_else(&mut left_out);
            }
            self.events.clear();
            self.waited = 0;
            self.recorded_until = activity::newest(database)?;
        }
        for change in mem::take(&mut self.changes).values() {
            let written = database.write(&mut |sql| saved_state::write(sql, [change]));
            written.unwrap_or_else(&mut left_out);
        }
        worst
    }
}

/// The connection of an event; empty if the event concerns all connections.
fn connection(event: &Event) -> &str {
    let resource = event.resource.as_ref();
    resource.map_or("", |key| key.connection.as_str())
}

/// The number and entry of an intent. A damaged entry is closed by its number alone.
pub(super) fn intent(row: &Row) -> Result<(i64, Entry), Fault> {
    let number = row.number(0)?;
    let entry = serde_json::from_str(row.text(1)?).unwrap_or_else(|error| {
        tracing::error!("row {number} of the audit cannot be read: {error}");
        Entry::default()
    });
    Ok((number, entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use health::Severity;
    use health::events::EventKind;
    use health::inventory::ResourceKey;

    fn failover(connection: &str, number: usize) -> Event {
        Event {
            at: DateTime::UNIX_EPOCH,
            kind: EventKind::Failover,
            severity: Severity::Warning,
            resource: Some(ResourceKey::of_connection(connection)),
            name: number.to_string(),
            what: String::new(),
            before: None,
            after: None,
        }
    }

    #[test]
    fn excess_events_are_dropped_from_the_connection_with_the_most() {
        let mut backlog = Backlog::default();
        let quiet = || (0..3).map(|number| failover("quiet", number));
        let noisy =
            |numbers: std::ops::Range<usize>| numbers.map(|number| failover("noisy", number));
        backlog.add(quiet().chain(noisy(0..MAX_EVENTS - 3)).collect(), vec![]);
        backlog.waited = 20;
        backlog.add(noisy(MAX_EVENTS - 3..MAX_EVENTS).collect(), vec![]);
        assert_eq!(backlog.events.len(), MAX_EVENTS);
        let first = backlog.events.iter().take(4);
        let first: Vec<(&str, &str)> = first.map(|one| (connection(one), &*one.name)).collect();
        let expected = [
            ("quiet", "0"),
            ("quiet", "1"),
            ("quiet", "2"),
            ("noisy", "3"),
        ];
        assert_eq!(first, expected);
        assert_eq!(backlog.waited, 17);
        // A connection with more events than all others together drops only its own.
        backlog.add(noisy(0..2 * MAX_EVENTS).collect(), vec![]);
        let of_quiet = backlog
            .events
            .iter()
            .filter(|one| connection(one) == "quiet");
        assert_eq!(of_quiet.count(), 3);
        assert_eq!(backlog.waited, 3);
    }

    #[test]
    fn a_follower_drops_unsent_alert_messages() {
        let mut backlog = Backlog::default();
        let changes = vec![
            StateChange::put(Table::AlertMessages, "new", &1),
            StateChange::delete(Table::AlertMessages, "sent"),
            StateChange::put(Table::AlertDeliveries, "pager", &1),
            StateChange::put(Table::AlertWatches, "rule alarm", &1),
            StateChange::put(Table::Walls, "hall", &1),
        ];
        backlog.add(Vec::new(), changes);
        backlog.follow(DateTime::UNIX_EPOCH);
        let left: Vec<&str> = backlog.changes.values().map(StateChange::id).collect();
        assert_eq!(left, ["sent", "pager", "hall"]);
    }
}
