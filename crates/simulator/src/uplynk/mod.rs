//! Uplynk live slicer failover groups: routing and authentication. The submodules contain the rules.

mod controls;
pub(crate) mod demo;
mod model;
mod operations;
mod signature;
mod test_card;
#[cfg(test)]
mod tests;
mod wire;
mod world;

use crate::answer;
use crate::clock::Clock;
use crate::options::{Options, Scenario};
use crate::path::ApiRequest;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use operations::refused;
use signature::{SignatureError, UsedSignatures};
use std::sync::{Mutex, MutexGuard, PoisonError};
use world::World;

#[derive(Debug)]
pub(crate) struct Service {
    owner: String,
    api_key: String,
    clock: Clock,
    accounts: Clock,
    base_url: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    world: World,
    used: UsedSignatures,
}

/// The contract's operations and the thumbnail download, with the names that faults and the log use.
pub(crate) const OPERATIONS: [&str; 10] = [
    "list groups",
    "get group",
    "configure group",
    "order slicers",
    "activate slicer",
    "set slate",
    "change channels",
    "list allowed owners",
    "change allowed owners",
    "get picture",
];

impl Service {
    pub(crate) fn new(
        owner: &str,
        api_key: &str,
        base_url: &str,
        options: &Options,
        clock: Clock,
        accounts: Clock,
    ) -> Self {
        let world = demo::world(options, base_url, clock.now());
        Self {
            owner: owner.to_owned(),
            api_key: api_key.to_owned(),
            clock,
            accounts,
            base_url: base_url.to_owned(),
            state: Mutex::new(State {
                world,
                used: UsedSignatures::default(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Advances to the clock's time. The clock is read under the lock, so that a concurrent request cannot advance the
    /// world further first and this one move it back.
    fn advanced(&self) -> (MutexGuard<'_, State>, DateTime<Utc>) {
        let mut state = self.state();
        let now = self.clock.now();
        state.world.advance(now);
        (state, now)
    }

    pub(crate) fn advance(&self) {
        drop(self.advanced());
    }

    pub(crate) fn enter(&self, scenario: Scenario) {
        self.state().world.enter(scenario);
    }

    pub(crate) fn reset(&self, options: &Options) {
        self.state().world = demo::world(options, &self.base_url, self.clock.now());
    }

    pub(crate) fn operation(&self, method: &Method, segments: &[&str]) -> Option<&'static str> {
        if let ("GET", ["thumbs", _, _, _]) = (method.as_str(), segments) {
            return Some("get picture");
        }
        let ["api", "v4", "failover-groups", rest @ ..] = segments else {
            return None;
        };
        if rest.iter().any(|part| part.is_empty()) {
            return None;
        }
        Some(match (method.as_str(), rest) {
            ("GET", []) => "list groups",
            ("GET", [_]) => "get group",
            ("PATCH", [_]) => "configure group",
            ("PUT", [_, "slicers"]) => "order slicers",
            ("PUT", [_, "activate_slicer"]) => "activate slicer",
            ("PUT", [_, "set_no_slicer"]) => "set slate",
            ("PUT", [_, "channels"]) => "change channels",
            ("GET", [_, "allowed-owners"]) => "list allowed owners",
            ("PUT", [_, "allowed-owners"]) => "change allowed owners",
            _ => return None,
        })
    }

    /// The service's error body for a status, for an injected fault.
    pub(crate) fn error(&self, status: StatusCode) -> Response {
        wire::error(status, "")
    }

    pub(crate) fn answer(&self, request: &ApiRequest) -> Response {
        let segments = request.parts();
        if let ("GET", ["thumbs", _, slicer, name]) = (request.method.as_str(), segments.as_slice())
        {
            return test_card::answer(slicer, name);
        }
        let Some(operation) = self.operation(&request.method, &segments) else {
            let title = format!(
                "The contract has no {} /{}",
                request.method,
                segments.join("/")
            );
            return wire::error(StatusCode::NOT_IMPLEMENTED, &title);
        };
        let (mut state, now) = self.advanced();
        let state = &mut *state;
        let signed = request.parameter("msg").zip(request.parameter("sig"));
        match state.used.check(
            &self.owner,
            &self.api_key,
            signed,
            [now, self.accounts.now()],
        ) {
            Ok(()) => {}
            Err(SignatureError::Forbidden(why)) => {
                // The vendor's response contains no reason, so it is logged.
                tracing::info!(why, "request rejected");
                return wire::error(StatusCode::FORBIDDEN, "");
            }
            Err(SignatureError::Replayed) => {
                return wire::error(StatusCode::BAD_REQUEST, "msg and sig were used before");
            }
        }
        let world = &mut state.world;
        if operation == "list groups" {
            return world.list(&self.owner);
        }
        let Some(index) = segments.get(3).and_then(|id| world.position(id)) else {
            return wire::error(StatusCode::NOT_FOUND, "Failover group not found");
        };
        let done = match operation {
            "get group" => Ok(answer::json(
                StatusCode::OK,
                &world.group_json(&world.groups[index], &self.owner),
            )),
            "configure group" => world.configure(index, &request.body),
            "order slicers" => world.order(index, &request.body),
            "activate slicer" => world.activate(index, &request.body),
            "set slate" => world.slate(index, &request.body),
            "change channels" => world.channels(index, &request.body),
            "list allowed owners" => Ok(world.owners(index)),
            _ => world.set_owners(index, &request.body),
        };
        done.unwrap_or_else(refused)
    }
}
