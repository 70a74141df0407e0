//! The control port: looks at the world and moves it, for tests and for whoever runs the demo.
//! JSON in, JSON out; `docs/simulator.md` describes the routes.

use crate::answer;
use crate::faults::{Fault, Switch};
use crate::front::{Front, Shared};
use crate::options::{Options, Scenario};
use crate::service::Service;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post, put};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that the control port moves.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) fronts: Vec<Arc<Front>>,
    pub(crate) shared: Arc<Shared>,
    /// As the simulator was started: what a reset without wishes goes back to.
    pub(crate) first: Options,
    pub(crate) current: Mutex<Options>,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    now: Option<DateTime<Utc>>,
    speed: Option<f64>,
}

async fn set_clock(State(control): Here, body: Bytes) -> Done {
    let change: ClockChange = read(&body)?;
    let speed = change.speed.map(sane).transpose()?;
    if let Some(now) = change.now {
        control.shared.clock.set(now);
    }
    if let Some(speed) = speed {
        control.shared.clock.set_speed(speed);
    }
    ok(&control.clock())
}

fn sane(speed: f64) -> Result<f64, Refused> {
    if (0.0..=1e6).contains(&speed) {
        Ok(speed)
    } else {
        Err(bad("speed has to be from 0 to 1000000"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

async fn advance(State(control): Here, body: Bytes) -> Done {
    let Advance { seconds } = read(&body)?;
    if !(0.0..=1e9).contains(&seconds) {
        return Err(bad(
            "seconds has to be from 0 to 1000000000; PUT /clock sets any time",
        ));
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e12 milliseconds")]
    let by = TimeDelta::milliseconds((seconds * 1e3) as i64);
    control.shared.clock.advance(by);
    ok(&control.clock())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioChange {
    name: Scenario,
}

async fn set_scenario(State(control): Here, body: Bytes) -> Done {
    let ScenarioChange { name } = read(&body)?;
    control.play();
    control.current().scenario = name;
    for front in &control.fronts {
        front.service.enter(name);
    }
    ok(&json!({ "scenario": name }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    seed: Option<u64>,
    scenario: Option<Scenario>,
    groups: Option<usize>,
    sessions: Option<usize>,
    start: Option<DateTime<Utc>>,
    speed: Option<f64>,
}

/// More groups than this, or sessions in one, would rather be a mistake.
const MOST: usize = 10_000;

async fn reset(State(control): Here, body: Bytes) -> Done {
    let wish: Reset = read(&body)?;
    if wish
        .groups
        .max(wish.sessions)
        .is_some_and(|count| count > MOST)
    {
        return Err(bad(format!("groups and sessions may be up to {MOST}")));
    }
    let first = &control.first;
    let options = Options {
        seed: wish.seed.unwrap_or(first.seed),
        scenario: wish.scenario.unwrap_or(first.scenario),
        groups: wish.groups.unwrap_or(first.groups),
        sessions: wish.sessions.unwrap_or(first.sessions),
        start: wish.start.or(first.start),
        speed: wish.speed.map(sane).transpose()?.unwrap_or(first.speed),
        control: first.control,
    };
    control.shared.clock.set_speed(options.speed);
    control
        .shared
        .clock
        .set(options.start.unwrap_or_else(Utc::now));
    for front in &control.fronts {
        front.service.reset(&options);
    }
    *control.current() = options;
    control.shared.with_faults(crate::faults::Faults::clear);
    control.shared.with_log(crate::log::Log::clear);
    ok(&control.clock())
}

async fn faults(State(control): Here) -> Done {
    ok(&json!({ "faults": control.shared.with_faults(|faults| json!(faults.list())) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultWish {
    connection: String,
    operation: Option<String>,
    fault: Fault,
    times: Option<u64>,
}

async fn add_fault(State(control): Here, body: Bytes) -> Done {
    let wish: FaultWish = read(&body)?;
    let known = control.front(&wish.connection)?.service.operations();
    let operation = wish.operation.map(|name| name.to_lowercase());
    if let Some(name) = operation.as_deref().filter(|name| !known.contains(name)) {
        return Err(bad(format!(
            "'{}' has no operation '{name}'; it has {}",
            wish.connection,
            known.join(", ")
        )));
    }
    match wish.fault {
        Fault::Status { status, .. } if !(400..600).contains(&status) => {
            return Err(bad("status has to be from 400 to 599"));
        }
        Fault::Latency { milliseconds } if milliseconds > 600_000 => {
            return Err(bad("milliseconds may be up to 600000"));
        }
        _ => {}
    }
    if wish.times == Some(0) {
        return Err(bad("times has to be at least 1"));
    }
    let switch = Switch {
        connection: wish.connection,
        operation,
        fault: wish.fault,
        times: wish.times,
    };
    let body = json!(switch);
    control.shared.with_faults(|faults| faults.add(switch));
    Ok(answer::json(StatusCode::CREATED, &body))
}

async fn clear_faults(State(control): Here) -> Done {
    control.shared.with_faults(crate::faults::Faults::clear);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

async fn requests(State(control): Here) -> Done {
    ok(&control.shared.with_log(|log| log.json()))
}

async fn clear_requests(State(control): Here) -> Done {
    control.shared.with_log(crate::log::Log::clear);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

async fn system(State(control): Here, Path(id): Path<String>, body: Bytes) -> Done {
    let change: Value = read(&body)?;
    control
        .front(&id)?
        .service
        .configure(&change)
        .map_err(bad)?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

async fn session(
    State(control): Here,
    Path((id, group, session)): Path<(String, String, String)>,
    body: Bytes,
) -> Done {
    let change: Value = read(&body)?;
    control.play();
    match &control.front(&id)?.service {
        Service::Aveva(service) => ok(&service.pull(&group, &session, &change).map_err(bad)?),
        _ => Err(missing(format!("'{id}' has no client sessions"))),
    }
}

async fn slicer(
    State(control): Here,
    Path((id, group, slicer)): Path<(String, String, String)>,
    body: Bytes,
) -> Done {
    let change: Value = read(&body)?;
    control.play();
    match &control.front(&id)?.service {
        Service::Uplynk(service) => ok(&service.pull(&group, &slicer, &change).map_err(bad)?),
        _ => Err(missing(format!("'{id}' has no slicers"))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    ids: Vec<String>,
}

async fn slicers(
    State(control): Here,
    Path((id, group)): Path<(String, String)>,
    body: Bytes,
) -> Done {
    let wish: Members = read(&body)?;
    if wish.ids.len() > MOST {
        return Err(bad(format!("a group may have up to {MOST} slicers")));
    }
    control.play();
    match &control.front(&id)?.service {
        Service::Uplynk(service) => ok(&service.members(&group, &wish.ids).map_err(bad)?),
        _ => Err(missing(format!("'{id}' has no slicers"))),
    }
}
