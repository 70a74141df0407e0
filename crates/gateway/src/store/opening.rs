//! Opening a store.

use super::access::Fresh;
use super::notifications::Notifications;
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
}
