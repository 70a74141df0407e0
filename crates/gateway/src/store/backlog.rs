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
use std::time::Instant;
use tokio::sync::oneshot;

/// After this time, the leader has recorded the events that all gateways observe.
const RECORDED_BY_OTHERS: TimeDelta = TimeDelta::seconds(60);

/// The most events that wait. Beyond that the connections with the most events lose their oldest.
const MAX_EVENTS: usize = 10_000;

/// The most events, and the most changes, in one transaction, which takes far less than its time limit.
const MAX_CHUNK: usize = 200;

/// Data that waits to be written, and the uncertain part of the audit.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    events: VecDeque<Event>,
    /// By table and id, so that only the latest change of each is written. Their number has no limit, because none may
    /// be left out.
    changes: BTreeMap<(Table, String), StateChange>,
    /// Outcomes of changes whose intents are recorded.
    outcomes: Vec<NewRow>,
    /// Audit events without a waiting caller.
    event_queue: EventQueue,
    /// The intents of this process whose outcome is still pending.
    under_way: BTreeSet<i64>,
    /// The callers that wait until everything is written.
    pub(super) waiting: Vec<oneshot::Sender<bool>>,
    /// Whether this gateway is the leader and has taken over.
    leads: bool,
    /// The number of the newest activity entry when this gateway last compared or recorded events. Entries that other
    /// gateways recorded since have higher numbers.
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
        self.events.retain(|event| {
            let dropped = excess
                .get_mut(connection(event))
                .filter(|number| **number > 0);
            let is_kept = dropped.is_none();
            if let Some(number) = dropped {
                *number -= 1;
            }
            is_kept
        });
    }

    /// This gateway begins as the leader. Entries up to this number are older and match no event that it observes.
    pub(super) fn begin_after(&mut self, recorded: i64) {
        self.leads = true;
        self.recorded_until = recorded;
    }

    /// Whether this gateway has nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_entries() && self.outcomes.is_empty() && self.event_queue.is_empty()
    }

    /// Whether there are changes, or events that this gateway records.
    fn has_entries(&self) -> bool {
        !self.next_changes(1).is_empty() || (self.leads && !self.events.is_empty())
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

    /// Whether none of these changes waits.
    pub(super) fn is_without(&self, keys: &[(Table, String)]) -> bool {
        !keys.iter().any(|key| self.changes.contains_key(key))
    }

    /// Writes those of these changes that every gateway writes, because callers wait for them and not for the rest.
    pub(super) fn write_awaited(
        &mut self,
        keys: &[(Table, String)],
        database: &mut dyn Database,
    ) -> Result<(), Fault> {
        let awaited = keys
            .iter()
            .filter_map(|key| self.changes.get_key_value(key));
        let awaited = awaited.filter(|((table, _), change)| is_for_any(*table, change));
        let awaited: BTreeMap<_, _> = awaited
            .map(|(key, one)| (key.clone(), one.clone()))
            .collect();
        if !awaited.is_empty() {
            database.write(&mut |sql| saved_state::write(sql, awaited.values()))?;
            self.drop_overtaken(&awaited.into_keys().collect());
        }
        Ok(())
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

    /// Whether this gateway records the events that all gateways observe.
    pub(super) fn leads(&self) -> bool {
        self.leads
    }

    /// This gateway becomes the leader.
    pub(super) fn take_over(&mut self) {
        self.leads = true;
    }

    /// Another gateway is recording: drops events older than 60 s, which it has recorded, and alert messages, which it
    /// sends itself.
    pub(super) fn follow(&mut self, now: DateTime<Utc>) {
        self.leads = false;
        let old = |event: &Event| now.signed_duration_since(event.at) > RECORDED_BY_OTHERS;
        self.events.retain(|event| !old(event));
        self.changes
            .retain(|(table, _), change| is_for_any(*table, change));
    }

    /// Makes sure that the database answers, finds out whether this gateway still leads, and then drops the events that
    /// are recorded already: by the previous leader, or by this gateway in a transaction that seemed to fail. Only a poll
    /// makes it the leader, because it also takes over, or shows that another gateway leads, which records the events.
    fn check_lead(&mut self, database: &mut dyn Database) -> Result<(), Fault> {
        self.leads &= database.leads()?;
        if self.leads && !self.events.is_empty() {
            self.events = activity::unrecorded(database, &self.events, self.recorded_until)?;
            self.recorded_until = activity::newest(database)?;
        }
        Ok(())
    }

    /// The keys of the first changes that this gateway writes.
    fn next_changes(&self, number: usize) -> Vec<(Table, String)> {
        let changes = self.changes.iter();
        let ours = changes.filter(|((table, _), change)| self.leads || is_for_any(*table, change));
        ours.take(number).map(|(key, _)| key.clone()).collect()
    }

    /// Writes the backlog and, if `watched` gives the retention, a note that the connections are watched. A gateway
    /// that is not the leader writes only its own changes. What is left at the moment `until` waits for the next call,
    /// because callers wait for the writer.
    pub(super) fn write(
        &mut self,
        database: &mut dyn Database,
        watched: Option<&Retention>,
        now: DateTime<Utc>,
        until: Instant,
    ) -> Result<(), Fault> {
        self.settle(database, now)?;
        self.event_queue.write(database, now, until)?;
        if self.events.is_empty() && self.changes.is_empty() && watched.is_none() {
            return Ok(());
        }
        self.check_lead(database)?;
        loop {
            let is_last = self.events.len().max(self.changes.len()) <= MAX_CHUNK;
            let watched = watched.filter(|_| self.leads && is_last);
            if !self.has_entries() && watched.is_none() {
                return Ok(());
            }
            self.write_first((MAX_CHUNK, MAX_CHUNK), database, watched, now)?;
            if is_last || Instant::now() >= until {
                return Ok(());
            }
        }
    }

    /// Writes entries of the backlog one by one, and drops those that fail while the database accepts others, so that
    /// nothing waits forever.
    pub(super) fn write_each(
        &mut self,
        database: &mut dyn Database,
        now: DateTime<Utc>,
        until: Instant,
    ) -> Result<(), Fault> {
        let mut worst = self.event_queue.write_each(database, now, until);
        // The failure may mean that another gateway became the leader and ended this session.
        self.check_lead(database)?;
        while self.has_entries() && Instant::now() < until {
            let change = self.next_changes(1).pop();
            let number = if change.is_some() { (0, 1) } else { (1, 0) };
            let Err(fault) = self.write_first(number, database, None, now) else {
                continue;
            };
            // If this fails too, the database fails, not the entry.
            probe(database, now)?;
            tracing::error!("an entry is dropped, because the store {fault}");
            match change {
                Some(key) => drop(self.changes.remove(&key)),
                None => drop(self.events.pop_front()),
            }
            worst = Err(fault);
            self.check_lead(database)?;
        }
        worst
    }

    /// Writes this many of the oldest events and of the changes.
    fn write_first(
        &mut self,
        (events, changes): (usize, usize),
        database: &mut dyn Database,
        watched: Option<&Retention>,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let events = if self.leads { events } else { 0 };
        let events = self.events.len().min(events);
        let changes = self.next_changes(changes);
        let mut newest = 0;
        let written = database.write(&mut |sql| {
            for event in self.events.range(..events) {
                activity::add_event(sql, event)?;
            }
            let changes = changes.iter().filter_map(|key| self.changes.get(key));
            saved_state::write(sql, changes)?;
            if let Some(retention) = watched {
                watching::note_watching(sql, retention, now)?;
            }
            newest = activity::newest(sql)?;
            Ok(())
        });
        if written.is_err() {
            self.is_unsettled = true;
            return written;
        }
        self.events.drain(..events);
        for key in &changes {
            self.changes.remove(key);
        }
        if self.leads {
            self.recorded_until = newest;
        }
        Ok(())
    }
}

/// Checks that the database can be written.
pub(super) fn probe(database: &mut dyn Database, now: DateTime<Utc>) -> Result<(), Fault> {
    let at = now.timestamp_millis();
    let probe = "UPDATE probe SET at = ?";
    database.write(&mut |sql| sql.execute(probe, &[at.into()]).map(drop))
}

/// Whether every gateway writes this change, not only the leader. Alert messages are sent by the leader.
fn is_for_any(table: Table, change: &StateChange) -> bool {
    table.any_gateway_may_change() && !(table == Table::AlertMessages && change.is_put())
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
        // A connection with more events than all others together drops only its own.
        backlog.add(noisy(0..2 * MAX_EVENTS).collect(), vec![]);
        let of_quiet = backlog
            .events
            .iter()
            .filter(|one| connection(one) == "quiet");
        assert_eq!(of_quiet.count(), 3);
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
