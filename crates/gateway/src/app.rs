//! The state of a running gateway. `http::router::app` makes its router, which is callable without a socket.

use crate::alerts::{Alerting, Setting};
use crate::answer_cache::AnswerCache;
use crate::assets::{Assets, EarlierFiles};
use crate::audit::{Actor, Audit};
use crate::auth::Access;
use crate::changes::Changes;
use crate::clock::{SigningClock, wall_clock};
use crate::config;
use crate::credentials::MAX_SECONDS_AHEAD;
use crate::in_flight::InFlight;
use crate::lock::lock;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::store::Store;
use crate::thumbnails::Thumbnails;
use crate::vendor_client::{Accounts, ReadObserver, SecondsOf, Upstream};
use crate::watch::{Audience, Clock, Position, Watchers};
use axum::body::Bytes;
use axum::http::HeaderValue;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vendors::System;

/// State that survives a configuration reload.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) metrics: Metrics,
    /// Queues of signed requests. They survive a reload because no second may be used twice.
    accounts: Mutex<Accounts>,
    /// Set when shutdown begins, so that load balancers send no new requests.
    pub(crate) stopping: AtomicBool,
    /// Persistent state.
    pub(crate) store: Arc<Store>,
    /// Changes in progress, from their intent to their outcome. Shutdown waits for them.
    pub(crate) changes: Changes,
    /// Locked while an alarm is compared with what the user saw and then changed.
    pub(crate) acknowledging: Arc<tokio::sync::Mutex<()>>,
    /// The watchers of all connections, and their inventory.
    pub(crate) watchers: Watchers,
    /// The sender of messages about alarms.
    pub(crate) alerts: Arc<Alerting>,
    /// Large responses that are being sent.
    pub(crate) in_flight: Arc<InFlight>,
    /// Recent inventory responses, shared by identical requests.
    pub(crate) inventory_answers: AnswerCache<InventoryKey, Result<InventoryAnswer, Problem>>,
    /// Files of earlier builds, for pages that were opened before an upgrade.
    pub(crate) earlier_files: EarlierFiles,
}

/// Requests with equal keys get the same inventory response.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct InventoryKey {
    pub(crate) position: Position,
    pub(crate) audience: Audience,
    pub(crate) accepted: Option<HeaderValue>,
}

/// A compressed inventory response.
#[derive(Debug, Clone)]
pub(crate) struct InventoryAnswer {
    pub(crate) now: DateTime<Utc>,
    pub(crate) encoding: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

#[cfg(test)]
impl Default for Shared {
    fn default() -> Self {
        Self::in_memory(Clock::system())
    }
}

impl Shared {
    /// Empty state, with the clock of the watchers and the store that records events.
    pub(crate) fn new(clock: Clock, store: Store) -> Self {
        let store = Arc::new(store);
        let watchers = Watchers::new(clock, store.clone());
        let accounts = Accounts::new(wall_clock(), Some(shared_seconds(store.clone())));
        Self {
            alerts: Arc::new(Alerting::new(watchers.inventory().clone(), store.clone())),
            watchers,
            store,
            changes: Changes::default(),
            acknowledging: Arc::default(),
            in_flight: Arc::default(),
            inventory_answers: AnswerCache::default(),
            earlier_files: EarlierFiles::default(),
            metrics: Metrics::default(),
            accounts: Mutex::new(accounts),
            stopping: AtomicBool::new(false),
        }
    }

    /// Uses `clock` instead of the computer's clock for request signatures.
    pub(crate) fn signing_by(mut self, clock: SigningClock) -> Self {
        let shared = shared_seconds(self.store.clone());
        self.accounts = Mutex::new(Accounts::new(clock, Some(shared)));
        self
    }

    /// State with a store in memory.
    #[cfg(test)]
    pub(crate) fn in_memory(clock: Clock) -> Self {
        let store = Store::open(&config::StoreLocation::Memory);
        Self::new(clock, store.expect("memory for a store"))
    }
}

/// The state of a running gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    /// The vendor systems, in the order of the configuration.
    pub(crate) upstreams: Vec<Arc<Upstream>>,
    /// The thumbnails of the connections that have some, by the connection's id.
    pub(crate) thumbnails: HashMap<String, Arc<Thumbnails>>,
    /// Authentication of visitors.
    pub(crate) access: Access,
    /// The origin at which browsers reach the gateway through a proxy.
    pub(crate) public_origin: Option<String>,
    /// The path prefix of the console in browsers: empty, or for example `/failover`.
    pub(crate) base_path: String,
    /// Whether the gateway has its own certificate.
    pub(crate) tls: bool,
    /// How long the gateway keeps serving after a stop signal, so that load balancers notice.
    pub(crate) drain: Duration,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub(crate) trusted_proxies: Vec<config::Network>,
    /// The bearer token that grants access to `/metrics` and `/api/inventory` without a session.
    pub(crate) metrics_token: Option<SecretString>,
    /// The rules and targets of messages about alarms.
    pub(crate) alerts: Setting,
    /// The built console.
    pub(crate) assets: Assets,
    /// State that survives a configuration reload.
    pub(crate) shared: Arc<Shared>,
}

impl Gateway {
    /// Builds a gateway without connecting to the vendor systems.
    ///
    /// # Errors
    /// A connection cannot be used: its id and the reason.
    #[cfg(test)]
    pub(crate) fn new(
        connections: Vec<config::Connection>,
        access: Access,
        public_origin: Option<String>,
        assets: Assets,
    ) -> Result<Self, String> {
        Self::with(connections, access, public_origin, assets, Arc::default())
    }

    /// Builds a gateway that continues with the shared state of a previous one.
    ///
    /// # Errors
    /// A connection cannot be used: its id and the reason.
    pub(crate) fn with(
        connections: Vec<config::Connection>,
        access: Access,
        public_origin: Option<String>,
        assets: Assets,
        shared: Arc<Shared>,
    ) -> Result<Self, String> {
        let mut accounts = lock(&shared.accounts);
        let mut upstreams = Vec::new();
        let mut thumbnails = HashMap::new();
        for connection in connections {
            let id = connection.public.id.clone();
            let fail = |why| format!("connection {id:?}: {why}");
            let connection_thumbnails = thumbnails_of(&connection).map_err(fail)?;
            let observer = connection_thumbnails
                .clone()
                .map(|thumbnails| thumbnails as Arc<dyn ReadObserver>);
            let writes = Some(shared.watchers.write_observer());
            let upstream =
                Upstream::new(connection, &mut accounts, &shared.metrics, observer, writes)
                    .map_err(fail)?;
            upstreams.push(Arc::new(upstream));
            thumbnails.extend(connection_thumbnails.map(|thumbnails| (id, thumbnails)));
        }
        let ids: Vec<&str> = upstreams
            .iter()
            .map(|upstream| upstream.public.id.as_str())
            .collect();
        shared.metrics.keep_only(&ids);
        drop(accounts);
        Ok(Self {
            upstreams,
            thumbnails,
            access,
            public_origin,
            base_path: String::new(),
            tls: false,
            drain: Duration::ZERO,
            trusted_proxies: Vec::new(),
            metrics_token: None,
            alerts: Setting::default(),
            assets,
            shared,
        })
    }

    /// Whether browsers reach this gateway at an https address.
    pub(crate) fn has_https_origin(&self) -> bool {
        self.public_origin
            .as_ref()
            .is_some_and(|origin| origin.starts_with("https://"))
    }

    /// The audit recorder for one actor.
    pub(crate) fn audit<'a>(&'a self, actor: &'a Actor) -> Audit<'a> {
        Audit {
            store: &self.shared.store,
            metrics: &self.shared.metrics,
            actor,
        }
    }

    /// The vendor system of a connection, by its id.
    pub(crate) fn upstream(&self, connection: &str) -> Option<&Arc<Upstream>> {
        let mut upstreams = self.upstreams.iter();
        upstreams.find(|upstream| upstream.public.id == connection)
    }

    /// Starts watching the systems of this configuration and stops watching those of the previous one.
    pub(crate) fn watch(&self) {
        self.shared.watchers.watch(&self.upstreams);
        self.shared.alerts.set(self.alerts.clone());
    }

    /// Logs off from all vendors. Call it once, after the last request.
    pub(crate) async fn log_off(&self) {
        for upstream in &self.upstreams {
            upstream.log_off().await;
        }
    }
}

/// Reserves the seconds of signatures in the store, so that gateways that share it never use the same one.
fn shared_seconds(store: Arc<Store>) -> SecondsOf {
    Box::new(move |account| {
        let store = store.clone();
        Arc::new(move |now| {
            let (store, account) = (store.clone(), account.clone());
            Box::pin(async move { store.take_second(account, now, MAX_SECONDS_AHEAD).await })
        })
    })
}

/// The thumbnails of a connection, if its system has thumbnails.
fn thumbnails_of(connection: &config::Connection) -> Result<Option<Arc<Thumbnails>>, String> {
    if !matches!(connection.public.system, System::Uplynk) {
        return Ok(None);
    }
    Thumbnails::new(connection).map(|thumbnails| Some(Arc::new(thumbnails)))
}
