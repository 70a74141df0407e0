//! The control port: shows and changes the simulated world, for tests and for the demo.
//! Requests and responses are JSON; `docs/simulator.md` describes the routes.

mod clock;
mod faults;
mod members;
mod observer;
mod scenario;

use crate::answer;
use crate::listener::{Listener, Shared};
use crate::observer::Observer;
use crate::options::Options;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post, put};
use clock::{advance, set_clock};
use faults::{add_fault, clear_faults, faults};
use members::{session, slicer, slicers, system};
use observer::{advance_observer, observer, set_observer};
use scenario::{reset, set_scenario};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that the control port can change.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) listeners: Vec<Arc<Listener>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) observer: Observer,
    /// The options at the start; a reset without parameters restores them.
    pub(crate) initial: Options,
    pub(crate) current: Mutex<Options>,
}

/// The maximum number of groups, and of sessions or slicers in a group.
const MAXIMUM: usize = 10_000;

type ControlState = State<Arc<Control>>;
type ControlResult = Result<Response, ControlError>;

/// An error response: `{"error"}` with a status.
struct ControlError(StatusCode, String);

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        answer::json(self.0, &json!({ "error": self.1 }))
    }
}

fn bad(text: impl Into<String>) -> ControlError {
    ControlError(StatusCode::BAD_REQUEST, text.into())
}

fn missing(text: impl Into<String>) -> ControlError {
    ControlError(StatusCode::NOT_FOUND, text.into())
}

/// Parses a body; an empty body is an empty object.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, ControlError> {
    let text: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(text).map_err(|error| bad(format!("the body is not valid: {error}")))
}

fn ok(body: &Value) -> ControlResult {
    Ok(answer::json(StatusCode::OK, body))
}

pub(crate) const ROUTES: &str = "\
GET    /                                         this list
GET    /world                                    clock, scenario, and the state of every system
PUT    /clock            {\"now\"?, \"speed\"?}      sets the time (RFC 3339) or the speed; 0 freezes
POST   /clock/advance    {\"seconds\"}             advances the time
PUT    /observer         {\"now\"?, \"speed\"?}      the same for the observer's clock (the demo's gateway); GET shows it
POST   /observer/advance {\"seconds\"}             advances the observer's clock, not that of the systems
PUT    /scenario         {\"name\"}                calm, busy or incident
POST   /reset            {\"seed\"?, \"scenario\"?, \"groups\"?, \"sessions\"?, \"start\"?, \"speed\"?}
                                                 rebuilds the world, without faults and log
POST   /faults           {\"connection\", \"operation\"?, \"fault\": {\"kind\", \"status\"?, \"milliseconds\"?, \"body\"?, \"find\"?, \"with\"?}, \"times\"?}
                                                 kind: status latency reset truncated malformed html empty body replace
GET    /faults           DELETE /faults          lists the active faults; removes them
GET    /requests         DELETE /requests        lists the received requests; clears the list
PATCH  /systems/{id}                             {\"json\": \"v12\" | \"v13\"} for Veeam
PATCH  /systems/{id}/groups/{g}/sessions/{s}     {\"silent\"?, \"score\"?} for AVEVA
PATCH  /systems/{id}/groups/{g}/slicers/{s}      {\"healthy\"?, \"state\"?} for Uplynk
PUT    /systems/{id}/groups/{g}/slicers          {\"ids\"} for Uplynk: the slicers of the group
";

pub(crate) fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/", get(|| async { ROUTES }))
        .route("/world", get(world))
        .route("/clock", put(set_clock))
        .route("/clock/advance", post(advance))
        .route("/observer", get(observer).put(set_observer))
        .route("/observer/advance", post(advance_observer))
        .route("/scenario", put(set_scenario))
        .route("/reset", post(reset))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/systems/{id}", patch(system))
        .route("/systems/{id}/groups/{g}/sessions/{s}", patch(session))
        .route("/systems/{id}/groups/{g}/slicers/{s}", patch(slicer))
        .route("/systems/{id}/groups/{g}/slicers", put(slicers))
        .fallback(|| async { missing("no such route; GET / lists them") })
        .method_not_allowed_fallback(|| async {
            ControlError(
                StatusCode::METHOD_NOT_ALLOWED,
                "the route has no such method; GET / lists them".to_owned(),
            )
        })
        .with_state(control)
}

impl Control {
    fn current(&self) -> MutexGuard<'_, Options> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listener(&self, id: &str) -> Result<&Listener, ControlError> {
        let known: Vec<_> = self.listeners.iter().map(|listener| listener.id).collect();
        let found = self.listeners.iter().find(|listener| listener.id == id);
        found
            .map(AsRef::as_ref)
            .ok_or_else(|| missing(format!("no system '{id}'; there are {}", known.join(", "))))
    }

    /// Advances every system to the clock's time.
    fn advance_systems(&self) {
        for listener in &self.listeners {
            listener.service.advance();
        }
    }

    fn clock(&self) -> Value {
        self.advance_systems();
        let clock = &self.shared.clock;
        json!({ "now": clock.now(), "speed": clock.speed() })
    }
}

async fn world(State(control): ControlState) -> ControlResult {
    let clock = control.clock();
    let systems: Map<String, Value> = control
        .listeners
        .iter()
        .map(|listener| (listener.id.to_owned(), listener.service.snapshot()))
        .collect();
    let options = control.current().clone();
    ok(&json!({
        "clock": clock,
        "scenario": options.scenario,
        "seed": options.seed,
        "systems": systems,
    }))
}

async fn requests(State(control): ControlState) -> ControlResult {
    ok(&control.shared.with_log(|log| log.json()))
}

async fn clear_requests(State(control): ControlState) -> ControlResult {
    control.shared.with_log(crate::log::Log::clear);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
mod tests;
