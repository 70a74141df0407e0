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
mod chain;
mod database;
mod entry;
mod event_queue;
mod leading;
mod lease;
mod notifications;
mod postgres;
mod reading;
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
pub(crate) use leading::StoreUpdate;
pub(crate) use lease::Lease;
pub(crate) use reading::{export, verify};
pub(crate) use saved_state::{SavedState, StateChange, Table};
pub(crate) use sharing::SharedState;
pub(crate) use watching::unwatched;

use crate::config::{Retention, StoreLocation};
use crate::crypto::random_hex;
use crate::lock::lock;
use crate::problem::{Kind, Problem};
use chrono::{DateTime, Utc};
use database::{Fault, Sql};
use entry::{NewRow, RowKind};
use health::events::Event;
use notifications::Notifications;
use protocol::ActivityEntry;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{mpsc, oneshot};
use writer::Job;

/// How many rows may wait to be written. Beyond that the disk does not keep up, and changes are refused.
const QUEUE: usize = 1_024;

/// How long the writer is waited for. It gives up a database elsewhere after 4 seconds and a file that is locked after 5,
/// and may have one such attempt behind it when it begins with this one. A disk that hangs gives no error at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// A writer that has been at the same work for so long hangs. Less than [`PATIENCE`]: who has waited in vain for what it
/// works at finds that it hangs.
const HANGS: Duration = Duration::from_secs(9);

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
    lead_confirmed: Mutex<Option<(Instant, SystemTime)>>,
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
    /// Opens a store, makes it where there is none, and closes what a process that ended left open.
    ///
    /// # Errors
    /// What is wrong with the file, with its name.
    pub(crate) fn open(location: &StoreLocation) -> Result<Self, String> {
        Self::open_by(location, Utc::now)
    }

    /// The same, and waits for a database that is away: where a whole site starts, it may be back later than the gateway.
    ///
    /// # Errors
    /// What is wrong with it, with its name.
    pub(crate) fn open_patiently(location: &StoreLocation) -> Result<Self, String> {
        Self::open_with(location, Arc::new(Utc::now), true)
    }

    /// Opens a store whose rows have the times of this clock.
    ///
    /// # Errors
    /// What is wrong with the file, with its name.
    pub(crate) fn open_by(
        location: &StoreLocation,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        Self::open_with(location, Arc::new(now), false)
    }

    fn open_with(location: &StoreLocation, now: TimeSource, waits: bool) -> Result<Self, String> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let is_well = Arc::new(AtomicBool::new(true));
        let working_since = Arc::default();
        let changes = Arc::new(AtomicU64::new(0));
        let leads = Arc::new(AtomicBool::new(true));
        let retention = Arc::default();
        let state = writer::State {
            retention: Arc::clone(&retention),
            is_well: is_well.clone(),
            working_since: Arc::clone(&working_since),
            changes: changes.clone(),
            leads: leads.clone(),
            turns: AtomicU64::default(),
            now: now.clone(),
        };
        let at = location.clone();
        let (mut notifications, mut sharing) = (None, None);
        let (saved, reads) = match location {
            StoreLocation::Memory => {
                let saved = writer::start(move || sqlite::open(&at), queue, state)?;
                (saved, None)
            }
            StoreLocation::File(path) => {
                let saved = writer::start(move || sqlite::open(&at), queue, state)?;
                let reader = sqlite::open_to_read(path)?;
                (saved, Some(reading::start(reader)?))
            }
            StoreLocation::Postgres(address) => {
                let to_write = address.clone();
                let saved = writer::start(move || postgres::open(&to_write, waits), queue, state)?;
                let reader = postgres::open_to_read(address)?;
                let me = random_hex()?;
                let here = Arc::new(Notifications::new(me.clone()));
                let (to_end, end) = oneshot::channel();
                postgres::listen(address, here.clone(), end)?;
                notifications = Some((here, to_end));
                let asks = reading::start(postgres::open_to_share(address)?)?;
                sharing = Some(Sharing { me, asks });
                (saved, Some(reading::start(reader)?))
            }
        };
        Ok(Self {
            jobs,
            reads,
            is_well,
            working_since,
            leads,
            lead_confirmed: Mutex::default(),
            retention,
            changes,
            location: location.clone(),
            now,
            gateway: match location {
                StoreLocation::Postgres(_) => whoami::hostname().unwrap_or_default(),
                StoreLocation::Memory | StoreLocation::File(_) => String::new(),
            },
            left_out: AtomicU64::new(0),
            saved: Mutex::new(Fresh { turn: 0, saved }),
            access: AtomicI64::default(),
            notifications,
            sharing,
        })
    }

    /// A store that nothing can be written to.
    #[cfg(test)]
    pub(crate) fn that_fails() -> Self {
        Self {
            jobs: mpsc::channel(1).0,
            reads: None,
            is_well: Arc::new(AtomicBool::new(false)),
            working_since: Arc::default(),
            leads: Arc::new(AtomicBool::new(true)),
            lead_confirmed: Mutex::default(),
            retention: Arc::default(),
            changes: Arc::default(),
            location: StoreLocation::Memory,
            now: Arc::new(Utc::now),
            gateway: String::new(),
            left_out: AtomicU64::new(0),
            saved: Mutex::default(),
            access: AtomicI64::default(),
            notifications: None,
            sharing: None,
        }
    }

    /// Whether a store that is elsewhere answers, and could be used. Of a file nothing is asked: opening it would make it.
    ///
    /// # Errors
    /// What is wrong with it, with its name.
    pub(crate) fn check(location: &StoreLocation) -> Result<(), String> {
        match location {
            StoreLocation::Memory | StoreLocation::File(_) => Ok(()),
            StoreLocation::Postgres(address) => postgres::check(address),
        }
    }

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

    /// Records that a change is about to be sent; the number of its row. Once this answers, the row is durable.
    ///
    /// # Errors
    /// It could not be recorded: then the change must not be sent.
    pub(crate) async fn intent(&self, entry: Entry) -> Result<i64, Problem> {
        self.write(RowKind::Intent, None, entry, None).await
    }

    /// Records what became of a change.
    ///
    /// # Errors
    /// It could not be recorded. The intent stays open, and is closed as unknown at the next start.
    pub(crate) async fn outcome(&self, intent: i64, entry: Entry) -> Result<i64, Problem> {
        self.write(RowKind::Outcome, Some(intent), entry, None)
            .await
    }

    /// Records what needs no intent.
    ///
    /// # Errors
    /// It could not be recorded.
    pub(crate) async fn event(&self, entry: Entry) -> Result<i64, Problem> {
        self.write(RowKind::Event, None, entry, None).await
    }

    /// Records what somebody does, and saves with it what that changes: both or neither.
    ///
    /// # Errors
    /// It could not be recorded.
    pub(crate) async fn handle(&self, entry: Entry, change: StateChange) -> Result<i64, Problem> {
        self.write(RowKind::Event, None, entry, Some(change)).await
    }

    fn row(
        &self,
        kind: RowKind,
        of: Option<i64>,
        entry: Entry,
        change: Option<StateChange>,
    ) -> NewRow {
        let entry = Entry {
            gateway: self.gateway.clone(),
            ..entry
        };
        NewRow {
            kind,
            of,
            entry,
            change,
            happened_at: None,
        }
    }

    async fn write(
        &self,
        kind: RowKind,
        of: Option<i64>,
        entry: Entry,
        change: Option<StateChange>,
    ) -> Result<i64, Problem> {
        let (answer, answered) = oneshot::channel();
        let row = self.row(kind, of, entry, change);
        let job = Job::Write(Box::new(row), answer);
        // A queue that is full means that the disk does not keep up: nobody waits behind a thousand others.
        self.jobs.try_send(job).map_err(|_| not_recorded())?;
        let number = self.answer(answered).await.and_then(Result::ok);
        number.ok_or_else(not_recorded)
    }

    /// The writer's answer, if it comes in time. What comes later finds nobody, and the writer sees that: so it never takes
    /// for sent what somebody was told is not.
    async fn answer<T>(&self, mut answered: oneshot::Receiver<T>) -> Option<T> {
        // Whoever comes while it hangs need not wait to find that out again.
        let patience = if self.hangs() {
            Duration::ZERO
        } else {
            PATIENCE
        };
        if let Ok(answer) = tokio::time::timeout(patience, &mut answered).await {
            return answer.ok();
        }
        if !patience.is_zero() {
            tracing::error!(
                "the store does not answer for {} seconds",
                PATIENCE.as_secs()
            );
        }
        answered.close();
        // It may have come just before.
        answered.try_recv().ok()
    }

    /// Whether the writer does not get on with its work, as when a disk hangs.
    fn hangs(&self) -> bool {
        lock(&self.working_since).is_some_and(|since| since.elapsed() >= HANGS)
    }

    /// Records what has happened already, without holding anybody up, once that can be written. What finds no place is
    /// counted, and said with the next that does.
    pub(crate) fn record_later(&self, entry: Entry) {
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 && !self.queue_event(Entry::left_out(left_out, "events")) {
            self.left_out.fetch_add(left_out + 1, Ordering::Relaxed);
        } else if !self.queue_event(entry) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether this finds a place. Half of the queue is for changes and their outcomes alone: many events can
    /// be caused by anybody.
    fn queue_event(&self, entry: Entry) -> bool {
        if self.jobs.capacity() < QUEUE / 2 {
            return false;
        }
        let row = NewRow {
            happened_at: Some((self.now)()),
            ..self.row(RowKind::Event, None, entry, None)
        };
        // Nobody waits for the answer.
        let job = Job::Write(Box::new(row), oneshot::channel().0);
        self.jobs.try_send(job).is_ok()
    }

    /// Records what was seen, without holding anybody up. What finds no place is counted and left out.
    pub(crate) fn record(&self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let number = events.len() as u64;
        if self.jobs.try_send(Job::Events(events)).is_err() {
            self.left_out.fetch_add(number, Ordering::Relaxed);
        }
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
        self.jobs.try_send(Job::Probe(answer)).is_ok() && self.answer(answered).await == Some(true)
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

fn not_recorded() -> Problem {
    Problem::new(
        Kind::NotRecorded,
        "the audit cannot be written, and no change is sent without its record; nothing was sent",
    )
}
