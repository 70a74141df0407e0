//! Moves one system, or what is in one of its groups, by hand: a session that falls silent, a slicer that
//! is not healthy, who is in a group at all.

use super::{Done, Here, MOST, bad, missing, ok, read};
use crate::answer;
use crate::service::Service;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

pub(super) async fn system(State(control): Here, Path(id): Path<String>, body: Bytes) -> Done {
    let change: Value = read(&body)?;
    control
        .front(&id)?
        .service
        .configure(&change)
        .map_err(bad)?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn session(
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

pub(super) async fn slicer(
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

pub(super) async fn slicers(
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
