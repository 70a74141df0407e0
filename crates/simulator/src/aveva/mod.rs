//! AVEVA client failover: routing and authentication. The submodules contain the rules.

mod adapters;
mod auth;
mod controls;
pub(crate) mod demo;
mod election;
mod errors;
mod fast_forward;
mod groups;
mod model;
mod scenario;
mod sessions;
#[cfg(test)]
mod tests;
mod values;
mod wire;
mod world;

use crate::answer;
use crate::clock::Clock;
use crate::options::{Credentials, Options, Scenario};
use crate::path::ApiRequest;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use errors::{Refusal, by_status};
use sessions::SessionRef;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wire::Style;
use world::World;

/// The deployment of one service.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) tenant: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) groups_version: &'static str,
    pub(crate) sessions_version: &'static str,
    pub(crate) credentials: Credentials,
}

#[derive(Debug)]
pub(crate) struct Service {
    profile: Profile,
    clock: Clock,
    salt: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    world: World,
    tokens: auth::Tokens,
    /// Counts the responses, for their OperationId.
    answers: u64,
}

/// The contract's operations, with the names that faults and the log use.
pub(crate) const OPERATIONS: [&str; 13] = [
    "token",
    "list groups",
    "create group",
    "get group",
    "delete group",
    "group status",
    "list sessions",
    "create session",
    "get session",
    "put session",
    "delete session",
    "heartbeat",
    "role override",
];

impl Service {
    pub(crate) fn new(profile: Profile, salt: u64, options: &Options, clock: Clock) -> Self {
        let world = demo::world(profile.tenant.is_none(), salt, options, clock.now());
        let state = State {
            world,
            tokens: auth::Tokens::default(),
            answers: 0,
        };
        Self {
            profile,
            clock,
            salt,
            state: Mutex::new(state),
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

    /// Builds a new world; tokens stay valid, so that clients are not affected.
    pub(crate) fn reset(&self, options: &Options) {
        let mut state = self.state();
        let (before, now) = (state.world.now, self.clock.now());
        state.world = demo::world(self.profile.tenant.is_none(), self.salt, options, now);
        state.tokens.renew(before, now);
    }

    /// The version in the path and the segments after the base, if the path starts with the base.
    fn strip_base<'a>(&self, segments: &'a [&'a str]) -> Option<(&'a str, bool, &'a [&'a str])> {
        match (segments, &self.profile.tenant, &self.profile.namespace) {
            (
                [
                    "api",
                    version,
                    "tenants",
                    tenant,
                    "namespaces",
                    namespace,
                    "clientfailover",
                    rest @ ..,
                ],
                Some(t),
                Some(n),
            ) => Some((version, tenant == t && namespace == n, rest)),
            (["api", version, "clientfailover", rest @ ..], None, None) => {
                Some((version, true, rest))
            }
            _ => None,
        }
    }

    /// The operation of a request, or the status that explains why there is none.
    fn route(&self, method: &Method, segments: &[&str]) -> Result<&'static str, StatusCode> {
        let unknown = StatusCode::NOT_IMPLEMENTED;
        if matches!(
            self.profile.credentials,
            Credentials::ClientCredentials { .. }
        ) && segments == ["identity", "connect", "token"]
        {
            return if method == Method::POST {
                Ok("token")
            } else {
                Err(unknown)
            };
        }
        let (version, _, rest) = self.strip_base(segments).ok_or(unknown)?;
        if rest.iter().any(|part| part.is_empty()) {
            return Err(unknown);
        }
        let (operation, expected_version) = match (method.as_str(), rest) {
            ("GET", ["groups"]) => ("list groups", self.profile.groups_version),
            ("POST", ["groups"]) => ("create group", self.profile.groups_version),
            ("GET", ["groups", _]) => ("get group", self.profile.groups_version),
            ("DELETE", ["groups", _]) => ("delete group", self.profile.groups_version),
            ("GET", ["groups", _, "status"]) => ("group status", self.profile.groups_version),
            ("GET", ["groups", _, "clientsessions"]) => {
                ("list sessions", self.profile.sessions_version)
            }
            ("POST", ["groups", _, "clientsessions"]) => {
                ("create session", self.profile.sessions_version)
            }
            ("GET", ["groups", _, "clientsessions", _]) => {
                ("get session", self.profile.sessions_version)
            }
            ("DELETE", ["groups", _, "clientsessions", _]) => {
                ("delete session", self.profile.sessions_version)
            }
            ("PUT", ["groups", _, "clientsessions", _]) => match version {
                "v1-preview" => ("put session", self.profile.sessions_version),
                _ => return Err(StatusCode::METHOD_NOT_ALLOWED),
            },
            ("POST", ["groups", _, "clientsessions", _, "heartbeat"]) => {
                ("heartbeat", self.profile.sessions_version)
            }
            ("POST", ["groups", _, "clientsessions", _, "roleoverride"]) => match version {
                "v1" => ("role override", self.profile.sessions_version),
                _ => return Err(StatusCode::NOT_FOUND),
            },
            _ => return Err(unknown),
        };
        if version == expected_version {
            Ok(operation)
        } else {
            Err(StatusCode::NOT_FOUND)
        }
    }

    pub(crate) fn operation(&self, method: &Method, segments: &[&str]) -> Option<&'static str> {
        self.route(method, segments).ok()
    }

    /// The service's error body for a status, for an injected fault.
    pub(crate) fn error(&self, status: StatusCode) -> Response {
        let id = self.state().operation_id();
        by_status(status).response(&id)
    }

    pub(crate) fn answer(&self, request: &ApiRequest) -> Response {
        let segments = request.parts();
        let (mut state, now) = self.advanced();
        let state = &mut *state;
        let route = self.route(&request.method, &segments);
        if route == Ok("token") {
            return state.tokens.token(request, &self.profile.credentials, now);
        }
        let id = state.operation_id();
        if route == Err(StatusCode::NOT_IMPLEMENTED) {
            let mut refusal = by_status(StatusCode::NOT_IMPLEMENTED);
            refusal.reason = format!(
                "The contract has no {} /{}.",
                request.method,
                segments.join("/")
            );
            return refusal.response(&id);
        }
        if let Err(unauthorized) = state.tokens.check(request, &self.profile.credentials, now) {
            return *unauthorized;
        }
        let answered = route.map_err(by_status).and_then(|operation| {
            let (_, is_own, rest) = self.strip_base(&segments).unwrap_or_default();
            if !is_own {
                return Err(by_status(StatusCode::FORBIDDEN));
            }
            self.execute(&mut state.world, operation, rest, request, now)
        });
        let mut response = answered.unwrap_or_else(|refusal| refusal.response(&id));
        if let Ok(id) = id.parse() {
            response.headers_mut().insert("operation-id", id);
        }
        response
    }

    fn execute(
        &self,
        world: &mut World,
        operation: &str,
        rest: &[&str],
        request: &ApiRequest,
        now: DateTime<Utc>,
    ) -> Result<Response, Refusal> {
        let style = self.style();
        let group = rest.get(1).copied().unwrap_or_default();
        let session = SessionRef {
            style,
            group,
            session: rest.get(3).copied().unwrap_or_default(),
            now,
        };
        match operation {
            "list groups" => groups::list(world, style, request),
            "create group" => groups::create(world, style, request, now),
            "get group" => groups::get(world, style, group),
            "delete group" => groups::delete(world, group, now),
            "group status" => groups::status(world, style, group),
            "list sessions" => sessions::list(world, style, group),
            "create session" => sessions::create(world, style, group, &request.body, now),
            "get session" => session.get(world),
            "put session" => session.put(world, &request.body),
            "delete session" => session.delete(world),
            "heartbeat" => session.heartbeat(world, &request.body),
            "role override" => session.role_override(world, &request.body),
            _ => Ok(answer::empty(StatusCode::NOT_IMPLEMENTED)),
        }
    }

    fn style(&self) -> Style {
        let cloud = self.profile.tenant.is_some();
        Style {
            v1: self.profile.sessions_version == "v1",
            names: !cloud,
            zone: cloud,
        }
    }
}

impl State {
    /// An id in the form of a GUID. With the same seed, the same request has the same id.
    fn operation_id(&mut self) -> String {
        self.answers += 1;
        let mixed = (self.world.seed ^ self.answers).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            mixed >> 32,
            mixed >> 16 & 0xFFFF,
            mixed >> 4 & 0xFFF,
            mixed >> 20 & 0xFFF,
            self.answers
        )
    }
}
