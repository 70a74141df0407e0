//! All watchers, which start, change and end with the configuration.

use super::Clock;
use super::changed::Inboxes;
use super::inbox::Inbox;
use super::inventory::Inventory;
use super::sharing::{self, Configured};
use super::watched_connection::WatchedConnection;
use super::watcher::{Setting, chance};
use crate::lock::lock;
use crate::store::Store;
use crate::supervision::supervise;
use crate::vendor_client::{Upstream, WriteObserver};
use futures_util::future::join_all;
use health::schedule::{Next, Schedule};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// How long a request for a reading waits for its result.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(2);

/// The interval of clock ticks, in milliseconds.
const TICK_INTERVAL_MS: f64 = 1_000.0;

/// The interval of polls for changes by other gateways, in milliseconds, in addition to notifications.
const STORE_POLL_INTERVAL_MS: f64 = 2_000.0;

/// Changes within this time after a notification are polled together.
const CHANGE_DEBOUNCE: Duration = Duration::from_millis(50);

/// The number of ticks between notes that the connections are being watched. It determines how precisely a later
/// gateway knows the unwatched time.
const TICKS_PER_NOTE: u64 = 10;

/// The longest pause between attempts to read the runs from before a restart.
const MAX_RECALL_BACKOFF: Duration = Duration::from_secs(60);

/// A tick that is this late means that the computer slept or the process was suspended.
const SUSPENDED_AFTER: Duration = Duration::from_secs(30);

/// The watchers of all connections. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct Watchers {
    inventory: Arc<Inventory>,
    inboxes: Arc<Inboxes>,
    running: Arc<Mutex<Running>>,
}

/// The running tasks.
#[derive(Debug, Default)]
pub(super) struct Running {
    watchers: HashMap<String, WatchedConnection>,
    ticker: Option<JoinSet<()>>,
    /// Whether the other gateways cannot be reached.
    pub(super) alone: bool,
    /// When the watching was last shared with them.
    pub(super) shared_at: Option<Instant>,
}

impl Watchers {
    /// Creates it without watchers.
    pub(crate) fn new(clock: Clock, store: Arc<Store>) -> Self {
        Self {
            inventory: Arc::new(Inventory::new(clock, store)),
            inboxes: Arc::default(),
            running: Arc::default(),
        }
    }

    pub(crate) fn inventory(&self) -> &Arc<Inventory> {
        &self.inventory
    }

    /// The observer of writes through the relay.
    pub(crate) fn write_observer(&self) -> Arc<dyn WriteObserver> {
        self.inboxes.clone()
    }

    /// Watches exactly these systems. The watcher of an unchanged system continues.
    pub(crate) fn watch(&self, upstreams: &[Arc<Upstream>]) {
        let mut running = lock(&self.running);
        let with_interval = |one: &Arc<Upstream>| (one.public.clone(), interval(one));
        self.inventory
            .configure(upstreams.iter().map(with_interval).collect());
        let mut before = std::mem::take(&mut running.watchers);
        for upstream in upstreams {
            let setting = Setting {
                client: upstream.clone(),
                interval: interval(upstream),
            };
            let id = upstream.public.id.clone();
            let one = match before.remove(&id) {
                Some(one) if one.replace(&setting) => one,
                Some(other) => {
                    drop(other);
                    self.inventory.forget(&id);
                    WatchedConnection::new(setting, &self.inventory)
                }
                None => WatchedConnection::new(setting, &self.inventory),
            };
            running.watchers.insert(id, one);
        }
        drop(before);
        let inbox = |(id, one): (&String, &WatchedConnection)| (id.clone(), one.inbox.clone());
        *self.inboxes.all() = running.watchers.iter().map(inbox).collect();
        let inventory = self.inventory.clone();
        running.ticker.get_or_insert_with(|| {
            let mut ticker = JoinSet::new();
            let (here, inboxes) = (inventory.clone(), self.inboxes.clone());
            ticker.spawn(supervise("the clock tick", move || {
                tick(here.clone(), inboxes.clone())
            }));
            let here = inventory.clone();
            ticker.spawn(supervise("the recall of earlier runs", move || {
                recall_runs(here.clone())
            }));
            let here = inventory.clone();
            ticker.spawn(supervise("the store poll", move || {
                sync_with_store(here.clone())
            }));
            if inventory.store().is_shared() {
                let running = Arc::downgrade(&self.running);
                let share = move || sharing::share(running.clone(), inventory.clone());
                ticker.spawn(supervise("the sharing of the watching", share));
            }
            ticker
        });
        if running.alone || !self.inventory.store().is_shared() {
            running.watch_all();
        }
    }

    /// The ids of the connections that this gateway watches itself.
    pub(crate) fn watched(&self) -> HashSet<String> {
        let running = lock(&self.running);
        let watched = running.watchers.iter().filter(|(_, one)| one.is_watched);
        watched.map(|(id, _)| id.clone()).collect()
    }

    /// The permit of a connection's watcher.
    #[cfg(test)]
    pub(crate) fn permit(&self, id: &str) -> super::permit::Permit {
        lock(&self.running).watchers[id].permit.clone()
    }

    /// Whether this gateway watches all connections because the other gateways cannot be reached.
    pub(crate) fn is_alone(&self) -> bool {
        lock(&self.running).alone
    }

    /// Ends all watchers; the inventory keeps its state.
    pub(crate) fn stop(&self) {
        let mut running = lock(&self.running);
        self.inboxes.all().clear();
        self.inventory.note_watching();
        *running = Running::default();
        drop(self.inventory.store().leave());
    }

    /// Requests a reading of one connection or all, and waits for it for a short time.
    pub(crate) async fn refresh(&self, connection: Option<&str>) {
        let readings: Vec<_> = {
            let inboxes = self.inboxes.all();
            inboxes
                .iter()
                .filter(|(id, _)| connection.is_none_or(|wanted| wanted == id.as_str()))
                .map(|(_, inbox)| (inbox.readings.subscribe(), inbox.refresh()))
                .collect()
        };
        let waits = readings
            .into_iter()
            .map(|(mut readings, until)| async move {
                // An error means that the watcher has ended.
                let _ = readings.wait_for(|one| one.ended >= until).await;
            });
        // A slower reading is published later.
        let _ = timeout(REFRESH_TIMEOUT, join_all(waits)).await;
    }
}

impl Running {
    pub(super) fn configured(&self) -> Vec<Configured> {
        let configured = |(id, one): (&String, &WatchedConnection)| Configured {
            id: id.clone(),
            key: one.key.clone(),
            is_watched: one.is_watched,
        };
        self.watchers.iter().map(configured).collect()
    }

    pub(super) fn watch_all(&mut self) {
        self.watchers
            .values_mut()
            .for_each(WatchedConnection::watch);
    }

    /// Sets whether a connection is watched here or by another gateway.
    pub(super) fn set_watched(&mut self, id: &str, is_watched: bool) {
        match self.watchers.get_mut(id) {
            Some(one) if is_watched => one.watch(),
            Some(one) => one.leave_to_others(),
            None => {}
        }
    }

    /// The inbox of a connection's watcher, if the connection is watched here.
    pub(super) fn watched_inbox(&self, key: &str) -> Option<&Inbox> {
        let mut all = self.watchers.values();
        let one = all.find(|one| one.is_watched && one.key == key)?;
        Some(&one.inbox)
    }

    /// Notes that another gateway has read a connection.
    pub(super) fn mark_read_by_other_gateway(&self, id: &str) {
        if let Some(one) = self.watchers.get(id) {
            one.inbox.mark_read_by_other_gateway();
        }
    }
}

/// The interval between readings. Within the sharing time they would only repeat shared answers.
fn interval(upstream: &Upstream) -> Duration {
    upstream.watch.max(upstream.share)
}

/// Ticks the inventory, because a connection that falls silent publishes nothing.
async fn tick(inventory: Arc<Inventory>, inboxes: Arc<Inboxes>) {
    let clock = inventory.clock().clone();
    let mut last = (clock.computer(), clock.now());
    for round in 0_u64.. {
        if round % TICKS_PER_NOTE == 0 {
            inventory.note_watching();
        }
        clock.sleep_until(clock.millis() + TICK_INTERVAL_MS).await;
        let computer = clock.computer();
        // A clock that was set back gives no duration.
        let passed = computer.duration_since(last.0).unwrap_or_default();
        if passed > SUSPENDED_AFTER {
            inventory.record_suspension(last.1);
            // The schedules stood still, and silence is judged soon.
            for inbox in inboxes.all().values() {
                inbox.refresh();
            }
        }
        last = (computer, clock.now());
        inventory.tick();
    }
}

/// Polls for changes by other gateways. A task of its own, because the store may be slow.
async fn sync_with_store(inventory: Arc<Inventory>) {
    let clock = inventory.clock().clone();
    loop {
        tokio::select! {
            () = clock.sleep_until(clock.millis() + STORE_POLL_INTERVAL_MS) => {}
            () = inventory.store_changed() => sleep(CHANGE_DEBOUNCE).await,
        }
        inventory.sync_with_store().await;
    }
}

/// Reads the runs from before a restart. A task of its own, because the store poll must not wait for it.
async fn recall_runs(inventory: Arc<Inventory>) {
    let clock = inventory.clock().clone();
    let recall = || {
        let here = inventory.clone();
        async move { here.recall_runs().await }
    };
    retry(clock, recall).await;
}

/// Repeats an attempt until it succeeds, with increasing pauses.
async fn retry<T: Future<Output = bool>>(clock: Clock, attempt: impl Fn() -> T) {
    let mut schedule = Schedule::default();
    schedule.set(MAX_RECALL_BACKOFF, false, false);
    while !attempt().await {
        schedule.failed(clock.millis(), None, chance());
        while let Next::At(at) = schedule.next(clock.millis()) {
            clock.sleep_until(at).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StoreLocation;
    use crate::store::ActivityQuery;
    use crate::watch::Skips;
    use chrono::DateTime;
    use futures_util::FutureExt as _;
    use health::events::EventKind;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::SystemTime;
    use tokio::sync::watch;

    static SECONDS: AtomicU64 = AtomicU64::new(0);

    fn computer() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(SECONDS.load(Ordering::SeqCst))
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_tick_restarts_after_a_fault() {
        static TICKS: AtomicU64 = AtomicU64::new(0);
        fn fails_at_first() -> SystemTime {
            assert!(TICKS.fetch_add(1, Ordering::SeqCst) > 0, "on purpose");
            SystemTime::UNIX_EPOCH
        }
        let store = Arc::new(Store::open(&StoreLocation::Memory).unwrap());
        let watchers = Watchers::new(Clock::system().beside(fails_at_first), store);
        watchers.watch(&[]);
        sleep(Duration::from_secs(10)).await;
        assert!(TICKS.load(Ordering::SeqCst) > 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_store_poll_restarts_after_each_fault() {
        let store = Arc::new(Store::open(&StoreLocation::Memory).unwrap());
        let watchers = Watchers::new(Clock::system(), store.clone());
        let inventory = watchers.inventory().clone();
        inventory.cause_faults("the store poll", 3);
        watchers.watch(&[]);
        while inventory.faults_left("the store poll") > 0 {
            sleep(Duration::from_secs(1)).await;
            // It starts with a query of the store, which takes no time of this clock.
            store.complete_since().await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_suspension_everything_is_read_and_the_time_is_recorded_as_unwatched() {
        let (_skips, skipped) = watch::channel(Skips::default());
        let now = || DateTime::from(computer());
        let store = Arc::new(Store::open_by(&StoreLocation::Memory, now).unwrap());
        let clock = Clock::new(now, skipped).beside(computer);
        let inventory = Arc::new(Inventory::new(clock, store.clone()));
        let (inboxes, inbox) = (Arc::new(Inboxes::default()), Arc::new(Inbox::new()));
        inboxes.all().insert("plant".to_owned(), inbox.clone());
        let ticker = tokio::spawn(tick(inventory, inboxes));
        // A tick may be up to 30 s late.
        for late in [1, 30, 3_600] {
            sleep(Duration::from_millis(1_100)).await;
            assert!(inbox.next().now_or_never().is_none());
            SECONDS.fetch_add(late, Ordering::SeqCst);
        }
        let request = timeout(Duration::from_secs(5), inbox.next()).await;
        assert!(request.is_ok_and(|one| one.refresh), "it is read at once");
        let query = ActivityQuery {
            kinds: vec![EventKind::Watching.key().to_owned()],
            limit: 10,
            ..ActivityQuery::default()
        };
        let mut events = Vec::new();
        while events.len() < 2 {
            sleep(Duration::from_millis(1_100)).await;
            let entries = store.activity(query.clone()).await.unwrap();
            events = entries
                .into_iter()
                .map(|one| (one.before, one.what))
                .collect();
        }
        let began = "The gateway started watching. Earlier events are not known.";
        let stood = "The gateway did not watch for 1 h. Of the changes in that time, only those of primaries and slicers on \
                     air are known.";
        let since = "1970-01-01T00:00:31.000Z".to_owned();
        let expected = [(Some(since), stood.to_owned()), (None, began.to_owned())];
        assert_eq!(events, expected);
        ticker.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_read_of_the_store_is_retried_until_it_succeeds() {
        let (clock, attempts) = (Clock::system(), AtomicU64::new(0));
        let attempt = || std::future::ready(attempts.fetch_add(1, Ordering::SeqCst) == 5);
        retry(clock.clone(), attempt).await;
        assert_eq!(attempts.load(Ordering::SeqCst), 6);
        // Each pause is at least one second.
        assert!((5_000.0..=5.0 * 60_000.0).contains(&clock.millis()));
        for (store, expected) in [
            (Store::failing(), false),
            (Store::open(&StoreLocation::Memory).unwrap(), true),
        ] {
            let watchers = Watchers::new(Clock::system(), Arc::new(store));
            assert_eq!(watchers.inventory().recall_runs().await, expected);
        }
    }
}
