//! The part of this gateway in the shared watching: reads the shared state, applies the publications of others, takes
//! and leaves connections, and publishes its own readings.

use super::super::failure;
use super::super::inventory::{Inventory, PublishedState};
use super::super::watchers::Running;
use super::publication::Publication;
use super::{Configured, Step, fair, watch_requests, with};
use crate::store::{SharedReading, SharedState, Store};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// After this many partial publications a complete one follows, so that the older ones can be deleted.
const MAX_PARTIAL_PUBLICATIONS: u32 = 64;

/// Smaller differences between two clocks, in milliseconds, are ignored, so that ages do not fluctuate.
const MIN_CLOCK_DIFFERENCE_MS: i64 = 100;

/// A gateway that cannot read a connection for this long leaves it to another gateway, which may reach it.
const HAND_OVER_AFTER: Duration = Duration::from_secs(30);

/// The longest such time, after all gateways have tried several times, so that a connection does not move all the time.
const MAX_HAND_OVER_AFTER: Duration = Duration::from_secs(300);

/// The failures of a connection.
#[derive(Debug, Default)]
struct Failing {
    /// Since when this gateway has tried.
    since: Option<Instant>,
    /// How often it has left the connection to another gateway.
    left: u32,
}

/// This gateway among those that share the watching.
pub(super) struct Participant {
    running: Weak<Mutex<Running>>,
    inventory: Arc<Inventory>,
    store: Arc<Store>,
    gateway_id: String,
    /// How far the gateway's clock is ahead of the database's, in milliseconds.
    clock_offset_ms: Option<i64>,
    /// The number of the last applied publication, by connection.
    taken_over: HashMap<String, i64>,
    /// The connections with an undecodable publication, which miss data until the next complete one.
    incomplete: HashSet<String>,
    /// The published state by connection, and the number of publications since the last complete one.
    published: HashMap<String, (PublishedState, u32)>,
    /// The connections that cannot be read.
    failing: HashMap<String, Failing>,
    /// The shared state as last read.
    shared_state: Option<SharedState>,
}

impl Participant {
    pub(super) fn new(
        gateway_id: &str,
        running: Weak<Mutex<Running>>,
        inventory: Arc<Inventory>,
        store: Arc<Store>,
    ) -> Self {
        Self {
            gateway_id: gateway_id.to_owned(),
            running,
            inventory,
            store,
            clock_offset_ms: None,
            taken_over: HashMap::new(),
            incomplete: HashSet::new(),
            published: HashMap::new(),
            failing: HashMap::new(),
            shared_state: None,
        }
    }

    pub(super) async fn step(&mut self, step: Step) -> Result<(), String> {
        #[cfg(test)]
        self.inventory.fail_on_purpose("the sharing");
        let mut configured = with(&self.running, |all| all.configured()).unwrap_or_default();
        let shared_state = match (step, self.shared_state.take()) {
            (Step::Publish, Some(shared_state)) => shared_state,
            _ => {
                self.read_shared_state(step == Step::Renew, &mut configured)
                    .await?
            }
        };
        for connection in &configured {
            self.publish(&shared_state, connection).await?;
        }
        self.shared_state = Some(shared_state);
        Ok(())
    }

    /// Reads the shared state and applies it. `renew` also renews the leases.
    async fn read_shared_state(
        &mut self,
        renew: bool,
        configured: &mut [Configured],
    ) -> Result<SharedState, String> {
        let keys: BTreeSet<String> = configured
            .iter()
            .map(|connection| connection.key.clone())
            .collect();
        self.keep_only(&keys);
        let clock = self.inventory.clock().clone();
        let millis = move || clock.now().timestamp_millis();
        let readable = renew.then(|| keys.clone());
        let mut shared_state = self.store.shared_state(readable, millis).await?;
        self.compare_clocks(shared_state.clock_offset_ms);
        for connection in configured.iter_mut() {
            self.take_over(&shared_state, connection).await?;
        }
        self.rebalance(&mut shared_state, configured, &keys, renew)
            .await?;
        Ok(shared_state)
    }

    /// Forgets the connections that are no longer configured here.
    fn keep_only(&mut self, keys: &BTreeSet<String>) {
        self.taken_over.retain(|key, _| keys.contains(key));
        self.incomplete.retain(|key| keys.contains(key));
        self.published.retain(|key, _| keys.contains(key));
        self.failing.retain(|key, _| keys.contains(key));
    }

    /// Whether there are other gateways, as last read.
    pub(super) fn has_others(&self) -> bool {
        let shared_state = self.shared_state.as_ref();
        shared_state.is_some_and(|shared_state| {
            shared_state
                .gateways
                .keys()
                .any(|gateway| *gateway != self.gateway_id)
        })
    }

    fn compare_clocks(&mut self, (ahead, unsure): (i64, i64)) {
        let differs = |before: i64| (ahead - before).abs() > MIN_CLOCK_DIFFERENCE_MS + unsure;
        if self.clock_offset_ms.is_none_or(differs) {
            self.clock_offset_ms = Some(ahead);
        }
    }

    fn watch(&mut self, connection: &mut Configured, is_watched: bool) {
        if connection.is_watched != is_watched {
            connection.is_watched = is_watched;
            with(&self.running, |all| {
                all.set_watched(&connection.id, is_watched);
            });
        }
    }

    /// Applies the publications of another gateway for a connection.
    async fn take_over(
        &mut self,
        shared_state: &SharedState,
        connection: &mut Configured,
    ) -> Result<(), String> {
        let Some(shared) = shared_state.connections.get(&connection.key) else {
            return Ok(());
        };
        if shared.gateway == self.gateway_id {
            self.watch(connection, shared.is_leased || connection.is_watched);
            return Ok(());
        }
        if shared.is_leased {
            self.watch(connection, false);
        }
        if connection.is_watched || !shared.is_recent {
            return Ok(());
        }
        let state = self.inventory.connection(&connection.id);
        let is_read = state.is_some_and(|state| state.observed_at.is_some());
        let known = self.taken_over.get(&connection.key).copied();
        let known = known.filter(|_| is_read).unwrap_or_default();
        if shared.number == known {
            return Ok(());
        }
        let mut readings = self.store.readings(connection.key.clone(), known).await?;
        let follows = readings
            .first()
            .is_none_or(|first| first.is_complete || first.number == known + 1);
        if !follows {
            readings = self.store.readings(connection.key.clone(), 0).await?;
            // The watching gateway has not published everything yet.
            if !readings.first().is_some_and(|first| first.is_complete) {
                return Ok(());
            }
        }
        if self.take_over_readings(connection, readings) {
            let request = watch_requests::for_complete_state(&connection.key);
            self.store.send_watch_requests(request).await;
        }
        Ok(())
    }

    /// Applies publications, oldest first. After one that cannot be decoded, partial ones are skipped until a complete
    /// one arrives. Returns whether to request a complete one, once per failure.
    fn take_over_readings(
        &mut self,
        connection: &Configured,
        readings: Vec<SharedReading>,
    ) -> bool {
        let mut needs_complete = false;
        for reading in readings {
            self.taken_over
                .insert(connection.key.clone(), reading.number);
            if !reading.is_complete && self.incomplete.contains(&connection.key) {
                continue;
            }
            let publication =
                Publication::decode(&reading.entry, self.clock_offset_ms.unwrap_or_default());
            let publication =
                publication.filter(|publication| publication.state.connection.id == connection.id);
            let Some(has_ended) =
                publication.and_then(|publication| self.take_over_publication(publication))
            else {
                tracing::error!(
                    connection = connection.id,
                    "a publication of another gateway cannot be applied"
                );
                needs_complete |=
                    self.incomplete.insert(connection.key.clone()) && !reading.is_complete;
                continue;
            };
            self.incomplete.remove(&connection.key);
            needs_complete = false;
            if has_ended {
                with(&self.running, |all| {
                    all.mark_read_by_other_gateway(&connection.id);
                });
            }
        }
        needs_complete
    }

    /// Applies a publication, and returns whether it ends a reading. `None` if that panics: one connection must not
    /// keep this gateway from sharing the others.
    fn take_over_publication(&self, publication: Publication) -> Option<bool> {
        let has_ended = publication.state.next_at.is_some();
        let take_over = || self.inventory.take_over(publication);
        catch_unwind(AssertUnwindSafe(take_over)).ok()?;
        Some(has_ended)
    }

    /// Takes connections according to the plan and, if `may_give`, leaves others.
    async fn rebalance(
        &mut self,
        shared_state: &mut SharedState,
        configured: &mut [Configured],
        keys: &BTreeSet<String>,
        may_give: bool,
    ) -> Result<(), String> {
        let leased = shared_state
            .connections
            .iter()
            .filter(|(_, shared)| shared.is_leased);
        let watched: BTreeMap<String, String> = leased
            .map(|(key, shared)| (key.clone(), shared.gateway.clone()))
            .collect();
        // Leave connections that are no longer configured here.
        for (key, gateway) in &watched {
            if *gateway != self.gateway_id || keys.contains(key) {
                continue;
            }
            let can_watch =
                |(id, keys): (&String, &BTreeSet<_>)| id != gateway && keys.contains(key);
            if shared_state.gateways.iter().any(can_watch) {
                self.store.leave_connection(key.clone()).await?;
            } else {
                self.store.forget_connection(key.clone()).await?;
            }
        }
        let left = shared_state
            .connections
            .iter()
            .filter(|(_, shared)| !shared.is_leased);
        let left = left
            .map(|(key, shared)| (key.as_str(), shared.gateway.as_str()))
            .collect();
        let plan = fair::plan(&self.gateway_id, &shared_state.gateways, &watched, &left);
        for connection in configured.iter_mut() {
            if plan.take.contains(&connection.key) {
                if self.store.take_connection(connection.key.clone()).await? {
                    tracing::info!(
                        connection = connection.id,
                        "this gateway watches the connection"
                    );
                    self.published.remove(&connection.key);
                    if let Some(failing) = self.failing.get_mut(&connection.key) {
                        failing.since = None;
                    }
                    self.watch(connection, true);
                    shared_state.take(&connection.key, &self.gateway_id);
                }
            } else if may_give
                && (plan.give.as_ref() == Some(&connection.key)
                    || self.should_hand_over(shared_state, connection))
            {
                tracing::info!(
                    connection = connection.id,
                    "this gateway leaves the connection to another"
                );
                self.publish(shared_state, connection).await?;
                self.watch(connection, false);
                self.store.leave_connection(connection.key.clone()).await?;
            }
        }
        Ok(())
    }

    /// Whether this gateway should leave a connection that it cannot read to another one that could try. Each attempt
    /// takes twice as long.
    fn should_hand_over(&mut self, shared_state: &SharedState, connection: &Configured) -> bool {
        let state = self.inventory.connection(&connection.id);
        let failure = state.and_then(|state| state.failure);
        // The other gateway would be rejected too, and the account might be locked.
        if failure.is_none_or(|failure| failure::is_refusal(&failure)) {
            self.failing.remove(&connection.key);
            return false;
        }
        if !self.watches_for_others(shared_state, connection) {
            return false;
        }
        let failing = self.failing.entry(connection.key.clone()).or_default();
        let hand_over_after = HAND_OVER_AFTER
            .saturating_mul(2_u32.saturating_pow(failing.left))
            .min(MAX_HAND_OVER_AFTER);
        let has_failed = failing.since.get_or_insert_with(Instant::now).elapsed() > hand_over_after;
        if has_failed {
            failing.since = None;
            failing.left = failing.left.saturating_add(1);
        }
        has_failed
    }

    /// Whether this gateway watches a connection for other gateways.
    fn watches_for_others(&self, shared_state: &SharedState, connection: &Configured) -> bool {
        let shared = shared_state.connections.get(&connection.key);
        let is_own = shared.is_some_and(|shared| shared.gateway == self.gateway_id);
        let mut gateways = shared_state.gateways.iter();
        let has_readers = gateways
            .any(|(id, readable)| *id != self.gateway_id && readable.contains(&connection.key));
        connection.is_watched && is_own && has_readers
    }

    /// Publishes all of a connection next time, because another gateway could not apply a publication.
    pub(super) fn publish_all(&mut self, key: &str) {
        if let Some((_, changes)) = self.published.get_mut(key) {
            *changes = MAX_PARTIAL_PUBLICATIONS;
        }
    }

    /// Publishes new readings of a connection that this gateway watches for others.
    async fn publish(
        &mut self,
        shared_state: &SharedState,
        connection: &Configured,
    ) -> Result<(), String> {
        if !self.watches_for_others(shared_state, connection) {
            // A gateway that joins gets a complete publication, without outdated ones.
            if self.published.remove(&connection.key).is_some() && connection.is_watched {
                self.store.unpublish(connection.key.clone()).await?;
            }
            return Ok(());
        }
        let (published, changes) = match self.published.get(&connection.key) {
            Some((published, changes)) if *changes < MAX_PARTIAL_PUBLICATIONS => {
                (Some(published), changes + 1)
            }
            _ => (None, 0),
        };
        let Some((now_published, publication)) =
            self.inventory.publication(&connection.id, published)
        else {
            return Ok(());
        };
        if now_published.was_never_read() {
            return Ok(());
        }
        let is_complete = published.is_none();
        // If this fails, it is unknown whether others got it, so the next publication is complete.
        self.published.remove(&connection.key);
        let entry = publication.encode(self.clock_offset_ms.unwrap_or_default());
        if self
            .store
            .publish(connection.key.clone(), is_complete, entry)
            .await?
        {
            self.published
                .insert(connection.key.clone(), (now_published, changes));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StoreLocation;
    use crate::problem::{Kind, Problem};
    use crate::watch::inventory::{Read, unread};
    use crate::watch::sharing::SharedResource;
    use crate::watch::{Clock, FAULT};
    use health::inventory::{Facts, Judged, Observed, Resource, ResourceKey};
    use health::{Severity, Verdict};
    use protocol::ConnectionState;

    const INTERVAL: Duration = Duration::from_secs(5);

    /// Whether a connection with this failure is left to another gateway in time.
    async fn is_left(kind: Kind) -> bool {
        let store = Arc::new(Store::open(&StoreLocation::Memory).unwrap());
        let inventory = Arc::new(Inventory::new(Clock::system(), store.clone()));
        let public = r#"{"id":"plant","title":"Plant","system":"aveva"}"#;
        let public: vendors::Connection = serde_json::from_str(public).unwrap();
        inventory.configure(vec![(public.clone(), INTERVAL)]);
        let failed = ConnectionState {
            failure: Some(failure::of_problem(&Problem::new(kind, "x"))),
            ..unread(public, INTERVAL)
        };
        inventory.publish(&failed, Read::Nothing);
        let mut participant = Participant::new("me", Weak::new(), inventory, store);
        let readable = BTreeSet::from(["key".to_owned()]);
        let mut shared_state = SharedState {
            gateways: BTreeMap::from([("other".to_owned(), readable)]),
            connections: BTreeMap::new(),
            clock_offset_ms: (0, 0),
        };
        shared_state.take("key", "me");
        let connection = Configured {
            id: "plant".to_owned(),
            key: "key".to_owned(),
            is_watched: true,
        };
        assert!(!participant.should_hand_over(&shared_state, &connection));
        tokio::time::advance(MAX_HAND_OVER_AFTER).await;
        participant.should_hand_over(&shared_state, &connection)
    }

    /// A publication by another gateway, marked with this number as its limit.
    fn publication_of(
        inventory: &Inventory,
        number: i64,
        is_complete: bool,
        resources: Vec<SharedResource>,
    ) -> SharedReading {
        let mut state = inventory.connection("plant").unwrap();
        state.observed_at = Some(inventory.clock().now());
        state.limit = Some(number.to_string());
        let publication = Publication {
            state,
            is_complete,
            resources,
            times: Vec::new(),
            gone: Vec::new(),
        };
        SharedReading {
            number,
            is_complete,
            entry: publication.encode(0),
        }
    }

    #[tokio::test]
    async fn after_an_undecodable_publication_only_a_complete_one_is_applied() {
        let store = Arc::new(Store::open(&StoreLocation::Memory).unwrap());
        let inventory = Arc::new(Inventory::new(Clock::system(), store.clone()));
        let public = r#"{"id":"plant","title":"Plant","system":"aveva"}"#;
        let public: vendors::Connection = serde_json::from_str(public).unwrap();
        inventory.configure(vec![(public, INTERVAL)]);
        let mut participant = Participant::new("me", Weak::new(), inventory.clone(), store);
        let connection = Configured {
            id: "plant".to_owned(),
            key: "key".to_owned(),
            is_watched: false,
        };
        let garbage = |number| SharedReading {
            number,
            is_complete: false,
            entry: b"of a later version".to_vec(),
        };
        let judged = Judged {
            resource: Resource {
                key: ResourceKey {
                    kind: health::inventory::Kind::FailoverGroup,
                    connection: "plant".to_owned(),
                    id: FAULT.to_owned(),
                },
                name: String::new(),
                verdict: Verdict::new(Severity::Warning, "Odd", String::new()),
                observed: Observed::WithConnection,
                failure: None,
                unreadable: Vec::new(),
                also_on: Vec::new(),
                facts: Facts::None,
            },
            observed_at: None,
        };
        let faulty = |number| {
            let resources = vec![SharedResource::from(&judged)];
            publication_of(&inventory, number, false, resources)
        };
        let publication =
            |number, is_complete| publication_of(&inventory, number, is_complete, Vec::new());
        let complete_garbage = |number| SharedReading {
            is_complete: true,
            ..garbage(number)
        };
        for (readings, known, requests) in [
            (
                vec![publication(1, true), publication(2, false)],
                "2",
                false,
            ),
            (
                vec![publication(3, false), garbage(4), publication(5, false)],
                "3",
                true,
            ),
            (vec![publication(6, false), garbage(7)], "3", false),
            (
                vec![publication(8, true), publication(9, false)],
                "9",
                false,
            ),
            (vec![faulty(10), publication(11, false)], "9", true),
            (vec![complete_garbage(12)], "9", false),
            (vec![publication(13, true)], "13", false),
            (vec![garbage(14), publication(15, true)], "15", false),
            (vec![complete_garbage(16)], "15", false),
        ] {
            let is_requested = participant.take_over_readings(&connection, readings);
            assert_eq!(is_requested, requests, "{known}");
            let state = inventory.connection("plant").unwrap();
            assert_eq!(state.limit.as_deref(), Some(known));
        }
    }

    #[test]
    fn nothing_is_kept_of_a_connection_that_is_no_longer_configured() {
        let store = Arc::new(Store::open(&StoreLocation::Memory).unwrap());
        let inventory = Arc::new(Inventory::new(Clock::system(), store.clone()));
        let public = r#"{"id":"plant","title":"Plant","system":"aveva"}"#;
        inventory.configure(vec![(serde_json::from_str(public).unwrap(), INTERVAL)]);
        let (published, _) = inventory.publication("plant", None).unwrap();
        let mut participant = Participant::new("me", Weak::new(), inventory, store);
        for key in ["old", "new"].map(str::to_owned) {
            participant.taken_over.insert(key.clone(), 1);
            participant.incomplete.insert(key.clone());
            participant.failing.insert(key.clone(), Failing::default());
            participant.published.insert(key, (published.clone(), 0));
        }
        participant.keep_only(&BTreeSet::from(["new".to_owned()]));
        let Participant {
            taken_over,
            incomplete,
            failing,
            published,
            ..
        } = participant;
        let kept = [
            taken_over.len(),
            incomplete.len(),
            failing.len(),
            published.len(),
        ];
        assert_eq!(kept, [1; 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unreachable_connection_is_handed_to_another_gateway_but_refused_credentials_are_not()
     {
        assert!(is_left(Kind::Unreachable).await);
        assert!(!is_left(Kind::Credentials).await);
    }
}
