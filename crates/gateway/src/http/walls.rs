//! `/api/walls`: admins list, pair and revoke walls.

use super::handling::{PathId, random_id};
use super::middleware::Authorized;
use super::pairing::pairing_state;
use super::{NO_STORE, body};
use crate::app::Gateway;
use crate::audit::Actor;
use crate::auth::CountedAttempt;
use crate::pairing::{PairingRequest, Wall};
use crate::problem::{Kind, Problem};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, SecondsFormat};
use protocol::{NewWall, Walls};
use std::sync::Arc;

/// The maximum size of a body, in bytes.
const LIMIT: usize = 4 * 1024;

/// A wall in the list.
fn listed(wall: Wall) -> protocol::Wall {
    protocol::Wall {
        id: wall.id,
        name: wall.name,
        paired_by: wall.paired_by,
        paired_at: instant(wall.paired_at),
        last_seen: wall.last_seen.and_then(instant),
        address: wall.address.map(|address| address.to_string()),
    }
}

/// Formats a time as in RFC 3339.
fn instant(seconds: u64) -> Option<String> {
    let at = DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
    Some(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// `GET /api/walls`.
///
/// # Errors
/// The registry cannot be read.
pub(super) async fn list(State(gateway): State<Arc<Gateway>>) -> Result<Response, Problem> {
    let list = match gateway.access.pairing() {
        None => Walls {
            walls: Vec::new(),
            kept: "nowhere".to_owned(),
        },
        Some(state) => Walls {
            walls: state.walls.list().await?.into_iter().map(listed).collect(),
            kept: state.walls.storage().unwrap_or("memory").to_owned(),
        },
    };
    Ok((NO_STORE, Json(list)).into_response())
}

/// `POST /api/walls`: pairs the screen that shows a code, with `{"code": …, "name": …}`.
///
/// # Errors
/// The code or the name is invalid, or too many wrong codes were entered.
pub(super) async fn pair(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    request: Request,
) -> Result<Response, Problem> {
    let sent = body::json(request, LIMIT).await?;
    pairing_state(&gateway)?;
    let wall: NewWall = body::object(sent, "the texts `code` and `name`")?;
    let changes = gateway.shared.changes.clone();
    let change = async move {
        let (actor, name) = (&authorized.actor, wall.name.clone());
        let paired = attempt(&gateway, actor, wall).await;
        let why = paired.as_ref().err().map(|problem| problem.kind);
        gateway.audit(actor).wall("pair wall", &name, why);
        paired
    };
    let wall = listed(changes.complete(change).await??);
    Ok((StatusCode::CREATED, NO_STORE, Json(wall)).into_response())
}

async fn attempt(gateway: &Gateway, actor: &Actor, wall: NewWall) -> Result<Wall, Problem> {
    let state = pairing_state(gateway)?;
    let attempts = gateway
        .access
        .code_attempts()
        .ok_or_else(|| Problem::new(Kind::Internal, "attempts cannot be counted"))?;
    let attempt = CountedAttempt::new(actor.from, &actor.name);
    attempts
        .begin(&attempt)
        .map_err(|seconds| Problem {
            retry_after: Some(seconds),
            ..Problem::new(
                Kind::TooManyTries,
                format!(
                    "too many wrong codes were entered from this address or by this user; try again in {} min",
                    seconds.div_ceil(60)
                ),
            )
        })?;
    let request = PairingRequest {
        code: wall.code,
        name: wall.name,
        by: actor.name.clone(),
        id: random_id()?,
    };
    let paired = state.walls.pair(request, state.now).await;
    match &paired {
        Ok(_) => attempts.succeeded(&attempt),
        Err(problem) if problem.kind != Kind::WrongCode => attempts.forgive(&attempt),
        Err(_) => {}
    }
    paired
}

/// `DELETE /api/walls/{id}`: revokes a wall. Its next request is rejected.
///
/// # Errors
/// There is no such wall, or the registry cannot be written.
pub(super) async fn revoke(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let changes = gateway.shared.changes.clone();
    let change = async move {
        let revoked = pairing_state(&gateway)?.walls.revoke(id.clone()).await;
        let why = revoked.as_ref().err().map(|problem| problem.kind);
        let name = revoked
            .as_ref()
            .map_or("(unknown)", |wall| wall.name.as_str());
        gateway
            .audit(&authorized.actor)
            .wall("revoke wall", name, why);
        let is_ended = |problem: &Problem| problem.kind == Kind::NotSaved;
        if revoked.as_ref().err().is_none_or(is_ended) {
            gateway.shared.metrics.session_ended(&id);
        }
        revoked
    };
    changes.complete(change).await??;
    Ok((StatusCode::NO_CONTENT, NO_STORE).into_response())
}
