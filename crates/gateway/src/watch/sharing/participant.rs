//! What a gateway does to share the watching with others: looks at who watches what, takes over what they have read, takes
//! and leaves connections, and tells what it has read itself.

use super::super::failure;
use super::super::inventory::{Inventory, PublishedState};
use super::super::watchers::Running;
use super::publication::Publication;
use super::{Configured, Step, fair, watch_requests, with};
use crate::store::{SharedReading, SharedState, Store};
use protocol::ConnectionState;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// After so many changes all of a connection is told anew, so that what was told before can be forgotten.
const CHANGES: u32 = 64;

/// A difference between two clocks that is smaller than this, in milliseconds, counts as none, so that ages do not jump
/// to and fro.
const SAME_CLOCK: i64 = 100;

/// A gateway that could not read a connection for so long leaves it to another gateway, which may reach it.
const FAILING: Duration = Duration::from_secs(30);

/// The same at most, once all have tried several times: a connection is not to go from one to the next all the time.
const LONG_FAILING: Duration = Duration::from_secs(300);

/// After so many doublings that is reached.
const MOST_DOUBLED: u32 = 4;

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
    me: String,
    /// How far the gateway's clock is ahead of the database's, in milliseconds.
    ahead: Option<i64>,
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
        me: &str,
        running: Weak<Mutex<Running>>,
        inventory: Arc<Inventory>,
        store: Arc<Store>,
    ) -> Self {
        Self {
            me: me.to_owned(),
            running,
            inventory,
            store,
            ahead: None,
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
        for one in &configured {
            self.publish(&shared_state, one).await?;
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
        let keys: BTreeSet<String> = configured.iter().map(|one| one.key.clone()).collect();
        self.taken_over.retain(|key, _| keys.contains(key));
        self.incomplete.retain(|key| keys.contains(key));
        self.failing.retain(|key, _| keys.contains(key));
        let clock = self.inventory.clock().clone();
        let millis = move || clock.now().timestamp_millis();
        let could = renew.then(|| keys.clone());
        let mut shared_state = self.store.shared_state(could, millis).await?;
        self.compare_clocks(shared_state.ahead);
        for one in configured.iter_mut() {
            self.take_over(&shared_state, one).await?;
        }
        self.divide(&mut shared_state, configured, &keys, renew)
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
                .any(|gateway| *gateway != self.me)
        })
    }

    fn compare_clocks(&mut self, (ahead, unsure): (i64, i64)) {
        let differs = |before: i64| (ahead - before).abs() > SAME_CLOCK + unsure;
        if self.ahead.is_none_or(differs) {
            self.ahead = Some(ahead);
        }
    }

    fn watch(&mut self, one: &mut Configured, is_watched: bool) {
        if one.is_watched != is_watched {
            one.is_watched = is_watched;
            with(&self.running, |all| all.set_watched(&one.id, is_watched));
        }
    }

    /// Takes over what another gateway has read of a connection.
    async fn take_over(
        &mut self,
        shared_state: &SharedState,
        one: &mut Configured,
    ) -> Result<(), String> {
        let Some(shared) = shared_state.connections.get(&one.key) else {
            return Ok(());
        };
        if shared.gateway == self.me {
            self.watch(one, shared.is_leased || one.is_watched);
            return Ok(());
        }
        if shared.is_leased {
            self.watch(one, false);
        }
        let known = self.taken_over.get(&one.key).copied();
        let is_read = |state: &ConnectionState| state.observed_at.is_some();
        let is_read = self
            .inventory
            .connection(&one.id)
            .as_ref()
            .is_some_and(is_read);
        let known = known.filter(|_| is_read).unwrap_or_default();
        if one.is_watched || shared.number == known || !shared.is_recent {
            return Ok(());
        }
        let mut readings = self.store.readings(one.key.clone(), known).await?;
        let follows = readings
            .first()
            .is_none_or(|first| first.whole || first.number == known + 1);
        if !follows {
            readings = self.store.readings(one.key.clone(), 0).await?;
            // The gateway that watches has yet to tell all of it.
            if !readings.first().is_some_and(|first| first.whole) {
                return Ok(());
            }
        }
        if self.take_over_readings(one, readings) {
            let request = watch_requests::for_whole(&one.key);
            self.store.send_watch_requests(request).await;
        }
        Ok(())
    }

    /// Takes over what was published of a connection, the oldest first. What comes after one that is not understood is not
    /// taken over, but for what is whole: it would make what that one changed look as new as itself. Returns whether to ask
    /// for a whole one: once, for that may not be understood either.
    fn take_over_readings(&mut self, one: &Configured, readings: Vec<SharedReading>) -> bool {
        let mut needs_whole = false;
        for reading in readings {
            self.taken_over.insert(one.key.clone(), reading.number);
            if !reading.whole && self.incomplete.contains(&one.key) {
                continue;
            }
            let publication = Publication::decode(&reading.entry, self.ahead.unwrap_or_default());
            let publication = publication.filter(|told| told.state.connection.id == one.id);
            let Some(has_ended) = publication.and_then(|told| self.take_over_publication(told))
            else {
                tracing::error!(
                    connection = one.id,
                    "what another gateway has read is not understood"
                );
                needs_whole |= self.incomplete.insert(one.key.clone()) && !reading.whole;
                continue;
            };
            self.incomplete.remove(&one.key);
            needs_whole = false;
            if has_ended {
                with(&self.running, |all| all.was_read(&one.id));
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
    async fn divide(
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
            if *gateway == self.me && !keys.contains(key) {
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
        let plan = fair::plan(&self.me, &shared_state.gateways, &watched, &left);
        for one in configured.iter_mut() {
            if plan.take.contains(&one.key) {
                if self.store.take_connection(one.key.clone()).await? {
                    tracing::info!(connection = one.id, "this gateway watches the connection");
                    self.published.remove(&one.key);
                    if let Some(failing) = self.failing.get_mut(&one.key) {
                        failing.since = None;
                    }
                    self.watch(one, true);
                    shared_state.take(&one.key, &self.me);
                }
            } else if may_give
                && (plan.give.as_ref() == Some(&one.key) || self.fails(shared_state, one))
            {
                tracing::info!(
                    connection = one.id,
                    "this gateway leaves the connection to another"
                );
                self.publish(shared_state, one).await?;
                self.watch(one, false);
                self.store.leave_connection(one.key.clone()).await?;
            }
        }
        Ok(())
    }

    /// Whether this gateway watches a connection for all and cannot read it, while another one could try. Each time it
    /// tries for twice as long.
    fn fails(&mut self, shared_state: &SharedState, one: &Configured) -> bool {
        let state = self.inventory.connection(&one.id);
        let failure = state.and_then(|state| state.failure);
        // One that has the same password would be refused as well, and may have the account locked.
        if failure.is_none_or(|failure| failure::is_refusal(&failure)) {
            self.failing.remove(&one.key);
            return false;
        }
        if !self.watches_for_others(shared_state, one) {
            return false;
        }
        let failing = self.failing.entry(one.key.clone()).or_default();
        let patience = (FAILING * 2_u32.saturating_pow(failing.left)).min(LONG_FAILING);
        let has_failed = failing.since.get_or_insert_with(Instant::now).elapsed() > patience;
        if has_failed {
            failing.since = None;
            failing.left = (failing.left + 1).min(MOST_DOUBLED);
        }
        has_failed
    }

    /// Whether this gateway watches a connection for all, and there are others.
    fn watches_for_others(&self, shared_state: &SharedState, one: &Configured) -> bool {
        let shared = shared_state.connections.get(&one.key);
        let is_own = shared.is_some_and(|shared| shared.gateway == self.me);
        let mut gateways = shared_state.gateways.iter();
        let has_readers = gateways.any(|(id, could)| *id != self.me && could.contains(&one.key));
        one.is_watched && is_own && has_readers
    }

    /// Another gateway has not understood what was told of a connection: the next time all of it is told.
    pub(super) fn publish_whole(&mut self, key: &str) {
        if let Some((_, changes)) = self.published.get_mut(key) {
            *changes = CHANGES;
        }
    }

    /// Tells the others what was read of a connection that this gateway watches for all.
    async fn publish(
        &mut self,
        shared_state: &SharedState,
        one: &Configured,
    ) -> Result<(), String> {
        if !self.watches_for_others(shared_state, one) {
            // A gateway that joins is told all of it, and nothing that has become old meanwhile.
            if self.published.remove(&one.key).is_some() && one.is_watched {
                self.store.unpublish(one.key.clone()).await?;
            }
            return Ok(());
        }
        let (told, changes) = match self.published.get(&one.key) {
            Some((told, changes)) if *changes < CHANGES => (Some(told), changes + 1),
            _ => (None, 0),
        };
        let Some((now_told, publication)) = self.inventory.publication(&one.id, told) else {
            return Ok(());
        };
        if now_told.was_never_read() {
            return Ok(());
        }
        let whole = told.is_none();
        // Should nobody know whether it was told, all of it is told the next time.
        self.published.remove(&one.key);
        let entry = publication.encode(self.ahead.unwrap_or_default());
        if self.store.publish(one.key.clone(), whole, entry).await? {
            self.published.insert(one.key.clone(), (now_told, changes));
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
        let could = BTreeSet::from(["key".to_owned()]);
        let mut shared_state = SharedState {
            gateways: BTreeMap::from([("other".to_owned(), could)]),
            connections: BTreeMap::new(),
            ahead: (0, 0),
        };
        shared_state.take("key", "me");
        let one = Configured {
            id: "plant".to_owned(),
            key: "key".to_owned(),
            is_watched: true,
        };
        assert!(!participant.fails(&shared_state, &one));
        tokio::time::advance(LONG_FAILING).await;
        participant.fails(&shared_state, &one)
    }

    /// What another gateway tells of a connection that it has just read, with this limit to tell one from the other.
    fn told(
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
        let one = Configured {
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
            told(&inventory, number, false, resources)
        };
        let told = |number, whole| told(&inventory, number, whole, Vec::new());
        let garbage_whole = |number| SharedReading {
            whole: true,
            ..garbage(number)
        };
        for (readings, known, asks) in [
            (vec![told(1, true), told(2, false)], "2", false),
            (vec![told(3, false), garbage(4), told(5, false)], "3", true),
            (vec![told(6, false), garbage(7)], "3", false),
            (vec![told(8, true), told(9, false)], "9", false),
            (vec![faulty(10), told(11, false)], "9", true),
            (vec![garbage_whole(12)], "9", false),
            (vec![told(13, true)], "13", false),
            (vec![garbage(14), told(15, true)], "15", false),
            (vec![garbage_whole(16)], "15", false),
        ] {
            let is_asked = participant.take_over_readings(&one, readings);
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
