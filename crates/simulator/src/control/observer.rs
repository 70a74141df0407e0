//! The routes for the observer's clock: the clock of the demo's gateway.

use super::clock::{Advance, ClockChange, seconds_to_duration, valid_speed};
use super::{Control, ControlResult, ControlState, ok, read};
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};

fn clock_json(control: &Control) -> Value {
    json!({ "now": control.observer.now(), "speed": control.observer.speed() })
}

pub(super) async fn observer(State(control): ControlState) -> ControlResult {
    ok(&clock_json(&control))
}

pub(super) async fn set_observer(State(control): ControlState, body: Bytes) -> ControlResult {
    let change: ClockChange = read(&body)?;
    let speed = change.speed.map(valid_speed).transpose()?;
    control.observer.set(change.now, speed);
    ok(&clock_json(&control))
}

pub(super) async fn advance_observer(State(control): ControlState, body: Bytes) -> ControlResult {
    let Advance { seconds } = read(&body)?;
    control.observer.advance(seconds_to_duration(seconds)?);
    ok(&clock_json(&control))
}
