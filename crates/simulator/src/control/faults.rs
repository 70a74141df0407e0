//! The fault routes of the control port: switch faults on and off, and reject faults that could never
//! apply. [`crate::faults`] defines what a fault does.

use super::{ControlResult, ControlState, bad, ok, read};
use crate::answer;
use crate::faults::{Fault, Switch};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

pub(super) async fn faults(State(control): ControlState) -> ControlResult {
    ok(&json!({ "faults": control.shared.with_faults(|faults| json!(faults.list())) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultRequest {
    connection: String,
    operation: Option<String>,
    fault: Fault,
    times: Option<u64>,
}

pub(super) async fn add_fault(State(control): ControlState, body: Bytes) -> ControlResult {
    let requested: FaultRequest = read(&body)?;
    let known = control
        .listener(&requested.connection)?
        .service
        .operations();
    let operation = requested.operation.map(|name| name.to_lowercase());
    if let Some(name) = operation.as_deref().filter(|name| !known.contains(name)) {
        return Err(bad(format!(
            "'{}' has no operation '{name}'; it has {}",
            requested.connection,
            known.join(", ")
        )));
    }
    match requested.fault {
        Fault::Status { status, .. } if !(400..600).contains(&status) => {
            return Err(bad("status has to be from 400 to 599"));
        }
        Fault::Latency { milliseconds } if milliseconds > 600_000 => {
            return Err(bad("milliseconds may be up to 600000"));
        }
        _ => {}
    }
    if requested.times == Some(0) {
        return Err(bad("times has to be at least 1"));
    }
    let switch = Switch {
        connection: requested.connection,
        operation,
        fault: requested.fault,
        times: requested.times,
    };
    let body = json!(switch);
    control.shared.with_faults(|faults| faults.add(switch));
    Ok(answer::json(StatusCode::CREATED, &body))
}

pub(super) async fn clear_faults(State(control): ControlState) -> ControlResult {
    control.shared.with_faults(crate::faults::Faults::clear);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
