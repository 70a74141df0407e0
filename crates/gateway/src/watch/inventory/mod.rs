//! What the gateway knows of every connection, judged once for everybody: the resources, the alarms, and which
//! of them changed since a revision.

mod audience;
mod changes;
mod connection;
mod handled;
mod judge;
mod left_runs;
mod pause;
mod replication;
mod shared_alarms;
mod state;

#[cfg(test)]
mod tests;

pub(crate) use audience::Audience;
pub(crate) use changes::Position;
#[cfg(test)]
pub(crate) use connection::FAULT;
pub(super) use replication::PublishedState;

use super::Clock;
use super::failure;
use super::permit::Permit;
use super::sharing::Publication;
use super::watcher::in_millis;
use crate::lock::lock;
use crate::store::{Store, unwatched};
use chrono::{DateTime, TimeDelta, Utc};
use health::alarms::{Acknowledgement, Alarm, Maintenance, Note};
use health::inventory::{Contents, Kind, ResourceKey, WatchedGroup};
use protocol::{ConnectionState, LastError};
use state::State;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use vendors::SystemKind;

/// The inventory of everything that is watched.
#[derive(Debug)]
pub(crate) struct Inventory {
    clock: Clock,
    state: Mutex<State>,
    /// Where what is seen is recorded.
    store: Arc<Store>,
    /// Rings when a watcher has told something.
    published: Notify,
    /// The tasks that tests want to fail, each as often as it stands here.
    #[cfg(test)]
    faults: Mutex<Vec<&'static str>>,
}

/// What a step of a watcher brought.
#[derive(Debug)]
pub(crate) enum Read<'a> {
    /// Only news of the connection itself.
    Nothing,
    /// Everything that the connection holds.
    Everything(&'a Contents),
    /// Some of what it holds.
    Part(&'a Contents),
    /// Every group that the connection holds.
    AllGroups(&'a [WatchedGroup]),
    /// These of the groups that it holds.
    Groups(Vec<&'a WatchedGroup>),
    /// What another gateway has read of it.
    Publication(Box<Publication>),
}

impl Inventory {
    pub(crate) fn new(clock: Clock, store: Arc<Store>) -> Self {
        let mut state = State::new(new_instance_id(), clock.resets());
        state.restore_from(&store);
        Self {
            clock,
            state: Mutex::new(state),
            store,
            published: Notify::new(),
            #[cfg(test)]
            faults: Mutex::default(),
        }
    }

    /// Lets a task fail so many times more.
    #[cfg(test)]
    pub(crate) fn cause_faults(&self, task: &'static str, times: usize) {
        let mut faults = lock(&self.faults);
        faults.retain(|one| *one != task);
        faults.extend(std::iter::repeat_n(task, times));
    }

    /// How often a task is still to fail.
    #[cfg(test)]
    pub(crate) fn faults_left(&self, task: &str) -> usize {
        let faults = lock(&self.faults);
        faults.iter().filter(|one| **one == task).count()
    }

    /// Fails where a test wants this task to.
    #[cfg(test)]
    pub(super) fn fail_on_purpose(&self, task: &str) {
        let mut faults = lock(&self.faults);
        let place = faults.iter().position(|one| *one == task);
        if let Some(place) = place {
            faults.remove(place);
            drop(faults);
            panic!("{task} fails on purpose");
        }
    }

    /// The time that it judges by.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What is known. After a reset of the clock everything begins anew, as another instance: nobody can ask what changed
    /// since before.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        let clock_resets = self.clock.resets();
        if state.clock_resets != clock_resets {
            let connections = state.configured();
            *state = State::new(new_instance_id(), clock_resets);
            state.configure(connections, self.clock.now());
        }
        state
    }

    /// The connections as they are configured now, each with its interval. What is no longer among them
    /// vanishes, and what is known of the others stays where they are the same systems. The alarms of one that is
    /// configured in another way stay until it is read.
    pub(crate) fn configure(&self, connections: Vec<(vendors::Connection, Duration)>) {
        let now = self.clock.now();
        self.state().configure(connections, now);
    }

    /// Forgets what is known of a connection, but for its alarms: they stay until it is read.
    pub(crate) fn forget(&self, connection: &str) {
        let now = self.clock.now();
        self.state().forget(connection, now);
    }

    /// Takes over what a watcher has read and how its connection is, if it still may tell that and has read since
    /// the last reset of the clock.
    pub(super) fn publish_by(
        &self,
        permit: &Permit,
        clock_resets: u64,
        connection: &ConnectionState,
        read: Read<'_>,
    ) {
        let now = self.clock.now();
        let mut state = self.state();
        if permit.is_revoked() || state.clock_resets != clock_resets {
            return;
        }
        state.detect_pause(self.clock.computer(), now);
        self.apply(state, connection, read, now);
        self.published.notify_one();
    }

    /// The same, as a watcher tells it that nothing has happened to.
    #[cfg(test)]
    pub(crate) fn publish(&self, connection: &ConnectionState, read: Read<'_>) {
        let (permit, clock_resets) = (Permit::default(), self.clock.resets());
        self.publish_by(&permit, clock_resets, connection, read);
    }

    /// The watcher of a connection has failed by a fault of the gateway's own, and begins anew after this time. What is
    /// known stays, and grows old.
    pub(super) fn has_failed(&self, permit: &Permit, id: &str, wait: Duration) {
        let now = self.clock.now();
        let state = self.state();
        let place = state.place(id).filter(|_| !permit.is_revoked());
        let Some(place) = place else {
            return;
        };
        let held = &state.connections[place].state;
        let why = failure::of_fault(&held.connection.title);
        let wait = TimeDelta::from_std(wait).unwrap_or_default();
        let failed = ConnectionState {
            last_error: Some(LastError {
                at: now,
                line: failure::line(&why),
            }),
            failure: Some(why),
            next_at: now.checked_add_signed(wait),
            ..held.clone()
        };
        self.apply(state, &failed, Read::Nothing, now);
        self.published.notify_one();
    }

    /// Takes over what was read. Where that fails by a fault of the gateway's own, the connection is as it was before: it
    /// must not seem to have been read.
    fn apply(
        &self,
        mut state: MutexGuard<'_, State>,
        connection: &ConnectionState,
        read: Read<'_>,
        now: DateTime<Utc>,
    ) {
        let place = state.place(&connection.connection.id);
        let before = place.map(|place| (place, state.connections[place].state.clone()));
        let taken = catch_unwind(AssertUnwindSafe(|| state.publish(connection, read, now)));
        if taken.is_err()
            && let Some((place, before)) = before
        {
            state.connections[place].state = before;
        }
        self.record(state);
        if let Err(fault) = taken {
            resume_unwind(fault);
        }
    }

    /// Waits until a watcher tells something.
    pub(super) async fn published(&self) {
        self.published.notified().await;
    }

    /// Looks at the clock: a connection that has fallen silent since becomes an alarm.
    pub(crate) fn tick(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        state.detect_pause(self.clock.computer(), now);
        state.tick(now);
        self.record(state);
    }

    /// Records that nothing was watched since then: the process stood still.
    pub(crate) fn stood_still(&self, since: DateTime<Utc>) {
        self.store
            .record(vec![unwatched(Some(since), self.clock.now())]);
    }

    /// Notes that the connections are watched at this moment.
    pub(crate) fn watched(&self) {
        self.store.watched();
    }

    /// Records what was seen to happen, and which alarms are open. While nobody else can change what is known: what two
    /// tell at the same time gets to the store in the order in which it was taken over, so that no alarm that has ended is
    /// saved as open. The store only takes note of it, which takes no time.
    fn record(&self, mut state: MutexGuard<'_, State>) {
        let events = mem::take(&mut state.unrecorded_events);
        let unsaved = mem::take(&mut state.unsaved);
        self.store.record(events);
        self.store.save_later(unsaved);
        drop(state);
    }

    /// The open alarms, worst first, and the system and the title of each connection by its id.
    pub(crate) fn alarms(&self) -> (Vec<Alarm>, HashMap<String, (SystemKind, String)>) {
        let state = self.state();
        let connections = state.connections.iter().map(|one| &one.state.connection);
        let systems =
            connections.map(|one| (one.id.clone(), (one.system.kind(), one.title.clone())));
        (state.alarms.clone(), systems.collect())
    }

    /// An open alarm, also by the id that it had before another gateway's was taken over.
    pub(crate) fn alarm(&self, id: &str) -> Option<Alarm> {
        let state = self.state();
        let id = state.shared_alarms.id_now(id);
        state.alarms.iter().find(|alarm| alarm.id == id).cloned()
    }

    /// By what a resource or a connection is known, and its name, where there is such a one: of a run of a plan that
    /// several connections list by the one that represents it.
    pub(crate) fn identity(&self, key: &ResourceKey) -> Option<(ResourceKey, String)> {
        self.state().identity(key)
    }

    /// Takes over that somebody takes care of an alarm. Returns whether that alarm is open.
    pub(crate) fn acknowledge(&self, alarm: &str, given: Acknowledgement) -> bool {
        self.handle(|state| {
            let is_open = state.alarms.iter().any(|open| open.id == alarm);
            if is_open {
                let given_to = &mut state.handling.acknowledgements;
                given_to.insert(alarm.to_owned(), given);
            }
            is_open
        })
    }

    /// Takes over that somebody takes care of an alarm no longer.
    pub(crate) fn withdraw(&self, alarm: &str) {
        self.handle(|state| state.handling.acknowledgements.remove(alarm));
    }

    /// Takes over what somebody wrote about an alarm. Once that has ended, it is of no more use.
    pub(crate) fn note(&self, id: &str, note: Note) {
        self.handle(|state| state.handling.notes.insert(id.to_owned(), note));
    }

    /// What is under way or planned, the earliest first.
    pub(crate) fn maintenance(&self) -> Vec<Maintenance> {
        self.state().maintenance()
    }

    /// Takes over that maintenance is under way or planned.
    pub(crate) fn announce(&self, one: Maintenance) {
        self.handle(|state| state.handling.maintenance.insert(one.id.clone(), one));
    }

    /// Takes over that maintenance has ended, or does not take place.
    pub(crate) fn end_maintenance(&self, id: &str) {
        self.handle(|state| state.handling.maintenance.remove(id));
    }

    fn handle<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.state();
        state.shared_alarms.handled += 1;
        let done = change(&mut state);
        state.refresh_handling(now);
        self.record(state);
        done
    }

    /// Whether a connection holds a resource with the first of these ids, and that one what the second names.
    /// `None` where not everything that it holds is known.
    pub(crate) fn knows(&self, connection: &str, ids: &[&str]) -> Option<bool> {
        self.state().knows(connection, ids)
    }

    /// The ids of a connection's resources that are known: those with an alarm, also from before a restart, and those that
    /// it listed last.
    pub(super) fn known_ids(&self, connection: &str) -> Vec<String> {
        let state = self.state();
        let alarms = state.alarms.iter().map(|alarm| &alarm.resource);
        let of_it = state
            .place(connection)
            .map(|place| &state.connections[place]);
        let held = of_it.into_iter().flat_map(|of_it| {
            let held = of_it.resources.values().map(|held| &held.judged);
            held.chain(&of_it.listed).map(|judged| &judged.resource.key)
        });
        let mut known = HashSet::new();
        let keys = alarms.chain(held).filter(|key| {
            key.kind != Kind::Connection && key.connection == connection && !key.id.is_empty()
        });
        let ids = keys.map(|key| &key.id).filter(|id| known.insert(*id));
        ids.cloned().collect()
    }

    /// What a revision that somebody holds is to this inventory.
    pub(crate) fn position(&self, after: Option<&str>) -> Position {
        self.state().position(after)
    }

    /// What changed after a position, or everything.
    pub(crate) fn answer(&self, position: &Position, audience: Audience) -> protocol::Inventory {
        let now = self.clock.now();
        let whole = self.state().answer(position, now);
        audience.cut(whole)
    }

    /// Everything.
    pub(crate) fn everything(&self) -> protocol::Inventory {
        let position = self.position(None);
        self.answer(&position, Audience::People)
    }
}

/// A connection of which nothing was read yet.
pub(super) fn unread(public: vendors::Connection, interval: Duration) -> ConnectionState {
    ConnectionState {
        connection: public,
        watched_since: None,
        observed_at: None,
        interval_ms: in_millis(interval),
        next_at: None,
        failure: None,
        last_error: None,
        vendor_ahead_ms: 0,
        held: 0,
        in_transition: false,
        limit: None,
    }
}

/// Tells the revisions of one start of the gateway, or reset of its clock, from those of another.
fn new_instance_id() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
