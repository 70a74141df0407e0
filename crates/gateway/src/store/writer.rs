//! The one thread that writes.

use super::access::AccessJob;
use super::backlog::{Backlog, intent};
use super::database::{Database, Fault};
use super::leading::{KnownRevisions, Leading, StoreUpdate};
use super::saved_state::SavedState;
use super::{NewRow, ReadJob, RowKind, StateChange, TimeSource, appending, saved_state};
use crate::config::Retention;
use crate::lock::lock;
use chrono::{DateTime, Utc};
use health::events::Event;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// The most rows that are written together.
const TOGETHER: usize = 64;

/// Something for the thread to do.
pub(super) enum Job {
    /// Writes a row, and answers its number once it is durable.
    Write(Box<NewRow>, oneshot::Sender<Result<i64, ()>>),
    /// Answers whether rows can be written.
    Probe(oneshot::Sender<bool>),
    /// Adds what was seen to the activity.
    Events(Vec<Event>),
    /// Saves changes of the saved state, once that is possible.
    SaveLater(Vec<StateChange>),
    /// The same, and answers whether that is durable.
    Save(Vec<StateChange>, oneshot::Sender<bool>),
    /// Notes that the connections are watched.
    Watched,
    /// Looks for what other gateways have changed since the saved state had these numbers.
    Poll(KnownRevisions, oneshot::Sender<StoreUpdate>),
    /// Leases a name, and answers whether no other gateway has it; `None` where that cannot be told.
    Lease(String, Duration, oneshot::Sender<Option<bool>>),
    /// Gives a leased name back.
    GiveBack(String),
    /// Reads.
    Read(ReadJob),
    /// Reads or changes what says who is let in.
    Access(AccessJob),
}

/// What the thread shares with those who ask it.
pub(super) struct State {
    pub(super) is_well: Arc<AtomicBool>,
    /// Since when it has been at what it does now.
    pub(super) working_since: Arc<Mutex<Option<Instant>>>,
    pub(super) changes: Arc<AtomicU64>,
    /// Whether this gateway is the leader: the one that records what all see who share its database.
    pub(super) leads: Arc<AtomicBool>,
    /// How much of what is seen is kept.
    pub(super) retention: Arc<Mutex<Retention>>,
    /// Counts what was read or changed of what says who is let in.
    pub(super) turns: AtomicU64,
    pub(super) now: TimeSource,
}

impl State {
    /// The next turn's number, from 1.
    pub(super) fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn works_since(&self, since: Option<Instant>) {
        *lock(&self.working_since) = since;
    }

    /// How much of what is seen is kept.
    pub(super) fn retention(&self) -> Retention {
        lock(&self.retention).clone()
    }
}

/// Opens a database in a thread of its own, closes what was left open, then writes until the store is dropped. What was
/// saved when it was opened.
///
/// # Errors
/// What is wrong with the database, with its name.
pub(super) fn start<D: Database>(
    open: impl FnOnce() -> Result<D, String> + Send + 'static,
    mut queue: mpsc::Receiver<Job>,
    state: State,
) -> Result<SavedState, String> {
    let (opened, is_open) = sync_channel(1);
    let write = move || {
        let mut backlog = Backlog::default();
        let begun = open().and_then(|mut database| {
            let begun = begin(&mut database, &state, &mut backlog, (state.now)())
                .map_err(|fault| format!("the store {fault}"))?;
            Ok((database, begun))
        });
        let (mut database, mut leading) = match begun {
            Err(why) => {
                let _ = opened.send(Err(why));
                return;
            }
            Ok((database, (saved, leading))) => {
                let _ = opened.send(Ok(saved));
                (database, leading)
            }
        };
        let mut jobs = Vec::new();
        while queue.blocking_recv_many(&mut jobs, TOGETHER) > 0 {
            state.works_since(Some(Instant::now()));
            let polls = work(&mut database, jobs.drain(..), &state, &mut backlog);
            for (known, answer) in polls {
                let polled =
                    leading.poll(&mut database, &state, &mut backlog, known, (state.now)());
                match polled {
                    // Without an answer the caller goes on as before.
                    Ok(update) => drop(update.map(|update| answer.send(update))),
                    Err(fault) => {
                        if state.is_well.swap(false, Ordering::Relaxed) {
                            tracing::error!("the store {fault}");
                        }
                    }
                }
            }
            state.works_since(None);
        }
        if !backlog.is_empty()
            && let Err(fault) = backlog.write(&mut database, None, (state.now)())
        {
            tracing::error!("what was seen last is left out: the store {fault}");
        }
    };
    let thread = std::thread::Builder::new().name("store".to_owned());
    thread.spawn(write).map_err(|error| error.to_string())?;
    is_open
        .recv()
        .unwrap_or_else(|_| Err("the store cannot be opened: its thread has failed".to_owned()))
}

fn begin(
    database: &mut dyn Database,
    state: &State,
    backlog: &mut Backlog,
    now: DateTime<Utc>,
) -> Result<(SavedState, Leading), Fault> {
    let saved = saved_state::read(database, |_| true)?;
    close_ended_gateways(database, now)?;
    Ok((saved, Leading::begin(database, state, backlog, now)?))
}

/// Closes what ended gateways left open: whether that was sent nobody knows.
pub(super) fn close_ended_gateways(
    database: &mut dyn Database,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let ended = database.ended_gateways();
    let (statement, values) = &ended.open;
    if ended.forget.is_none() && database.rows(statement, values)?.is_empty() {
        return Ok(());
    }
    let mut closed = 0;
    database.append(&mut |sql| {
        let open = sql.rows(statement, values)?;
        let rows = open.iter().map(|row| {
            let (number, intent) = intent(row)?;
            Ok(appending::closing(number, intent, "unknown"))
        });
        let rows: Vec<NewRow> = rows.collect::<Result<_, Fault>>()?;
        appending::append(sql, &rows, now)?;
        if let Some((forget, values)) = &ended.forget {
            sql.execute(forget, values)?;
        }
        closed = rows.len();
        Ok(())
    })?;
    if closed > 0 {
        tracing::warn!(
            "{closed} changes were under way when a gateway ended; their outcome is recorded as unknown"
        );
    }
    Ok(())
}

/// Writes rows as one transaction; their numbers. Without any it tries whether there could be some.
fn append(
    database: &mut dyn Database,
    rows: &[NewRow],
    now: DateTime<Utc>,
) -> Result<Vec<i64>, Fault> {
    let mut numbers = Vec::new();
    if rows.is_empty() {
        let at = now.timestamp_millis();
        let probe = "UPDATE probe SET at = ?";
        database.write(&mut |sql| sql.execute(probe, &[at.into()]).map(drop))?;
    } else {
        database.append(&mut |sql| {
            numbers = appending::append(sql, rows, now)?;
            Ok(())
        })?;
    }
    Ok(numbers)
}

/// Does what was asked for, but for looks at the database, which it answers.
fn work(
    database: &mut dyn Database,
    jobs: impl Iterator<Item = Job>,
    state: &State,
    backlog: &mut Backlog,
) -> Vec<(KnownRevisions, oneshot::Sender<StoreUpdate>)> {
    let now = (state.now)();
    let (mut rows, mut answers, mut probes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut events, mut reads, mut is_watched) = (Vec::new(), Vec::new(), false);
    let (mut changes, mut polls, mut turns) = (Vec::new(), Vec::new(), Vec::new());
    // What rows save that nothing later of these jobs is about.
    let mut with_rows = BTreeSet::new();
    for job in jobs {
        if let Job::SaveLater(later) | Job::Save(later, _) = &job {
            for one in later {
                with_rows.remove(&one.key());
            }
        }
        match job {
            // Whoever wanted this was told that it is not recorded: it shall not take effect any more.
            Job::Write(row, answer) if row.needs_someone_waiting() && answer.is_closed() => {}
            Job::Write(row, answer) => {
                with_rows.extend(row.change.as_ref().map(StateChange::key));
                rows.push(*row);
                answers.push(answer);
            }
            Job::Probe(answer) => probes.push(answer),
            Job::Events(more) => events.extend(more),
            Job::SaveLater(more) => changes.extend(more),
            Job::Save(more, answer) => {
                changes.extend(more);
                probes.push(answer);
            }
            Job::Watched => is_watched = true,
            Job::Poll(known, answer) => polls.push((known, answer)),
            Job::Lease(name, longest, answer) => {
                let leased = database.lease(&name, longest);
                let _ = answer.send(leased.ok());
            }
            Job::GiveBack(name) => {
                // What is not given back ends with its time.
                let _ = database.give_back(&name);
            }
            Job::Read(read) => reads.push(read),
            Job::Access(turn) => turns.push(turn),
        }
    }
    let has_changes = !rows.is_empty() || !events.is_empty();
    let waited = !backlog.is_empty();
    backlog.add(events, changes);
    let writes = has_changes || is_watched || !probes.is_empty() || !backlog.is_empty();
    let written = if rows.is_empty() && probes.is_empty() {
        Ok(Vec::new())
    } else {
        let settled = backlog.settle(database, now);
        settled.and_then(|()| append(database, &rows, now))
    };
    let was_well = state.is_well.load(Ordering::Relaxed);
    if written.is_err() {
        // Before anybody hears of it.
        state.is_well.store(false, Ordering::Relaxed);
    }
    let mut not_sent = Vec::new();
    for (place, answer) in answers.into_iter().enumerate() {
        let number = written.as_ref().ok().and_then(|numbers| numbers.get(place));
        // Most callers that have gone have no use for the answer. But a change is sent only by one who gets it.
        if answer.send(number.copied().ok_or(())).is_err()
            && let (Some(number), Some(row)) = (number, rows.get(place))
            && row.kind == RowKind::Intent
        {
            not_sent.push(appending::closing(*number, row.entry.clone(), "not sent"));
        }
    }
    let fault = match written {
        Ok(numbers) => {
            backlog.written(&rows, &numbers);
            backlog.drop_overtaken(&with_rows);
            if !not_sent.is_empty() {
                backlog.not_written(not_sent);
            }
            None
        }
        Err(fault) => {
            backlog.not_written(rows);
            Some(fault)
        }
    };
    // Apart from the rows: one that cannot be written takes no event with it.
    let watched = is_watched.then(|| state.retention());
    let seen = backlog
        .write(database, watched.as_ref(), now)
        .or_else(|fault| {
            let takes_others = backlog
                .settle(database, now)
                .and_then(|()| append(database, &[], now));
            takes_others.map_err(|_| fault)?;
            backlog.write_each(database, now)
        });
    let failed = fault.or(seen.err());
    // Who only reads learns nothing of whether the disk takes more.
    if writes {
        state.is_well.store(failed.is_none(), Ordering::Relaxed);
    }
    match &failed {
        Some(fault) if was_well => tracing::error!("the store {fault}"),
        None if !was_well && writes => tracing::warn!("the store can be written again"),
        _ => {}
    }
    if has_changes || (waited && failed.is_none()) {
        state.changes.fetch_add(1, Ordering::Relaxed);
    }
    for probe in probes {
        let _ = probe.send(failed.is_none());
    }
    for read in reads {
        read(database);
    }
    for turn in turns {
        turn(database, state.turn());
    }
    polls
}
