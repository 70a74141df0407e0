//! What outlives the process: the audit and the activity, in a database ([`database`]). One thread writes,
//! so that the rows have one order, and answers only once a row is durable. A caller waits without holding up anybody
//! else; what is asked for meanwhile is written together.
//!
//! A row of the audit is never changed. Each carries a hash over itself and the hash of the row before it; see [`chain`].

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

pub(crate) use access::Fresh;
pub(crate) use activity::Shown;
pub(crate) use activity_query::{ActivityCursor, ActivityQuery};
pub(crate) use entry::Entry;
pub(crate) use leading::{LEAD_VALID_FOR, StoreUpdate};
pub(crate) use lease::Lease;
pub(crate) use reading::{export, verify};
pub(crate) use recording::WRITER_TIMEOUT;
pub(crate) use saved_state::{SavedState, StateChange, Table};
pub(crate) use sharing::{SharedReading, SharedState};
pub(crate) use watching::unwatched;

use crate::clock::Moment;
use crate::config::{Retention, StoreLocation};
use crate::lock::lock;
use crate::problem::{Kind, Problem};
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
use tokio::sync::{mpsc, oneshot};
use writer::Job;

/// How many rows may wait to be written. Beyond that the disk does not keep up, and changes are refused.
const MAX_WAITING_JOBS: usize = 1_024;

/// What the store reads its time from.
type TimeSource = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Something that is read from the database.
type ReadJob = Box<dyn FnOnce(&mut dyn Sql) + Send>;

/// The store of one gateway.
pub(crate) struct Store {
    jobs: mpsc::Sender<Job>,
    /// Those who read a file do not wait for those who write to it. What is in memory has but one connection.
    reads: Option<mpsc::Sender<ReadJob>>,
    /// Whether the last attempt to write succeeded.
    is_well: Arc<AtomicBool>,
    /// Since when the writer has been at what it does now; `None` while it waits for something to do.
    working_since: Arc<Mutex<Option<Instant>>>,
    /// Whether this gateway is the leader: the one that records what all see who share its store.
    leads: Arc<AtomicBool>,
    /// When the database was last asked who leads, and answered: by the clock that stands still while the computer
    /// sleeps, and by the one that may be set.
    lead_confirmed: Mutex<Option<Moment>>,
    /// How much of what is seen is kept.
    retention: Arc<Mutex<Retention>>,
    /// Counts the writes that changed the activity.
    changes: Arc<AtomicU64>,
    location: StoreLocation,
    now: TimeSource,
    /// What this gateway is called among several; empty where there is but one.
    gateway: String,
    /// Events that found no place in the queue.
    left_out: AtomicU64,
    /// Changes that found no place in the queue, by what they are about. Nothing newer may overtake them.
    unqueued: Mutex<BTreeMap<(Table, String), StateChange>>,
    /// What was there when it was opened, until somebody goes on with it; of what concerns signing in also what others
    /// have changed since.
    saved: Mutex<Fresh>,
    /// The number of what concerns signing in, as it was taken over last.
    access: AtomicI64,
    /// Notified when others have changed something, until it is dropped. `None` where there are no others.
    notifications: Option<(Arc<Notifications>, oneshot::Sender<()>)>,
    /// Asks what gateways share of watching. `None` where there are no others.
    sharing: Option<Sharing>,
}

/// How what gateways share of watching is asked for.
struct Sharing {
    /// This gateway: each start of one is another.
    me: String,
    /// By a thread of its own, so that no change waits for it.
    asks: mpsc::Sender<ReadJob>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Whether what is written here outlives the process.
    pub(crate) fn lasts(&self) -> bool {
        self.location != StoreLocation::Memory
    }

    /// Whether other gateways may use it too.
    pub(crate) fn is_shared(&self) -> bool {
        self.location.is_shared()
    }

    /// Where it lies.
    pub(crate) fn location(&self) -> &StoreLocation {
        &self.location
    }

    /// Whether this gateway is the one that records what is seen, and tells people of it. Of several that share a store
    /// one is.
    pub(crate) fn leads(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }

    /// Another number than before says that the activity has something new.
    pub(crate) fn activity_changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// From now on this much of what is seen is kept.
    pub(crate) fn retain(&self, retention: Retention) {
        *lock(&self.retention) = retention;
    }

    /// How much of what is seen is kept.
    #[cfg(test)]
    pub(crate) fn retention(&self) -> Retention {
        lock(&self.retention).clone()
    }

    /// Notes that the connections are watched at this moment.
    pub(crate) fn watched(&self) {
        self.flush_unqueued();
        // The next time will do.
        let _ = self.jobs.try_send(Job::Watched);
    }

    /// Reads the activity.
    ///
    /// # Errors
    /// Too many read at once, or it cannot be read.
    pub(crate) async fn activity(
        &self,
        query: ActivityQuery,
    ) -> Result<Vec<ActivityEntry>, Problem> {
        self.read(move |sql| activity_query::read(sql, &query))
            .await
    }

    /// Since when nothing has been deleted of what the activity tells of who led. Asked for after entries, it
    /// also holds for what was deleted meanwhile.
    ///
    /// # Errors
    /// Too many read at once, or it cannot be read.
    pub(crate) async fn complete_since(&self) -> Result<Option<DateTime<Utc>>, Problem> {
        self.read(watching::complete_since).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Sql) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        let read: ReadJob = Box::new(move |sql| {
            // A caller that has gone has no use for it.
            if !answer.is_closed() {
                let _ = answer.send(read(sql));
            }
        });
        let busy = || {
            Problem::new(
                Kind::Overloaded,
                "too many read the activity at once; try again in a moment",
            )
        };
        match &self.reads {
            Some(reads) => reads.try_send(read).map_err(|_| busy())?,
            None => self.jobs.try_send(Job::Read(read)).map_err(|_| busy())?,
        }
        match answered.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(fault)) => {
                tracing::error!("the activity cannot be read: the store {fault}");
                Err(Problem::new(Kind::Internal, "the activity cannot be read"))
            }
            Err(_) => Err(busy()),
        }
    }

    /// Waits until what was recorded before is written, or cannot be in time. Returns whether it is written.
    pub(crate) async fn catch_up(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.flush_unqueued()
            && self.jobs.try_send(Job::Probe(answer)).is_ok()
            && self.answer(answered).await == Some(true)
    }

    /// Whether rows can be written. Where the last attempt failed, tries again; not where the writer is gone or hangs.
    pub(crate) async fn is_well(&self) -> bool {
        if self.jobs.is_closed() || self.hangs() {
            return false;
        }
        self.is_well.load(Ordering::Relaxed) || self.catch_up().await
    }
}

fn not_saved() -> Problem {
    Problem::new(Kind::Internal, "the store cannot be written")
}
