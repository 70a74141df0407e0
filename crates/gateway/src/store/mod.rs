//! The persistent records of the gateway: the audit and the activity, in a database ([`database`]). One thread writes,
//! so that rows have one order, and replies only once a row is durable. Callers wait asynchronously, and requests that
//! arrive together are written together.
//!
//! An audit row is never changed. It carries a hash over itself and the hash of the row before it; see [`chain`].

mod access;
mod activity;
mod activity_query;
mod appending;
mod backlog;
mod batch;
mod chain;
mod database;
mod entry;
mod event_queue;
mod leading;
mod lease;
mod notifications;
mod opening;
mod postgres;
mod reading;
mod recording;
mod saved_state;
mod sharing;
mod sqlite;
mod watching;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use access::TableSnapshot;
pub(crate) use activity::Shown;
pub(crate) use activity_query::{ActivityCursor, ActivityQuery};
pub(crate) use entry::Entry;
pub(crate) use leading::{LEAD_VALID_FOR, StoreUpdate};
pub(crate) use lease::Lease;
pub(crate) use reading::{export, verify};
pub(crate) use recording::{WRITER_TIMEOUT, unconfirmed, without_effect};
pub(crate) use saved_state::{SavedState, StateChange, Table};
pub(crate) use sharing::{SharedReading, SharedState};
pub(crate) use watching::unwatched_event;

use crate::clock::Moment;
use crate::config::{Retention, StoreLocation};
use crate::lock::lock;
use crate::problem::{Delivery, Kind, Problem};
use chrono::{DateTime, Utc};
use database::{Fault, Sql};
use entry::{NewRow, RowKind};
use notifications::Notifications;
use protocol::ActivityEntry;
use recording::not_recorded;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use writer::Job;

/// The most jobs that wait for the writer. Beyond that the disk does not keep up, and changes are refused.
const MAX_WAITING_JOBS: usize = 1_024;

/// After this many seconds, a request for which the store was not available makes sense again.
const RETRY_AFTER: u32 = 5;

/// The store's clock.
type TimeSource = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A read of the database.
type ReadJob = Box<dyn FnOnce(&mut dyn Sql) + Send>;

/// The store of one gateway.
pub(crate) struct Store {
    jobs: mpsc::Sender<Job>,
    /// The reader of a file or a server, which does not wait for the writer. A store in memory has a single connection.
    reads: Option<mpsc::Sender<ReadJob>>,
    /// Whether the last attempt to write succeeded.
    is_writable: Arc<AtomicBool>,
    /// When the writer began its present work; `None` while it waits for jobs.
    working_since: Arc<Mutex<Option<Instant>>>,
    /// Whether this gateway is the leader, which records what all gateways at its store observe.
    leads: Arc<AtomicBool>,
    /// When the database last confirmed who leads: by the clock that stops while the computer sleeps and by the one
    /// that can be set.
    lead_confirmed: Mutex<Option<Moment>>,
    /// How long and how many entries of the activity are kept.
    retention: Arc<Mutex<Retention>>,
    /// Counts the writes that changed the activity.
    changes: Arc<AtomicU64>,
    location: StoreLocation,
    now: TimeSource,
    /// The name of this gateway among several; empty if there is only one.
    gateway: String,
    /// Number of events that were dropped because the queue was full.
    left_out: AtomicU64,
    /// Changes that were not queued because the queue was full, by table and id. Newer changes must not overtake them.
    unqueued: Mutex<BTreeMap<(Table, String), StateChange>>,
    /// The saved state as read at the start, until its users take it; the access tables also as other gateways changed
    /// them since.
    saved: Mutex<TableSnapshot>,
    /// The revision of the access tables that was last taken over.
    access: AtomicI64,
    /// Notifies of changes by other gateways until it is dropped. `None` without other gateways.
    notifications: Option<(Arc<Notifications>, oneshot::Sender<()>)>,
    /// Access to the shared watching. `None` without other gateways.
    sharing: Option<Sharing>,
}

/// How this gateway takes part in the shared watching.
struct Sharing {
    /// This run of the gateway: each start has a new id.
    gateway_id: String,
    /// The queue of a thread of its own, so that changes do not wait for it.
    jobs: mpsc::Sender<ReadJob>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Whether its records outlive the process.
    pub(crate) fn is_persistent(&self) -> bool {
        self.location != StoreLocation::Memory
    }

    /// Whether other gateways can use it too.
    pub(crate) fn is_shared(&self) -> bool {
        self.location.is_shared()
    }

    pub(crate) fn location(&self) -> &StoreLocation {
        &self.location
    }

    /// Whether this gateway is the leader, which records events and sends alerts. Of the gateways that share a store,
    /// one leads.
    pub(crate) fn leads(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }

    /// A counter that changes whenever the activity has new entries.
    pub(crate) fn activity_changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Sets how long and how many entries of the activity are kept.
    pub(crate) fn retain(&self, retention: Retention) {
        *lock(&self.retention) = retention;
    }

    #[cfg(test)]
    pub(crate) fn retention(&self) -> Retention {
        lock(&self.retention).clone()
    }

    /// Notes that the connections are being watched at this moment.
    pub(crate) fn note_watching(&self) {
        self.flush_unqueued();
        // If the queue is full, the next note suffices.
        let _ = self.jobs.try_send(Job::NoteWatching);
    }

    /// Reads the activity.
    ///
    /// # Errors
    /// Too many reads wait, or the database cannot be read.
    pub(crate) async fn activity(
        &self,
        query: ActivityQuery,
    ) -> Result<Vec<ActivityEntry>, Problem> {
        self.read(move |sql| activity_query::read(sql, &query))
            .await
    }

    /// The time since which no leadership entry was deleted. Read it after the entries, so that it covers deletions in
    /// between.
    ///
    /// # Errors
    /// Too many reads wait, or the database cannot be read.
    pub(crate) async fn complete_since(&self) -> Result<Option<DateTime<Utc>>, Problem> {
        self.read(watching::complete_since).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Sql) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        let read: ReadJob = Box::new(move |sql| {
            // The caller has given up.
            if !answer.is_closed() {
                let _ = answer.send(read(sql));
            }
        });
        match &self.reads {
            Some(reads) => reads.try_send(read).map_err(not_queued)?,
            None => self.jobs.try_send(Job::Read(read)).map_err(not_queued)?,
        }
        match answered.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(fault)) => {
                tracing::error!("the activity cannot be read: the store {fault}");
                Err(unavailable())
            }
            // The read ended in a fault, which is in the log.
            Err(_) => Err(unavailable()),
        }
    }

    /// Waits until all jobs queued before are written. Returns whether they were written in time.
    pub(crate) async fn catch_up(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.flush_unqueued()
            && self.jobs.try_send(Job::Probe(answer)).is_ok()
            && self.answer(answered).await == Some(true)
    }

    /// Whether rows can be written. After a failed write it tries again, unless the writer has ended or hangs.
    pub(crate) async fn is_writable(&self) -> bool {
        if self.jobs.is_closed() || self.hangs() {
            return false;
        }
        self.is_writable.load(Ordering::Relaxed) || self.catch_up().await
    }
}

/// The problem if the store cannot be read or written. The fault itself is only in the log, because it may quote data.
fn unavailable() -> Problem {
    Problem {
        retry_after: Some(RETRY_AFTER),
        ..Problem::new(
            Kind::StoreUnavailable,
            "the store cannot be reached or used at the moment, and the activity, reports, pairing walls and changes need \
             it; statuses and alarms do not; the gateway's log says why",
        )
    }
}

/// The problem if a job for the store could not be queued.
fn not_queued<T>(why: TrySendError<T>) -> Problem {
    let problem = match why {
        TrySendError::Full(_) => Problem {
            retry_after: Some(RETRY_AFTER),
            ..Problem::new(
                Kind::Overloaded,
                "too many requests wait for the gateway's store; try again in a moment",
            )
        },
        TrySendError::Closed(_) => unavailable(),
    };
    problem.with_delivery(Delivery::NotSent)
}
