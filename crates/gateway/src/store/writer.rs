//! The writer: the one thread that changes the database.

use super::access::AccessJob;
use super::backlog::{Backlog, intent};
use super::batch::{Batch, Poll, until};
use super::database::{Database, Fault};
use super::leading::{KnownRevisions, Leading, StoreUpdate};
use super::saved_state::SavedState;
use super::{NewRow, ReadJob, StateChange, TimeSource, appending, saved_state};
use crate::config::Retention;
use crate::lock::lock;
use crate::problem::Delivery;
use chrono::{DateTime, Utc};
use health::events::Event;
use std::iter;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// The most jobs in one batch.
const MAX_BATCH: usize = 64;

/// The number of a row, or whether it certainly was not stored.
pub(super) type WriteReply = Result<i64, Option<Delivery>>;

/// A job for the thread.
pub(super) enum Job {
    /// Writes a row, and replies with its number once it is durable, or with what is known after a failure.
    Write(Box<NewRow>, oneshot::Sender<WriteReply>),
    /// Replies whether rows can be written, once the backlog is written.
    Probe(oneshot::Sender<bool>),
    /// Adds observed events to the activity.
    Events(Vec<Event>),
    /// Saves changes of the saved state in the background.
    SaveLater(Vec<StateChange>),
    /// The same, and replies whether they are durable. They do not wait for the rest of the backlog.
    Save(Vec<StateChange>, oneshot::Sender<bool>),
    /// Notes that the connections are being watched.
    NoteWatching,
    /// Polls for changes by other gateways since these revisions.
    Poll(KnownRevisions, oneshot::Sender<StoreUpdate>),
    /// Leases a name, and replies whether this gateway holds it; `None` if the database does not answer.
    Lease(String, Duration, oneshot::Sender<Option<bool>>),
    GiveBack(String),
    Read(ReadJob),
    /// Reads or changes the access tables.
    Access(AccessJob),
}

/// The state that the thread shares with its callers.
pub(super) struct State {
    pub(super) is_writable: Arc<AtomicBool>,
    /// When it began its present work.
    pub(super) working_since: Arc<Mutex<Option<Instant>>>,
    pub(super) changes: Arc<AtomicU64>,
    /// Whether this gateway is the leader.
    pub(super) leads: Arc<AtomicBool>,
    /// How long and how many entries of the activity are kept.
    pub(super) retention: Arc<Mutex<Retention>>,
    /// Number of reads and changes of the access tables.
    pub(super) sequences: AtomicU64,
    pub(super) now: TimeSource,
}

impl State {
    /// The next sequence number, from 1.
    pub(super) fn next_sequence(&self) -> u64 {
        self.sequences.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn set_working_since(&self, since: Option<Instant>) {
        *lock(&self.working_since) = since;
    }

    pub(super) fn retention(&self) -> Retention {
        lock(&self.retention).clone()
    }
}

/// Opens a database in a thread of its own, closes what was left open, then writes until the store is dropped. Returns
/// the saved state.
///
/// # Errors
/// A description of the problem that names the database.
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
        loop {
            if backlog.waiting.is_empty() {
                if queue.blocking_recv_many(&mut jobs, MAX_BATCH) == 0 {
                    break;
                }
            } else {
                // The rest of the backlog does not wait for another job.
                jobs.extend(iter::from_fn(|| queue.try_recv().ok()).take(MAX_BATCH));
            }
            state.set_working_since(Some(Instant::now()));
            let polls = work(&mut database, jobs.drain(..), &state, &mut backlog);
            for (known, answer) in polls {
                let polled =
                    leading.poll(&mut database, &state, &mut backlog, known, (state.now)());
                match polled {
                    // Without a reply the caller continues with what it has.
                    Ok(update) => drop(update.map(|update| answer.send(update))),
                    Err(fault) => {
                        if state.is_writable.swap(false, Ordering::Relaxed) {
                            tracing::error!("the store {fault}");
                        }
                    }
                }
            }
            state.set_working_since(None);
        }
        while !backlog.is_empty() {
            if let Err(fault) = backlog.write(&mut database, None, (state.now)(), until()) {
                tracing::error!("the latest observed events are lost: the store {fault}");
                return;
            }
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

/// Closes the intents that ended gateways left open, as unknown: their changes may have been sent.
pub(super) fn close_ended_gateways(
    database: &mut dyn Database,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let (statement, values) = database.abandoned_intents();
    let mut closed = 0;
    database.append(&mut |sql| {
        let open = sql.rows(&statement, &values)?;
        let rows = open.iter().map(|row| {
            let (number, intent) = intent(row)?;
            Ok(appending::closing(number, intent, "unknown"))
        });
        let rows: Vec<NewRow> = rows.collect::<Result<_, Fault>>()?;
        appending::append(sql, &rows, now)?;
        closed = rows.len();
        Ok(())
    })?;
    if closed > 0 {
        tracing::warn!(
            "{closed} changes were in progress when a gateway ended; their outcome is recorded as unknown"
        );
    }
    Ok(())
}

/// Runs the jobs, except polls, which it returns.
pub(super) fn work(
    database: &mut dyn Database,
    jobs: impl Iterator<Item = Job>,
    state: &State,
    backlog: &mut Backlog,
) -> Vec<Poll> {
    let now = (state.now)();
    let mut batch = Batch::sort(database, jobs, backlog);
    let written = batch.write_rows(database, state, backlog, now);
    let fault = batch.answer_callers(written, backlog);
    batch.write_saves(database, backlog);
    let waited = batch.write_backlog(database, state, backlog, now);
    batch.report_health(state, backlog, fault.or(waited.err()).as_ref());
    batch.read(database, state)
}
