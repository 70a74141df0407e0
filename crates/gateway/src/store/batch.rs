//! The jobs that arrived at the same time and are written together.

use super::access::AccessJob;
use super::backlog::{Backlog, probe};
use super::database::{Database, Fault};
use super::leading::{KnownRevisions, StoreUpdate};
use super::writer::{Job, State, WriteReply};
use super::{NewRow, ReadJob, RowKind, StateChange, Table, appending};
use crate::problem::Delivery;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::mem;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long the backlog is written before the writer turns to its next jobs.
const MAX_TIME: Duration = Duration::from_secs(2);

/// When the backlog that is written from now on gives way to the next jobs.
pub(super) fn until() -> Instant {
    Instant::now() + MAX_TIME
}

/// A poll of the database, and the channel for its result.
pub(super) type Poll = (KnownRevisions, oneshot::Sender<StoreUpdate>);

/// The keys of changes that a caller waits for, and the channel for whether they could be written.
type Save = (Vec<(Table, String)>, oneshot::Sender<bool>);

/// The jobs of one batch, by kind.
#[derive(Default)]
pub(super) struct Batch {
    rows: Vec<NewRow>,
    /// For each row, the channel for its number.
    answers: Vec<oneshot::Sender<WriteReply>>,
    /// What is known about the rows if they could not be written.
    delivery: Option<Delivery>,
    /// The channels for whether everything could be written.
    probes: Vec<oneshot::Sender<bool>>,
    saves: Vec<Save>,
    /// The keys that rows save, unless a later job saves them again.
    saved_with_rows: BTreeSet<(Table, String)>,
    is_watched: bool,
    /// Whether it contains rows or events.
    has_changes: bool,
    /// Whether the backlog had entries before these jobs.
    had_backlog: bool,
    /// Whether anything is to be written. Reads alone do not show whether the disk accepts writes.
    writes: bool,
    /// Whether the store could be written before this batch.
    was_writable: bool,
    reads: Vec<ReadJob>,
    access_jobs: Vec<AccessJob>,
    polls: Vec<Poll>,
}

impl Batch {
    /// Sorts jobs by kind. Jobs without a waiting caller go to the backlog; leases are answered at once.
    pub(super) fn sort(
        database: &mut dyn Database,
        jobs: impl Iterator<Item = Job>,
        backlog: &mut Backlog,
    ) -> Self {
        let mut batch = Self {
            probes: mem::take(&mut backlog.waiting),
            ..Self::default()
        };
        let (mut events, mut changes) = (Vec::new(), Vec::new());
        for job in jobs {
            if let Job::SaveLater(later) | Job::Save(later, _) = &job {
                for one in later {
                    batch.saved_with_rows.remove(&one.key());
                }
            }
            match job {
                // The caller was told that the row is not recorded, so it must not take effect.
                Job::Write(row, answer) if row.needs_someone_waiting() && answer.is_closed() => {}
                Job::Write(row, answer) => {
                    let key = row.change.as_ref().map(StateChange::key);
                    batch.saved_with_rows.extend(key);
                    batch.rows.push(*row);
                    batch.answers.push(answer);
                }
                Job::Probe(answer) => batch.probes.push(answer),
                Job::Events(more) => events.extend(more),
                Job::SaveLater(more) => changes.extend(more),
                Job::Save(more, answer) => {
                    let keys = more.iter().map(StateChange::key);
                    batch.saves.push((keys.collect(), answer));
                    changes.extend(more);
                }
                Job::NoteWatching => batch.is_watched = true,
                Job::Poll(known, answer) => batch.polls.push((known, answer)),
                Job::Lease(name, longest, answer) => {
                    let leased = database.lease(&name, longest);
                    // The caller has given up, so nobody else would give the lease back.
                    if let Err(Some(true)) = answer.send(leased.ok()) {
                        let _ = database.give_back(&name);
                    }
                }
                Job::GiveBack(name) => {
                    // A lease that cannot be given back expires.
                    let _ = database.give_back(&name);
                }
                Job::Read(read) => batch.reads.push(read),
                Job::Access(job) => batch.access_jobs.push(job),
            }
        }
        batch.has_changes = !batch.rows.is_empty() || !events.is_empty();
        batch.had_backlog = !backlog.is_empty();
        backlog.add(events, changes);
        batch.writes = batch.has_changes
            || batch.is_watched
            || !batch.probes.is_empty()
            || !backlog.is_empty();
        batch
    }

    /// Writes the rows, or probes the database if a caller waits for that. Returns the numbers of the rows.
    pub(super) fn write_rows(
        &mut self,
        database: &mut dyn Database,
        state: &State,
        backlog: &mut Backlog,
        now: DateTime<Utc>,
    ) -> Result<Vec<i64>, Fault> {
        let written = if self.rows.is_empty() && self.probes.is_empty() {
            Ok(Vec::new())
        } else {
            append(database, backlog, &self.rows, now)
        };
        self.was_writable = state.is_writable.load(Ordering::Relaxed);
        if written.is_err() {
            // Set before any caller gets its reply.
            state.is_writable.store(false, Ordering::Relaxed);
            self.delivery = (!database.is_in_doubt()).then_some(Delivery::NotSent);
        }
        written
    }

    /// Replies to the callers of the rows, and fills the backlog. Returns why rows were not written.
    pub(super) fn answer_callers(
        &mut self,
        written: Result<Vec<i64>, Fault>,
        backlog: &mut Backlog,
    ) -> Option<Fault> {
        let mut not_sent = Vec::new();
        for (place, answer) in mem::take(&mut self.answers).into_iter().enumerate() {
            let number = written.as_ref().ok().and_then(|numbers| numbers.get(place));
            // A lost reply matters for an intent only: without it, its change is not sent.
            if answer.send(number.copied().ok_or(self.delivery)).is_err()
                && let (Some(number), Some(row)) = (number, self.rows.get(place))
                && row.kind == RowKind::Intent
            {
                not_sent.push(appending::closing(*number, row.entry.clone(), "not sent"));
            }
        }
        match written {
            Ok(numbers) => {
                backlog.written(&self.rows, &numbers);
                backlog.drop_overtaken(&self.saved_with_rows);
                if !not_sent.is_empty() {
                    backlog.not_written(not_sent);
                }
                None
            }
            Err(fault) => {
                backlog.not_written(mem::take(&mut self.rows));
                Some(fault)
            }
        }
    }

    /// Writes the changes that callers wait for, and replies to them. Those that could not be written wait like probes.
    pub(super) fn write_saves(&mut self, database: &mut dyn Database, backlog: &mut Backlog) {
        let keys: Vec<_> = self
            .saves
            .iter()
            .flat_map(|(keys, _)| keys)
            .cloned()
            .collect();
        // The rest of the backlog reports the failure, if it lasts.
        let _ = backlog.write_awaited(&keys, database);
        for (keys, answer) in self.saves.drain(..) {
            if backlog.is_without(&keys) {
                let _ = answer.send(true);
            } else {
                self.probes.push(answer);
            }
        }
    }

    /// Writes the backlog, separately from the rows, so that a row that cannot be written does not block events.
    pub(super) fn write_backlog(
        &self,
        database: &mut dyn Database,
        state: &State,
        backlog: &mut Backlog,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let watched = self.is_watched.then(|| state.retention());
        let written = backlog.write(database, watched.as_ref(), now, until());
        written.or_else(|fault| {
            append(database, backlog, &[], now).map_err(|_| fault)?;
            backlog.write_each(database, now, until())
        })
    }

    /// Notes whether the store can be written, counts changes, and replies to probes, unless a part of the backlog still
    /// waits.
    pub(super) fn report_health(
        &mut self,
        state: &State,
        backlog: &mut Backlog,
        failed: Option<&Fault>,
    ) {
        if self.writes {
            state.is_writable.store(failed.is_none(), Ordering::Relaxed);
        }
        match failed {
            Some(fault) if self.was_writable => tracing::error!("the store {fault}"),
            None if !self.was_writable && self.writes => {
                tracing::warn!("the store can be written again");
            }
            _ => {}
        }
        if self.has_changes || (self.had_backlog && failed.is_none()) {
            state.changes.fetch_add(1, Ordering::Relaxed);
        }
        if failed.is_none() && !backlog.is_empty() {
            backlog.waiting.append(&mut self.probes);
        }
        for probe in self.probes.drain(..) {
            let _ = probe.send(failed.is_none());
        }
    }

    /// Runs the reads and the jobs on access tables. Returns the polls, which are still to be answered.
    pub(super) fn read(self, database: &mut dyn Database, state: &State) -> Vec<Poll> {
        for read in self.reads {
            read(database);
        }
        for job in self.access_jobs {
            job(database, state.next_sequence());
        }
        self.polls
    }
}

/// Writes rows in one transaction, after settling an earlier failed one, and returns their numbers. Without rows it
/// probes whether the database can be written.
fn append(
    database: &mut dyn Database,
    backlog: &mut Backlog,
    rows: &[NewRow],
    now: DateTime<Utc>,
) -> Result<Vec<i64>, Fault> {
    backlog.settle(database, now)?;
    let mut numbers = Vec::new();
    if rows.is_empty() {
        probe(database, now)?;
    } else {
        database.append(&mut |sql| {
            numbers = appending::append(sql, rows, now)?;
            Ok(())
        })?;
    }
    Ok(numbers)
}
