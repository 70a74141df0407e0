//! The control port: looks at the world and moves it, for tests and for whoever runs the demo.
//! JSON in, JSON out; `docs/simulator.md` describes the routes.

mod clock;
mod faults;
mod members;
mod observer;
mod scenario;

use crate::answer;
use crate::front::{Front, Shared};
use crate::observer::Observer;
use crate::options::Options;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post, put};
use chrono::{DateTime, Utc};
use clock::{advance, set_clock};
use faults::{add_fault, clear_faults, faults};
use members::{session, slicer, slicers, system};
use observer::{advance_observer, observer, set_observer};
use scenario::{reset, set_scenario};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that the control port moves.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) fronts: Vec<Arc<Front>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) observer: Observer,
    /// As the simulator was started: what a reset without wishes goes back to.
    pub(crate) first: Options,
    pub(crate) current: Mutex<Options>,
}

/// More groups than this, or sessions in one, would rather be a mistake.
const MOST: usize = 10_000;

type Here = State<Arc<Control>>;
type Done = Result<Response, Refused>;

/// `{"error"}` with a status.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        answer::json(self.0, &json!({ "error": self.1 }))
    }
}

fn bad(text: impl Into<String>) -> Refused {
    Refused(StatusCode::BAD_REQUEST, text.into())
}

fn missing(text: impl Into<String>) -> Refused {
    Refused(StatusCode::NOT_FOUND, text.into())
}

/// A body; an empty one is an object without fields.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    let text: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(text).map_err(|error| bad(format!("the body does not fit: {error}")))
}

fn ok(body: &Value) -> Done {
    Ok(answer::json(StatusCode::OK, body))
}

pub(crate) const ROUTES: &str = "\
GET    /                                         this list
GET    /world                                    clock, scenario, and all that every system holds
PUT    /clock            {\"now\"?, \"speed\"?}      sets the time (RFC 3339) or the speed; 0 freezes
POST   /clock/advance    {\"seconds\"}             moves the time on
PUT    /observer         {\"now\"?, \"speed\"?}      the same for who watches the systems; GET tells it
POST   /observer/advance {\"seconds\"}             lets time pass at once for who watches, not for the systems
PUT    /scenario         {\"name\"}                calm, busy or incident
POST   /reset            {\"seed\"?, \"scenario\"?, \"groups\"?, \"sessions\"?, \"start\"?, \"speed\"?}
                                                 builds the world anew; no faults, no log
POST   /faults           {\"connection\", \"operation\"?, \"fault\": {\"kind\", \"status\"?, \"milliseconds\"?}, \"times\"?}
                                                 kind: status latency reset truncated malformed html empty
GET    /faults           DELETE /faults          the faults that are on; switches them off
GET    /requests         DELETE /requests        what reached the systems; forgets it
PATCH  /systems/{id}                             {\"json\": \"v12\" | \"v13\"} for Veeam
PATCH  /systems/{id}/groups/{g}/sessions/{s}     {\"silent\"?, \"score\"?} for AVEVA
PATCH  /systems/{id}/groups/{g}/slicers/{s}      {\"healthy\"?, \"state\"?} for Uplynk
PUT    /systems/{id}/groups/{g}/slicers          {\"ids\"} for Uplynk: who is in the group
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
            Refused(
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

    fn front(&self, id: &str) -> Result<&Front, Refused> {
        let known: Vec<_> = self.fronts.iter().map(|front| front.id).collect();
        let found = self.fronts.iter().find(|front| front.id == id);
        found
            .map(AsRef::as_ref)
            .ok_or_else(|| missing(format!("no system '{id}'; there are {}", known.join(", "))))
    }

    /// Plays every system until the clock's time, and returns that.
    fn play(&self) -> DateTime<Utc> {
        let now = self.shared.clock.now();
        for front in &self.fronts {
            front.service.advance(now);
        }
        now
    }

    fn clock(&self) -> Value {
        json!({ "now": self.play(), "speed": self.shared.clock.speed() })
    }
}

async fn world(State(control): Here) -> Done {
    let clock = control.clock();
    let systems: Map<String, Value> = control
        .fronts
        .iter()
        .map(|front| (front.id.to_owned(), front.service.snapshot()))
        .collect();
    let options = control.current().clone();
    ok(&json!({
        "clock": clock,
        "scenario": options.scenario,
        "seed": options.seed,
        "systems": systems,
    }))
}

async fn requests(State(control): Here) -> Done {
    ok(&control.shared.with_log(|log| log.json()))
}

async fn clear_requests(State(control): Here) -> Done {
    control.shared.with_log(crate::log::Log::clear);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
