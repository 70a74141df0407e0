//! Opening a store.

use super::access::Fresh;
use super::notifications::Notifications;
use super::writer::Job;
use super::{MAX_WAITING_JOBS, Sharing, Store, TimeSource, postgres, reading, sqlite, writer};
use crate::config::StoreLocation;
use crate::crypto::random_hex;
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

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
        let (jobs, queue) = mpsc::channel(MAX_WAITING_JOBS);
        let mut store = Self::new(jobs, location, now);
        let state = store.writer_state();
        let at = location.clone();
        let saved = match location {
            StoreLocation::Memory => writer::start(move || sqlite::open(&at), queue, state)?,
            StoreLocation::File(path) => {
                let saved = writer::start(move || sqlite::open(&at), queue, state)?;
                store.reads = Some(reading::start(sqlite::open_to_read(path)?)?);
                saved
            }
            StoreLocation::Postgres(address) => {
                let to_write = address.clone();
                let saved = writer::start(move || postgres::open(&to_write, waits), queue, state)?;
                store.reads = Some(reading::start(postgres::open_to_read(address)?)?);
                let me = random_hex()?;
                let here = Arc::new(Notifications::new(me.clone()));
                let (to_end, end) = oneshot::channel();
                postgres::listen(address, here.clone(), end)?;
                store.notifications = Some((here, to_end));
                let asks = reading::start(postgres::open_to_share(address)?)?;
                store.sharing = Some(Sharing { me, asks });
                store.gateway = whoami::hostname().unwrap_or_default();
                saved
            }
        };
        store.saved = Mutex::new(Fresh { turn: 0, saved });
        Ok(store)
    }

    /// A store whose writer takes these jobs, and that nothing else is known of.
    pub(super) fn new(jobs: mpsc::Sender<Job>, location: &StoreLocation, now: TimeSource) -> Self {
        Self {
            jobs,
            reads: None,
            is_well: Arc::new(AtomicBool::new(true)),
            working_since: Arc::default(),
            leads: Arc::new(AtomicBool::new(true)),
            lead_confirmed: Mutex::default(),
            retention: Arc::default(),
            changes: Arc::default(),
            location: location.clone(),
            now,
            gateway: String::new(),
            left_out: AtomicU64::new(0),
            unqueued: Mutex::default(),
            saved: Mutex::default(),
            access: AtomicI64::default(),
            notifications: None,
            sharing: None,
        }
    }

    /// What its writer shares with it.
    pub(super) fn writer_state(&self) -> writer::State {
        writer::State {
            is_well: self.is_well.clone(),
            working_since: self.working_since.clone(),
            changes: self.changes.clone(),
            leads: self.leads.clone(),
            retention: self.retention.clone(),
            turns: AtomicU64::default(),
            now: self.now.clone(),
        }
    }

    /// A store that nothing can be written to.
    #[cfg(test)]
    pub(crate) fn that_fails() -> Self {
        let jobs = mpsc::channel(1).0;
        Self {
            is_well: Arc::default(),
            ..Self::new(jobs, &StoreLocation::Memory, Arc::new(Utc::now))
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
}
