//! The routes that change one system or the members of a group: silence a session, make a slicer
//! unhealthy, or replace the slicers of a group.

use super::{ControlResult, ControlState, MAXIMUM, bad, missing, ok, read};
use crate::answer;
use crate::service::Service;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

pub(super) async fn system(
    State(control): ControlState,
    Path(id): Path<String>,
    body: Bytes,
) -> ControlResult {
    let change: Value = read(&body)?;
    control
        .listener(&id)?
        .service
        .configure(&change)
        .map_err(bad)?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn session(
    State(control): ControlState,
    Path((id, group, session)): Path<(String, String, String)>,
    body: Bytes,
) -> ControlResult {
    let change: Value = read(&body)?;
    control.advance_systems();
    match &control.listener(&id)?.service {
        Service::Aveva(service) => ok(&service.adjust(&group, &session, &change).map_err(bad)?),
        _ => Err(missing(format!("'{id}' has no client sessions"))),
    }
}

pub(super) async fn slicer(
    State(control): ControlState,
    Path((id, group, slicer)): Path<(String, String, String)>,
    body: Bytes,
) -> ControlResult {
    let change: Value = read(&body)?;
    control.advance_systems();
    match &control.listener(&id)?.service {
        Service::Uplynk(service) => ok(&service.adjust(&group, &slicer, &change).map_err(bad)?),
        _ => Err(missing(format!("'{id}' has no slicers"))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    ids: Vec<String>,
}

pub(super) async fn slicers(
    State(control): ControlState,
    Path((id, group)): Path<(String, String)>,
    body: Bytes,
) -> ControlResult {
    let requested: Members = read(&body)?;
    if requested.ids.len() > MAXIMUM {
        return Err(bad(format!("a group may have up to {MAXIMUM} slicers")));
    }
    control.advance_systems();
    match &control.listener(&id)?.service {
        Service::Uplynk(service) => ok(&service.members(&group, &requested.ids).map_err(bad)?),
        _ => Err(missing(format!("'{id}' has no slicers"))),
    }
}
