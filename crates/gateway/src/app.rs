//! The state of a running gateway. `http::router::app` makes its router, which is callable without a socket.

use crate::alerts::{Alerting, Setting};
use crate::answer_cache::AnswerCache;
use crate::assets::{Assets, EarlierFiles};
use crate::audit::{Actor, Audit};
use crate::auth::Access;
use crate::changes::Changes;
use crate::clock::{SigningClock, wall_clock};
use crate::config;
use crate::credentials::AHEAD;
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

/// What survives a change of the configuration.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) metrics: Metrics,
    /// Queues of signed requests. A second must not be used twice, also across a change.
    accounts: Mutex<Accounts>,
    /// Set once the gateway stops and should get no new requests.
    pub(crate) stopping: AtomicBool,
    /// What outlives the process.
    pub(crate) store: Arc<Store>,
    /// Held by each change from its intent to its outcome, so that a stop can wait for them.
    pub(crate) changes: Changes,
    /// Held from the comparison of an alarm with what somebody saw to what they then do about it.
    pub(crate) acknowledging: Arc<tokio::sync::Mutex<()>>,
    /// Who watches the connections, and what they know.
    pub(crate) watchers: Watchers,
    /// What sends messages about alarms.
    pub(crate) alerts: Arc<Alerting>,
    /// Large answers that are being sent.
    pub(crate) in_flight: Arc<InFlight>,
    /// Answers with the inventory that were made a moment ago, for all who ask the same.
    pub(crate) inventory_answers: AnswerCache<InventoryKey, Result<InventoryAnswer, Problem>>,
    /// What pages that were opened before an upgrade still ask for.
    pub(crate) earlier_files: EarlierFiles,
}

/// What makes two answers with the inventory the same.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct InventoryKey {
    pub(crate) position: Position,
    pub(crate) audience: Audience,
    pub(crate) accepted: Option<HeaderValue>,
}

/// An answer with the inventory, compressed.
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
    /// Nothing yet, watched by this clock, recorded in this store.
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

    /// Signs by another clock than the computer's.
    pub(crate) fn signing_by(mut self, clock: SigningClock) -> Self {
        let shared = shared_seconds(self.store.clone());
        self.accounts = Mutex::new(Accounts::new(clock, Some(shared)));
        self
    }

    /// With a store that ends with the test.
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
    /// How visitors are authenticated.
    pub(crate) access: Access,
    /// The origin at which browsers reach the gateway through a proxy.
    pub(crate) public_origin: Option<String>,
    /// The path below which browsers find the console; empty, or such as `/failover`.
    pub(crate) base_path: String,
    /// Whether the gateway has its own certificate.
    pub(crate) tls: bool,
    /// How long it goes on serving once it was told to stop, so that a balancer sees it.
    pub(crate) drain: Duration,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub(crate) trusted_proxies: Vec<config::Network>,
    /// The bearer token that reads `/metrics` and `/api/inventory` without a session.
    pub(crate) metrics_token: Option<SecretString>,
    /// Where messages about alarms go, and by which rules.
    pub(crate) alerts: Setting,
    /// The built console.
    pub(crate) assets: Assets,
    /// What survives a change of the configuration.
    pub(crate) shared: Arc<Shared>,
}

impl Gateway {
    /// A gateway to these systems. Does not connect.
    ///
    /// # Errors
    /// Why a connection cannot be used, with its id.
    #[cfg(test)]
    pub(crate) fn new(
        connections: Vec<config::Connection>,
        access: Access,
        public_origin: Option<String>,
        assets: Assets,
    ) -> Result<Self, String> {
        Self::with(connections, access, public_origin, assets, Arc::default())
    }

    /// A gateway that continues with the counters and queues of another.
    ///
    /// # Errors
    /// Why a connection cannot be used, with its id.
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
            let own = thumbnails_of(&connection).map_err(fail)?;
            let observer = own
                .clone()
                .map(|thumbnails| thumbnails as Arc<dyn ReadObserver>);
            let writes = Some(shared.watchers.write_observer());
            let upstream =
                Upstream::new(connection, &mut accounts, &shared.metrics, observer, writes)
                    .map_err(fail)?;
            upstreams.push(Arc::new(upstream));
            thumbnails.extend(own.map(|thumbnails| (id, thumbnails)));
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

    /// Whether browsers know this gateway by an https address.
    pub(crate) fn has_https_origin(&self) -> bool {
        self.public_origin
            .as_ref()
            .is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Records what somebody does.
    pub(crate) fn audit<'a>(&'a self, actor: &'a Actor) -> Audit<'a> {
        Audit {
            store: &self.shared.store,
            metrics: &self.shared.metrics,
            actor,
        }
    }

    /// The vendor system of this connection.
    pub(crate) fn upstream(&self, connection: &str) -> Option<&Arc<Upstream>> {
        let mut upstreams = self.upstreams.iter();
        upstreams.find(|upstream| upstream.public.id == connection)
    }

    /// Watches the vendors' systems from now on, in place of those of another configuration.
    pub(crate) fn watch(&self) {
        self.shared.watchers.watch(&self.upstreams);
        self.shared.alerts.set(self.alerts.clone());
    }

    /// Logs off at the vendors. Call it once, after the last request.
    pub(crate) async fn log_off(&self) {
        for upstream in &self.upstreams {
            upstream.log_off().await;
        }
    }
}

/// Takes the seconds of signatures from the store, for all gateways that share it.
fn shared_seconds(store: Arc<Store>) -> SecondsOf {
    Box::new(move |account| {
        let store = store.clone();
        Arc::new(move |now| {
            let (store, account) = (store.clone(), account.clone());
            Box::pin(async move { store.take_second(account, now, AHEAD).await })
        })
    })
}

/// The thumbnails of a connection, for systems that have some.
fn thumbnails_of(connection: &config::Connection) -> Result<Option<Arc<Thumbnails>>, String> {
    if !matches!(connection.public.system, System::Uplynk) {
        return Ok(None);
    }
    Thumbnails::new(connection).map(|thumbnails| Some(Arc::new(thumbnails)))
}
