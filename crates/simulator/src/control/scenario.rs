//! The routes that start a scenario or rebuild the simulated world.

use super::clock::valid_speed;
use super::{ControlResult, ControlState, MAXIMUM, bad, ok, read};
use crate::options::{Options, Scenario};
use axum::body::Bytes;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioChange {
    name: Scenario,
}

pub(super) async fn set_scenario(State(control): ControlState, body: Bytes) -> ControlResult {
    let ScenarioChange { name } = read(&body)?;
    control.advance_systems();
    control.current().scenario = name;
    for listener in &control.listeners {
        listener.service.enter(name);
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

pub(super) async fn reset(State(control): ControlState, body: Bytes) -> ControlResult {
    let requested: Reset = read(&body)?;
    if requested
        .groups
        .max(requested.sessions)
        .is_some_and(|count| count > MAXIMUM)
    {
        return Err(bad(format!("groups and sessions may be up to {MAXIMUM}")));
    }
    let initial = &control.initial;
    let options = Options {
        seed: requested.seed.unwrap_or(initial.seed),
        scenario: requested.scenario.unwrap_or(initial.scenario),
        groups: requested.groups.unwrap_or(initial.groups),
        sessions: requested.sessions.unwrap_or(initial.sessions),
        start: requested.start.or(initial.start),
        speed: requested
            .speed
            .map(valid_speed)
            .transpose()?
            .unwrap_or(initial.speed),
        // A reset does not change the clock for signed requests.
        account_speed: initial.account_speed,
        control: initial.control,
    };
    let start = options.start.unwrap_or_else(Utc::now);
    control.shared.clock.set_speed(options.speed);
    control.shared.clock.set(start);
    for listener in &control.listeners {
        listener.service.reset(&options);
    }
    let speed = options.speed;
    *control.current() = options;
    control.shared.with_faults(crate::faults::Faults::clear);
    control.shared.with_log(crate::log::Log::clear);
    // Reset the observer last, so that it reads only the new world.
    control.observer.reset(start, speed);
    ok(&control.clock())
}
