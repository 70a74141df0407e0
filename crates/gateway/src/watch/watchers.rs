//! All watchers: they begin, change and end with the configuration.

use super::changed::Inboxes;
use super::inbox::Inbox;
use super::inventory::Inventory;
use super::watcher::{Setting, Settings, Watcher};
use super::{Clock, aveva, uplynk, veeam, whole};
use crate::store::Store;
use crate::vendor_client::{Upstream, WriteObserver};
use chrono::TimeDelta;
use futures_util::future::join_all;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use vendors::System;

/// How long who asks for a reading waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often the clock is looked at, in milliseconds.
const TICK: f64 = 1_000.0;

/// How often it is looked for what other gateways have changed, in milliseconds, also if nobody tells of it.
const LOOK: f64 = 2_000.0;

/// What is changed within this time after somebody has told of something is looked for together with it.
const TOGETHER: Duration = Duration::from_millis(50);

/// After how many looks at the clock it is noted that somebody watches: so exactly a later gateway knows for how long
/// nobody did.
const MARK: u64 = 10;

/// After a fault in a watcher, how long until there is another one.
const AFTER_A_FAULT: Duration = Duration::from_secs(5);

/// The watchers of all connections. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct Watchers {
    inventory: Arc<Inventory>,
    inboxes: Arc<Inboxes>,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    watchers: HashMap<String, One>,
    ticker: Option<JoinSet<()>>,
}

/// One watcher.
#[derive(Debug)]
struct One {
    settings: Settings,
    inbox: Arc<Inbox>,
    /// Ends it when it is dropped.
    _task: JoinSet<()>,
}

impl Watchers {
    /// No watcher yet.
    pub(crate) fn new(clock: Clock, store: Arc<Store>) -> Self {
        Self {
            inventory: Arc::new(Inventory::new(clock, store)),
            inboxes: Arc::default(),
            running: Mutex::default(),
        }
    }

    /// What they know.
    pub(crate) fn inventory(&self) -> &Arc<Inventory> {
        &self.inventory
    }

    /// Is to be told of writes.
    pub(crate) fn write_observer(&self) -> Arc<dyn WriteObserver> {
        self.inboxes.clone()
    }

    /// Watches exactly these systems. A watcher whose system is the same goes on with what it knows.
    pub(crate) fn watch(&self, upstreams: &[Arc<Upstream>]) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
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
                    One::start(setting, &self.inventory)
                }
                None => One::start(setting, &self.inventory),
            };
            running.watchers.insert(id, one);
        }
        drop(before);
        let inbox = |(id, one): (&String, &One)| (id.clone(), one.inbox.clone());
        *self.inboxes.all() = running.watchers.iter().map(inbox).collect();
        let inventory = self.inventory.clone();
        running.ticker.get_or_insert_with(|| {
            let mut ticker = JoinSet::new();
            ticker.spawn(tick(inventory.clone()));
            ticker.spawn(look_around(inventory));
            ticker
        });
    }

    /// Ends them all; what they know stays.
    pub(crate) fn stop(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        self.inboxes.all().clear();
        self.inventory.watched();
        *running = Running::default();
    }

    /// Lets one connection or all be read now, and waits for that, but not long.
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
                // Its end says that there is nobody left who could read.
                let _ = readings.wait_for(|one| one.ended >= until).await;
            });
        // Whoever is slower is told of when it comes.
        let _ = timeout(PATIENCE, join_all(waits)).await;
    }
}

/// How often a system is read. What is shared for longer would only be read from memory.
fn interval(upstream: &Upstream) -> Duration {
    upstream.watch.max(upstream.share)
}

impl One {
    fn start(setting: Setting, inventory: &Arc<Inventory>) -> Self {
        let settings = Arc::new(Mutex::new(setting));
        let inbox = Arc::new(Inbox::new());
        let mut task = JoinSet::new();
        task.spawn(supervise(
            settings.clone(),
            inventory.clone(),
            inbox.clone(),
        ));
        Self {
            settings,
            inbox,
            _task: task,
        }
    }

    /// Goes on with another setting, if it is of the same system.
    fn replace(&self, new: &Setting) -> bool {
        let mut setting = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let same = setting.client.is_same_system(&new.client);
        if same {
            *setting = new.clone();
            self.inbox.set();
        }
        same
    }
}

/// Keeps one watcher running: one that is obsolete begins anew, and so does one that has failed by a fault of
/// its own.
async fn supervise(settings: Settings, inventory: Arc<Inventory>, inbox: Arc<Inbox>) {
    loop {
        let watcher = Watcher::new(settings.clone(), inventory.clone(), inbox.clone());
        let connection = watcher.connection().to_owned();
        // Within this task's life.
        let mut task = JoinSet::new();
        task.spawn(run(watcher));
        if let Some(Err(fault)) = task.join_next().await {
            tracing::error!(connection, %fault, "a watcher has failed and begins anew");
            sleep(AFTER_A_FAULT).await;
        }
    }
}

async fn run(watcher: Watcher) {
    match watcher.system().clone() {
        System::Aveva(base) => aveva::run(watcher, base).await,
        System::Uplynk => {
            whole::run(watcher, |source, when| Box::pin(uplynk::read(source, when))).await;
        }
        System::Veeam {
            accept,
            recent_hours,
        } => {
            let recent = TimeDelta::hours(recent_hours.into());
            let without = veeam::WithoutQuery::default();
            whole::run(watcher, move |source, when| {
                Box::pin(veeam::read(source, when, accept, recent, without.clone()))
            })
            .await;
        }
    }
}

/// Looks at the clock: who has fallen silent is nobody's publication.
async fn tick(inventory: Arc<Inventory>) {
    let clock = inventory.clock().clone();
    for round in 0_u64.. {
        if round % MARK == 0 {
            inventory.watched();
        }
        clock.sleep_until(clock.millis() + TICK).await;
        inventory.tick();
    }
}

/// Looks for what other gateways have changed. Apart from the looks at the clock: a store may take long to answer.
async fn look_around(inventory: Arc<Inventory>) {
    let clock = inventory.clock().clone();
    loop {
        tokio::select! {
            () = clock.sleep_until(clock.millis() + LOOK) => {}
            () = inventory.told() => sleep(TOGETHER).await,
        }
        inventory.look_around().await;
    }
}
