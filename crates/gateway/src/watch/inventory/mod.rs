//! The inventory: the state of every connection, judged once for everybody, with the resources, the alarms, and the
//! revisions in which they changed.

mod audience;
mod changes;
mod connection;
mod handled;
mod judge;
mod leaders;
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
use crate::store::{Store, unwatched_event};
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

/// The inventory of all connections.
#[derive(Debug)]
pub(crate) struct Inventory {
    clock: Clock,
    state: Mutex<State>,
    /// The store for events and alarms.
    store: Arc<Store>,
    /// Notifies of publications by watchers.
    published: Notify,
    /// The tasks that tests make fail, each as often as it is listed.
    #[cfg(test)]
    faults: Mutex<Vec<&'static str>>,
}

/// The system and the title of each connection, by id.
pub(crate) type Systems = HashMap<String, (SystemKind, String)>;

/// The part of a connection that a watcher has read.
#[derive(Debug)]
pub(crate) enum Read<'a> {
    /// Only the state of the connection itself.
    Nothing,
    /// All resources of the connection.
    Everything(&'a Contents),
    /// Some of the resources.
    Part(&'a Contents),
    /// All groups of the connection.
    AllGroups(&'a [WatchedGroup]),
    /// These groups of the connection.
    Groups(Vec<&'a WatchedGroup>),
    /// A publication of another gateway.
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

    /// Makes a task fail this many more times.
    #[cfg(test)]
    pub(crate) fn cause_faults(&self, task: &'static str, times: usize) {
        let mut faults = lock(&self.faults);
        faults.retain(|one| *one != task);
        faults.extend(std::iter::repeat_n(task, times));
    }

    /// The number of failures that a task has left.
    #[cfg(test)]
    pub(crate) fn faults_left(&self, task: &str) -> usize {
        let faults = lock(&self.faults);
        faults.iter().filter(|one| **one == task).count()
    }

    /// Panics if a test wants this task to fail.
    #[cfg(test)]
    pub(super) fn fail_on_purpose(&self, task: &str) {
        let mut faults = lock(&self.faults);
        let index = faults.iter().position(|one| *one == task);
        if let Some(index) = index {
            faults.remove(index);
            drop(faults);
            panic!("{task} fails on purpose");
        }
    }

    /// The clock for judgements.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The state. After a reset of the clock it starts over as a new instance, which knows no earlier revisions.
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

    /// Applies the configured connections, each with its interval. Removed ones disappear, and unchanged ones keep
    /// their state. A connection with changed settings keeps its alarms until it is read.
    pub(crate) fn configure(&self, connections: Vec<(vendors::Connection, Duration)>) {
        let now = self.clock.now();
        self.state().configure(connections, now);
    }

    /// Discards the state of a connection, except its alarms, which stay until it is read.
    pub(crate) fn forget(&self, connection: &str) {
        let now = self.clock.now();
        self.state().forget(connection, now);
    }

    /// Publishes what a watcher has read and the state of its connection, unless its permit was revoked or the clock
    /// was reset in the meantime.
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

    /// The same, for a watcher with a valid permit.
    #[cfg(test)]
    pub(crate) fn publish(&self, connection: &ConnectionState, read: Read<'_>) {
        let (permit, clock_resets) = (Permit::default(), self.clock.resets());
        self.publish_by(&permit, clock_resets, connection, read);
    }

    /// Reports that the watcher of a connection has panicked and restarts after this time. The state stays, and becomes
    /// stale.
    pub(super) fn watcher_failed(&self, permit: &Permit, id: &str, wait: Duration) {
        let now = self.clock.now();
        let state = self.state();
        let index = state.index_of(id).filter(|_| !permit.is_revoked());
        let Some(index) = index else {
            return;
        };
        let held = &state.connections[index].state;
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

    /// Applies a reading. If that panics, the state of the connection is restored, so that it does not seem to have
    /// been read.
    fn apply(
        &self,
        mut state: MutexGuard<'_, State>,
        connection: &ConnectionState,
        read: Read<'_>,
        now: DateTime<Utc>,
    ) {
        let index = state.index_of(&connection.connection.id);
        let before = index.map(|index| (index, state.connections[index].state.clone()));
        let taken = catch_unwind(AssertUnwindSafe(|| state.publish(connection, read, now)));
        if taken.is_err()
            && let Some((index, before)) = before
        {
            state.connections[index].state = before;
        }
        self.record(state);
        if let Err(fault) = taken {
            resume_unwind(fault);
        }
    }

    /// Waits for a publication by a watcher.
    pub(super) async fn published(&self) {
        self.published.notified().await;
    }

    /// Handles the passing of time: a connection that has become silent raises an alarm.
    pub(crate) fn tick(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        state.detect_pause(self.clock.computer(), now);
        state.tick(now);
        self.record(state);
    }

    /// Records that nothing was watched since this time, because the process was suspended.
    pub(crate) fn record_suspension(&self, since: DateTime<Utc>) {
        self.store
            .record(vec![unwatched_event(Some(since), true, self.clock.now())]);
    }

    /// Notes that the connections are being watched at this moment.
    pub(crate) fn note_watching(&self) {
        self.store.note_watching();
    }

    /// Records events and open alarms while the state is locked, so that the store gets changes in the order in which
    /// they were made, and no ended alarm is saved as open. The store only queues them, which takes no time.
    fn record(&self, mut state: MutexGuard<'_, State>) {
        let events = mem::take(&mut state.unrecorded_events);
        let unsaved = state.take_unsaved();
        self.store.record(events);
        self.store.save_later(unsaved);
        drop(state);
    }

    /// The open alarms, worst first, the ids of those that may have ended unnoticed, and the system and title of each
    /// connection by id.
    pub(crate) fn alarms(&self) -> (Vec<Alarm>, HashSet<String>, Systems) {
        let now = self.clock.now();
        let mut state = self.state();
        state.detect_pause(self.clock.computer(), now);
        let connections = state.connections.iter().map(|one| &one.state.connection);
        let systems =
            connections.map(|one| (one.id.clone(), (one.system.kind(), one.title.clone())));
        let unconfirmed = state.unconfirmed(now);
        (state.alarms.clone(), unconfirmed, systems.collect())
    }

    /// An open alarm, also by an earlier id that another gateway's id has replaced.
    pub(crate) fn alarm(&self, id: &str) -> Option<Alarm> {
        let state = self.state();
        let id = state.shared_alarms.id_now(id);
        state.alarms.iter().find(|alarm| alarm.id == id).cloned()
    }

    /// The key and the name of a resource or a connection, if it exists. A run that several connections list has the
    /// key of the connection that represents it.
    pub(crate) fn identity(&self, key: &ResourceKey) -> Option<(ResourceKey, String)> {
        self.state().identity(key)
    }

    /// Stores an acknowledgement of an alarm. Returns whether that alarm is open.
    pub(crate) fn acknowledge(&self, alarm: &str, given: Acknowledgement) -> bool {
        self.change_handling(|state| {
            let is_open = state.alarms.iter().any(|open| open.id == alarm);
            if is_open {
                let given_to = &mut state.handling.acknowledgements;
                given_to.insert(alarm.to_owned(), given);
            }
            is_open
        })
    }

    /// Deletes the acknowledgement of an alarm.
    pub(crate) fn withdraw(&self, alarm: &str) {
        self.change_handling(|state| state.handling.acknowledgements.remove(alarm));
    }

    /// Stores a note on an alarm, which is deleted when the alarm ends.
    pub(crate) fn note(&self, id: &str, note: Note) {
        self.change_handling(|state| state.handling.notes.insert(id.to_owned(), note));
    }

    /// Active and planned maintenance, earliest first.
    pub(crate) fn maintenance(&self) -> Vec<Maintenance> {
        self.state().shown_maintenance.clone()
    }

    /// Stores active or planned maintenance.
    pub(crate) fn announce(&self, one: Maintenance) {
        self.change_handling(|state| state.handling.maintenance.insert(one.id.clone(), one));
    }

    /// Deletes maintenance that has ended or was cancelled.
    pub(crate) fn end_maintenance(&self, id: &str) {
        self.change_handling(|state| state.handling.maintenance.remove(id));
    }

    fn change_handling<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.state();
        state.shared_alarms.handled += 1;
        let done = change(&mut state);
        state.refresh_handling(now);
        self.record(state);
        done
    }

    /// Whether a connection has a resource with the first id, and the resource has what the other ids name. `None` if
    /// the connection was not read completely.
    pub(crate) fn knows(&self, connection: &str, ids: &[&str]) -> Option<bool> {
        self.state().knows(connection, ids)
    }

    /// The ids of a connection's known resources: those with an alarm, including alarms from before a restart, and
    /// those that it listed last.
    pub(super) fn known_ids(&self, connection: &str) -> Vec<String> {
        let state = self.state();
        let alarms = state.alarms.iter().map(|alarm| &alarm.resource);
        let of_it = state
            .index_of(connection)
            .map(|index| &state.connections[index]);
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

    /// The position of a client's revision.
    pub(crate) fn position(&self, after: Option<&str>) -> Position {
        self.state().position(after)
    }

    /// The changes after a position, or everything.
    pub(crate) fn answer(&self, position: &Position, audience: Audience) -> protocol::Inventory {
        let now = self.clock.now();
        let answer = self.state().answer(position, now);
        audience.reduce(answer)
    }

    pub(crate) fn everything(&self) -> protocol::Inventory {
        let position = self.position(None);
        self.answer(&position, Audience::People)
    }
}

/// The state of a connection that has not been read yet.
pub(crate) fn unread(public: vendors::Connection, interval: Duration) -> ConnectionState {
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

/// Distinguishes the revisions of this run, or of a reset of its clock, from others.
fn new_instance_id() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
