//! Switches faults on and off, and refuses those that could never come. What a fault does is decided in
//! [`crate::faults`].

use super::{Done, Here, bad, ok, read};
use crate::answer;
use crate::faults::{Fault, Switch};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

pub(super) async fn faults(State(control): Here) -> Done {
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

pub(super) async fn add_fault(State(control): Here, body: Bytes) -> Done {
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

pub(super) async fn clear_faults(State(control): Here) -> Done {
    control.shared.with_faults(crate::faults::Faults::clear);
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
