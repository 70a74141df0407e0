//! What the gateway knows of every connection, judged once for everybody: the resources, the alarms, and which
//! of them changed since a revision.

mod audience;
mod changes;
mod connection;
mod judge;
mod state;

#[cfg(test)]
mod recorder_tests;
#[cfg(test)]
mod tests;

pub(crate) use audience::Audience;
pub(crate) use changes::Position;

use super::Clock;
use super::watcher::in_millis;
use crate::store::Store;
use health::inventory::{Contents, WatchedGroup};
use protocol::ConnectionState;
use state::State;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The inventory of everything that is watched.
#[derive(Debug)]
pub(crate) struct Inventory {
    clock: Clock,
    state: Mutex<State>,
    /// Where what is seen is recorded.
    store: Arc<Store>,
}

/// What a step of a watcher brought.
#[derive(Debug)]
pub(crate) enum Read<'a> {
    /// Only news of the connection itself.
    Nothing,
    /// Everything that the connection holds.
    Everything(&'a Contents),
    /// Every group that the connection holds.
    AllGroups(&'a [WatchedGroup]),
    /// These of the groups that it holds.
    Groups(Vec<&'a WatchedGroup>),
}

impl Inventory {
    pub(crate) fn new(clock: Clock, store: Arc<Store>) -> Self {
        let state = State::new(new_life(), clock.resets());
        Self {
            clock,
            state: Mutex::new(state),
            store,
        }
    }

    /// The time that it judges by.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What is known. What was known of another world begins another life, and nobody can ask what changed
    /// since then.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let world = self.clock.resets();
        if state.world != world {
            let connections = state.configured();
            *state = State::new(new_life(), world);
            state.configure(connections, self.clock.now());
        }
        state
    }

    /// The connections as they are configured now, each with its interval. What is no longer among them
    /// vanishes, and what is known of the others stays where they are the same systems.
    pub(crate) fn configure(&self, connections: Vec<(vendors::Connection, Duration)>) {
        let now = self.clock.now();
        self.state().configure(connections, now);
    }

    /// Forgets what is known of a connection.
    pub(crate) fn forget(&self, connection: &str) {
        let now = self.clock.now();
        self.state().forget(connection, now);
    }

    /// Takes over what a watcher has read and how its connection is.
    pub(crate) fn publish(&self, connection: &ConnectionState, read: Read<'_>) {
        let now = self.clock.now();
        let mut state = self.state();
        state.publish(connection, read, now);
        self.record(state);
    }

    /// Looks at the clock: a connection that has fallen silent since becomes an alarm.
    pub(crate) fn tick(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        state.tick(now);
        self.record(state);
    }

    /// Notes that the connections are watched at this moment.
    pub(crate) fn watched(&self) {
        self.store.watched();
    }

    /// Records what was seen to happen.
    fn record(&self, mut state: MutexGuard<'_, State>) {
        let seen = mem::take(&mut state.seen);
        drop(state);
        self.store.record(seen);
    }

    /// Whether a connection holds a resource with the first of these ids, and that one what the second names.
    /// `None` where not everything that it holds is known.
    pub(crate) fn knows(&self, connection: &str, ids: &[&str]) -> Option<bool> {
        self.state().knows(connection, ids)
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

/// Tells revisions of one life of the gateway from those of another.
fn new_life() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
