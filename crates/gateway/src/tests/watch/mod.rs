//! The watchers of simulated systems, whose responses each test defines. Time passes only when a test advances it.

mod alarm_actions;
mod alerts;
mod change;
mod disconnected_clients;
mod failures;
mod plant;
mod report;
mod shared_store;
mod sharing;
mod slow;
mod sweep;
mod systems;
mod veeam;
mod viewers;

use super::vendor::{Vendor, json as vendor_json};
use super::*;
use crate::app::Shared;
use crate::store::Store;
use crate::watch::{Clock, Skips};
use chrono::{DateTime, TimeDelta, Utc};
use health::inventory::{Facts, Observed, Resource};
use plant::{Behaviour, Plant};
use protocol::{ConnectionState, Inventory, ReadFailure};
use tokio::sync::watch;

/// A gateway with a frozen clock, which tests advance.
struct Fixture {
    gateway: Arc<Gateway>,
    skips: watch::Sender<Skips>,
}

/// A connection that is read every five minutes, so that all other reads are caused by the test.
fn watched(id: &str, base: &str) -> config::Connection {
    config::Connection {
        watch: Duration::from_secs(300),
        timeout: Duration::from_secs(20),
        ..connection(id, aveva(), base, basic())
    }
}

/// A connection with a short timeout, for systems with requests that are never answered.
fn watched_briefly(id: &str, base: &str) -> config::Connection {
    config::Connection {
        timeout: Duration::from_millis(800),
        ..watched(id, base)
    }
}

impl Fixture {
    /// A gateway with a store in memory that has the same clock.
    fn new(connections: Vec<config::Connection>) -> Self {
        let (skips, skipped) = watch::channel(Skips::default());
        let store = Store::open_by(&config::StoreLocation::Memory, clock(&skipped)).unwrap();
        Self::assembled(connections, store, skips, skipped)
    }

    fn with_store(connections: Vec<config::Connection>, store: Store) -> Self {
        let (skips, skipped) = watch::channel(Skips::default());
        Self::assembled(connections, store, skips, skipped)
    }

    fn assembled(
        connections: Vec<config::Connection>,
        store: Store,
        skips: watch::Sender<Skips>,
        skipped: watch::Receiver<Skips>,
    ) -> Self {
        let clock = Clock::new(clock(&skipped), skipped);
        let shared = Arc::new(Shared::new(clock, store));
        let gateway = with_shared(connections, shared);
        gateway.watch();
        Self { gateway, skips }
    }

    async fn of(plant: &Plant) -> Self {
        let fixture = Self::new(vec![watched("plant-a", &plant.base)]);
        fixture
            .until("a first reading", |all| {
                all.connections()[0].observed_at.is_some()
            })
            .await;
        fixture
    }

    fn skip(&self, seconds: u64) {
        self.skips
            .send_modify(|skips| skips.total += Duration::from_secs(seconds));
    }

    fn all(&self) -> Inventory {
        self.gateway.shared.watchers.inventory().everything()
    }

    /// Waits until the condition holds; `what` names it for the panic message.
    async fn until(&self, what: &str, is: impl Fn(&Inventory) -> bool) -> Inventory {
        for _ in 0..2_000 {
            let all = self.all();
            if is(&all) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{what} did not come: {:?}", self.all().connections);
    }

    /// Requests a reading, as a user does, and waits for it.
    async fn refresh(&self) -> Inventory {
        // At most one such request per second is accepted.
        self.skip(1);
        self.gateway.shared.watchers.refresh(None).await;
        self.all()
    }
}

/// The time of the clock.
fn clock(
    skipped: &watch::Receiver<Skips>,
) -> impl Fn() -> DateTime<Utc> + Clone + Send + Sync + 'static {
    let skipped = skipped.clone();
    move || {
        let total = TimeDelta::from_std(skipped.borrow().total).unwrap();
        DateTime::<Utc>::UNIX_EPOCH + total
    }
}

fn with_shared(connections: Vec<config::Connection>, shared: Arc<Shared>) -> Arc<Gateway> {
    let index = ("index.html".to_owned(), b"<h1>console</h1>".to_vec());
    let assets = Assets::from_files([index]);
    Arc::new(Gateway::with(connections, Access::local(), None, assets, shared).unwrap())
}

/// Shortcuts for assertions.
trait InventoryExt {
    fn connections(&self) -> &[ConnectionState];
    fn resource(&self, id: &str) -> &Resource;
    fn word(&self, id: &str) -> &str;
    fn failure(&self) -> Option<&ReadFailure>;
}

impl InventoryExt for Inventory {
    fn connections(&self) -> &[ConnectionState] {
        self.connections.as_deref().unwrap()
    }

    fn resource(&self, id: &str) -> &Resource {
        let mut all = self.resources.iter();
        all.find(|one| one.key.id == id)
            .unwrap_or_else(|| panic!("no {id}"))
    }

    fn word(&self, id: &str) -> &str {
        &self.resource(id).verdict.word
    }

    fn failure(&self) -> Option<&ReadFailure> {
        self.connections()[0].failure.as_ref()
    }
}
