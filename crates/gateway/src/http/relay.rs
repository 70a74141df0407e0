//! `/relay/{connection}/…`: an operation of a vendor's contract, under the vendor's own path.

use super::body;
use super::compression::compressed;
use super::known_ids;
use super::middleware::Authorized;
use crate::app::Gateway;
use crate::identity::Role;
use crate::problem::{Kind, Problem};
use crate::relay::{self, REQUEST_LIMIT, Recording};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;
use std::sync::Arc;

/// Relays a request to the target for which it was authorized.
///
/// # Errors
/// The request is not valid, or the vendor did not answer.
pub(super) async fn serve(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    request: Request,
) -> Result<Response, Problem> {
    let Some(target) = &authorized.target else {
        return Err(Problem::new(Kind::Internal, "this request has no target"));
    };
    let actor = &authorized.actor;
    if actor.role != Role::Admin.word() {
        known_ids::check(&gateway, target)?;
    }
    let in_flight = &gateway.shared.in_flight;
    let session = authorized.session();
    let is_read = !target.operation.writes();
    if is_read {
        in_flight.check(session)?;
    }
    let (parts, content) = request.into_parts();
    let body = body::json(Request::from_parts(parts.clone(), content), REQUEST_LIMIT);
    let recording = Recording {
        store: gateway.shared.store.clone(),
        changes: gateway.shared.changes.clone(),
    };
    let response = relay::relay(target, actor, session, &parts, body, recording).await?;
    let accepted = parts.headers.get(header::ACCEPT_ENCODING);
    let (head, bytes) = response.into_parts();
    let body = if is_read {
        in_flight.body(bytes, session)?
    } else {
        // What became of a change is always told.
        Body::from(bytes)
    };
    Ok(compressed(Response::from_parts(head, body), accepted).await)
}
