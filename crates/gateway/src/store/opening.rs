//! Opening a store.

use super::access::TableSnapshot;
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
    /// Opens a store, creates it if it does not exist, and closes intents that ended processes left open.
    ///
    /// # Errors
    /// A description of the problem that names the file.
    pub(crate) fn open(location: &StoreLocation) -> Result<Self, String> {
        Self::open_by(location, Utc::now)
    }

    /// The same, but waits for a database that is unavailable: after a power cut it may start later than the gateway.
    ///
    /// # Errors
    /// A description of the problem that names the database.
    pub(crate) fn open_patiently(location: &StoreLocation) -> Result<Self, String> {
        Self::open_with(location, Arc::new(Utc::now), true)
    }

    /// Opens a store with this clock.
    ///
    /// # Errors
    /// A description of the problem that names the file.
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
                let gateway_id = random_hex()?;
                let here = Arc::new(Notifications::new(gateway_id.clone()));
                let (to_end, end) = oneshot::channel();
                postgres::listen(address, here.clone(), end)?;
                store.notifications = Some((here, to_end));
                let jobs = reading::start(postgres::open_to_share(address)?)?;
                store.sharing = Some(Sharing { gateway_id, jobs });
                store.gateway = whoami::hostname().unwrap_or_default();
                saved
            }
        };
        store.saved = Mutex::new(TableSnapshot { sequence: 0, saved });
        Ok(store)
    }

    /// A store whose writer reads this queue, without a database yet.
    pub(super) fn new(jobs: mpsc::Sender<Job>, location: &StoreLocation, now: TimeSource) -> Self {
        Self {
            jobs,
            reads: None,
            is_writable: Arc::new(AtomicBool::new(true)),
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

    /// The part of the state that the writer shares.
    pub(super) fn writer_state(&self) -> writer::State {
        writer::State {
            is_writable: self.is_writable.clone(),
            working_since: self.working_since.clone(),
            changes: self.changes.clone(),
            leads: self.leads.clone(),
            retention: self.retention.clone(),
            sequences: AtomicU64::default(),
            now: self.now.clone(),
        }
    }

    /// A store whose writes fail.
    #[cfg(test)]
    pub(crate) fn failing() -> Self {
        let jobs = mpsc::channel(1).0;
        Self {
            is_writable: Arc::default(),
            ..Self::new(jobs, &StoreLocation::Memory, Arc::new(Utc::now))
        }
    }

    /// Checks that a store can be used, without creating or changing it.
    ///
    /// # Errors
    /// A description of the problem that names the store.
    pub(crate) fn check(location: &StoreLocation) -> Result<(), String> {
        match location {
            StoreLocation::Memory => Ok(()),
            StoreLocation::File(path) => sqlite::check(path),
            StoreLocation::Postgres(address) => postgres::check(address),
        }
    }
}
