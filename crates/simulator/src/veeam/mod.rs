//! Veeam Backup Enterprise Manager's cloud failover sessions: a handle on one server, and its
//! controls. `answers` builds the responses; the other submodules contain the rules.

mod answers;
mod content;
mod field;
mod filter;
mod json;
mod logons;
mod model;
mod plans;
mod query;
mod snapshot;
#[cfg(test)]
mod tests;
mod vendor_samples;
mod world;
mod xml;

pub(crate) use answers::{OPERATIONS, error_body, media, operation};
pub(crate) use json::JsonFlavour;

use crate::answer::typed;
use crate::clock::Clock;
use crate::options::Scenario;
use answers::accept;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use content::Addresses;
use logons::Logons;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use world::World;

/// The configuration of one Enterprise Manager.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    /// Its JSON style.
    pub(crate) json: JsonFlavour,
    /// The user name for the log-on.
    pub(crate) username: String,
    /// The password for the log-on.
    pub(crate) password: String,
    /// Host and port in its links, independent of the requested address.
    pub(crate) server_name: String,
}

/// One simulated Enterprise Manager; clones are handles on the same one.
#[derive(Debug, Clone)]
pub(crate) struct Veeam(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    profile: Profile,
    addresses: Addresses,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    world: World,
    logons: Logons,
    json: JsonFlavour,
    seed: u64,
    /// The time up to which it has been simulated.
    now: DateTime<Utc>,
}

impl Veeam {
    /// An Enterprise Manager with a generated history that ends at the clock's time.
    pub(crate) fn new(profile: Profile, seed: u64, clock: Clock) -> Self {
        let now = clock.now();
        let state = State {
            world: World::new(seed, now),
            logons: Logons::default(),
            json: profile.json,
            seed,
            now,
        };
        let addresses = Addresses {
            server: profile.server_name.clone(),
        };
        Self(Arc::new(Inner {
            profile,
            addresses,
            clock,
            state: Mutex::new(state),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Advances to the clock's time. Only new sessions need it: the others depend on the time alone.
    pub(crate) fn advance(&self) {
        drop(self.advanced());
    }

    /// The clock is read under the lock, so that a concurrent request cannot advance the world further first.
    fn advanced(&self) -> (MutexGuard<'_, State>, DateTime<Utc>) {
        let mut state = self.state();
        let now = self.0.clock.now();
        state.world.advance(now);
        state.now = now;
        (state, now)
    }

    /// Starts a scenario.
    pub(crate) fn enter(&self, scenario: Scenario) {
        self.state().world.enter(scenario, self.0.clock.now());
    }

    /// Changes its JSON style.
    pub(crate) fn set_json(&self, json: JsonFlavour) {
        self.state().json = json;
    }

    /// Rebuilds the world, with the scenario `calm` and the JSON style of its profile. Log-on sessions
    /// stay valid, so that clients are not affected.
    pub(crate) fn reset(&self, seed: u64) {
        let now = self.0.clock.now();
        let state = &mut *self.state();
        state.logons.renew(state.now, now);
        state.world = World::new(seed, now);
        (state.json, state.seed, state.now) = (self.0.profile.json, seed, now);
    }

    /// The vendor's error for a status, in the format that the request asks for.
    pub(crate) fn error(&self, status: StatusCode, headers: &HeaderMap) -> Response {
        let (media, body) = error_body(status.as_u16(), accept(headers), self.state().json);
        typed(status, media, body)
    }
}
