//! Another world: a scenario that the running one enters, or one built anew.

use super::clock::sane;
use super::{Done, Here, MOST, bad, ok, read};
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

pub(super) async fn set_scenario(State(control): Here, body: Bytes) -> Done {
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

pub(super) async fn reset(State(control): Here, body: Bytes) -> Done {
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
    let start = options.start.unwrap_or_else(Utc::now);
    control.shared.clock.set_speed(options.speed);
    control.shared.clock.set(start);
    for front in &control.fronts {
        front.service.reset(&options);
    }
    let speed = options.speed;
    *control.current() = options;
    control.shared.with_faults(crate::faults::Faults::clear);
    control.shared.with_log(crate::log::Log::clear);
    // Who watches looks anew once the new world stands.
    control.observer.reset(start, speed);
    ok(&control.clock())
}
