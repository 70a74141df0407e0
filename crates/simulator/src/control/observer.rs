//! The control port's clock of the observer: the one who watches the systems.

use super::clock::{Advance, ClockChange, sane, span};
use super::{Control, ControlResult, ControlState, ok, read};
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};

fn told(control: &Control) -> Value {
    json!({ "now": control.observer.now(), "speed": control.observer.speed() })
}

pub(super) async fn observer(State(control): ControlState) -> ControlResult {
    ok(&told(&control))
}

pub(super) async fn set_observer(State(control): ControlState, body: Bytes) -> ControlResult {
    let change: ClockChange = read(&body)?;
    let speed = change.speed.map(sane).transpose()?;
    control.observer.set(change.now, speed);
    ok(&told(&control))
}

pub(super) async fn advance_observer(State(control): ControlState, body: Bytes) -> ControlResult {
    let Advance { seconds } = read(&body)?;
    control.observer.advance(span(seconds)?);
    ok(&told(&control))
}
