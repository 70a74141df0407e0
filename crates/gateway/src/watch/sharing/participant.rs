//! What a gateway does to share the watching with others: looks at who watches what, takes over what they have read, takes
//! and leaves connections, and tells what it has read itself.

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

/// After this many partial publications a whole one follows, so that the older ones can be deleted.
const MAX_PUBLICATIONS_BETWEEN_WHOLE: u32 = 64;

/// A difference between two clocks that is smaller than this, in milliseconds, counts as none, so that ages do not jump
/// to and fro.
const MIN_CLOCK_DIFFERENCE_MS: i64 = 100;

/// A gateway that could not read a connection for so long leaves it to another gateway, which may reach it.
const HAND_OVER_AFTER: Duration = Duration::from_secs(30);

/// The same at most, once all have tried several times: a connection is not to go from one to the next all the time.
const MAX_HAND_OVER_AFTER: Duration = Duration::from_secs(300);

/// A connection that cannot be read.
#[derive(Debug, Default)]
struct Failing {
    /// Since when this gateway has tried.
    since: Option<Instant>,
    /// How often it has left it to another one for that.
    left: u32,
}

/// One of the gateways that share the watching: this one.
pub(super) struct Participant {
    running: Weak<Mutex<Running>>,
    inventory: Arc<Inventory>,
    store: Arc<Store>,
    gateway_id: String,
    /// How far the gateway's clock is ahead of the database's, in milliseconds.
    clock_offset_ms: Option<i64>,
    /// The number of the publication of a connection that was taken over last.
    taken_over: HashMap<String, i64>,
    /// The connections of which a publication was not understood: what later ones leave out is not known here, until one is
    /// whole.
    incomplete: HashSet<String>,
    /// How much of a connection was told to the others, and how many changes ago all of it was.
    published: HashMap<String, (PublishedState, u32)>,
    /// The connections that cannot be read.
    failing: HashMap<String, Failing>,
    /// What was shared when it was last read.
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

    /// Takes a step.
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

    /// Looks at what is shared, and does what falls to this gateway. `renew` says that it lives.
    async fn read_shared_state(
        &mut self,
        renew: bool,
        configured: &mut [Configured],
    ) -> Result<SharedState, String> {
        let keys: BTreeSet<String> = configured
            .iter()
            .map(|connection| connection.key.clone())
            .collect();
        self.taken_over.retain(|key, _| keys.contains(key));
        self.incomplete.retain(|key| keys.contains(key));
        self.failing.retain(|key, _| keys.contains(key));
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

    /// Whether there were others when it was last read.
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

    /// Takes over what another gateway has read of a connection.
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
            .is_none_or(|first| first.whole || first.number == known + 1);
        if !follows {
            readings = self.store.readings(connection.key.clone(), 0).await?;
            // The gateway that watches has yet to tell all of it.
            if !readings.first().is_some_and(|first| first.whole) {
                return Ok(());
            }
        }
        if self.take_over_readings(connection, readings) {
            let request = watch_requests::for_whole(&connection.key);
            self.store.send_watch_requests(request).await;
        }
        Ok(())
    }

    /// Applies publications, oldest first. After one that cannot be decoded, partial ones are skipped until a whole one
    /// arrives. Returns true if a whole one should be requested (once per failure).
    fn take_over_readings(
        &mut self,
        connection: &Configured,
        readings: Vec<SharedReading>,
    ) -> bool {
        let mut needs_whole = false;
        for reading in readings {
            self.taken_over
                .insert(connection.key.clone(), reading.number);
            if !reading.whole && self.incomplete.contains(&connection.key) {
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
                    "what another gateway has read is not understood"
                );
                needs_whole |= self.incomplete.insert(connection.key.clone()) && !reading.whole;
                continue;
            };
            self.incomplete.remove(&connection.key);
            needs_whole = false;
            if has_ended {
                with(&self.running, |all| {
                    all.mark_read_by_other_gateway(&connection.id);
                });
            }
        }
        needs_whole
    }

    /// Takes over a publication; whether it ends a reading. `None` where that fails by a fault of the gateway's own: one
    /// connection must not keep this gateway from sharing the others.
    fn take_over_publication(&self, publication: Publication) -> Option<bool> {
        let has_ended = publication.state.next_at.is_some();
        let take_over = || self.inventory.take_over(publication);
        catch_unwind(AssertUnwindSafe(take_over)).ok()?;
        Some(has_ended)
    }

    /// Takes what falls to this gateway, and, where it may, leaves to others what it has too much.
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
        // What is configured here no longer.
        for (key, gateway) in &watched {
            if *gateway == self.gateway_id && !keys.contains(key) {
                self.store.leave_connection(key.clone()).await?;
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

    /// Whether this gateway watches a connection for all and cannot read it, while another one could try. Each time it
    /// tries for twice as long.
    fn should_hand_over(&mut self, shared_state: &SharedState, connection: &Configured) -> bool {
        let state = self.inventory.connection(&connection.id);
        let failure = state.and_then(|state| state.failure);
        // One that has the same password would be refused as well, and may have the account locked.
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

    /// Whether this gateway watches a connection for all, and there are others.
    fn watches_for_others(&self, shared_state: &SharedState, connection: &Configured) -> bool {
        let shared = shared_state.connections.get(&connection.key);
        let is_own = shared.is_some_and(|shared| shared.gateway == self.gateway_id);
        let mut gateways = shared_state.gateways.iter();
        let has_readers = gateways
            .any(|(id, readable)| *id != self.gateway_id && readable.contains(&connection.key));
        connection.is_watched && is_own && has_readers
    }

    /// Another gateway has not understood what was told of a connection: the next time all of it is told.
    pub(super) fn publish_whole(&mut self, key: &str) {
        if let Some((_, changes)) = self.published.get_mut(key) {
            *changes = MAX_PUBLICATIONS_BETWEEN_WHOLE;
        }
    }

    /// Tells the others what was read of a connection that this gateway watches for all.
    async fn publish(
        &mut self,
        shared_state: &SharedState,
        connection: &Configured,
    ) -> Result<(), String> {
        if !self.watches_for_others(shared_state, connection) {
            // A gateway that joins is told all of it, and nothing that has become old meanwhile.
            if self.published.remove(&connection.key).is_some() && connection.is_watched {
                self.store.unpublish(connection.key.clone()).await?;
            }
            return Ok(());
        }
        let (published, changes) = match self.published.get(&connection.key) {
            Some((published, changes)) if *changes < MAX_PUBLICATIONS_BETWEEN_WHOLE => {
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
        let whole = published.is_none();
        // Should nobody know whether it was told, all of it is told the next time.
        self.published.remove(&connection.key);
        let entry = publication.encode(self.clock_offset_ms.unwrap_or_default());
        if self
            .store
            .publish(connection.key.clone(), whole, entry)
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

    /// Whether a connection that fails so is left to another gateway in time.
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

    /// What another gateway tells of a connection that it has just read, with this limit to tell one from the other.
    fn publication_of(
        inventory: &Inventory,
        number: i64,
        whole: bool,
        resources: Vec<SharedResource>,
    ) -> SharedReading {
        let mut state = inventory.connection("plant").unwrap();
        state.observed_at = Some(inventory.clock().now());
        state.limit = Some(number.to_string());
        let publication = Publication {
            state,
            whole,
            resources,
            times: Vec::new(),
            gone: Vec::new(),
        };
        SharedReading {
            number,
            whole,
            entry: publication.encode(0),
        }
    }

    #[tokio::test]
    async fn after_what_is_not_understood_nothing_is_taken_over_but_what_is_whole() {
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
            whole: false,
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
        let publication = |number, whole| publication_of(&inventory, number, whole, Vec::new());
        let garbage_whole = |number| SharedReading {
            whole: true,
            ..garbage(number)
        };
        for (readings, known, asks) in [
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
            (vec![garbage_whole(12)], "9", false),
            (vec![publication(13, true)], "13", false),
            (vec![garbage(14), publication(15, true)], "15", false),
            (vec![garbage_whole(16)], "15", false),
        ] {
            let is_asked = participant.take_over_readings(&connection, readings);
            assert_eq!(is_asked, asks, "{known}");
            let state = inventory.connection("plant").unwrap();
            assert_eq!(state.limit.as_deref(), Some(known));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_reached_is_left_to_others_and_refused_credentials_are_not() {
        assert!(is_left(Kind::Unreachable).await);
        assert!(!is_left(Kind::Credentials).await);
    }
}
