//! `/relay/{connection}/…`: relays an operation of a vendor's contract, under the vendor's own path.

use super::body;
use super::compression::compressed;
use super::known_ids;
use super::middleware::Authorized;
use super::origin_check::demands_present_state;
use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use crate::relay::{self, REQUEST_LIMIT, Recording};
use crate::vendor_client::Lane;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use std::sync::Arc;

/// Relays a request to the target for which it was authorized.
///
/// # Errors
/// The request is invalid, or the vendor did not respond.
pub(super) async fn serve(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    request: Request,
) -> Result<Response, Problem> {
    let Some(target) = &authorized.target else {
        return Err(Problem::new(Kind::Internal, "this request has no target"));
    };
    let actor = &authorized.actor;
    if !authorized.is_admin() {
        known_ids::check(&gateway, target)?;
    }
    let in_flight = &gateway.shared.in_flight;
    let person = authorized.person();
    let is_read = !target.operation.writes();
    let lane = lane(&authorized, request.headers());
    // A read before a change is never rejected, because the change could not be made without it.
    if is_read && lane != Lane::Change {
        in_flight.check(&person)?;
    }
    let (parts, content) = request.into_parts();
    let body = body::json(Request::from_parts(parts.clone(), content), REQUEST_LIMIT);
    let recording = Recording {
        store: gateway.shared.store.clone(),
        changes: gateway.shared.changes.clone(),
    };
    let response = relay::relay(target, actor, &lane, &parts, body, recording).await?;
    let accepted = parts.headers.get(header::ACCEPT_ENCODING);
    let (head, bytes) = response.into_parts();
    let body = if is_read {
        in_flight.body(bytes, &person)
    } else {
        // The response to a change is always sent, even if many responses wait for this slow client.
        Body::from(bytes)
    };
    Ok(compressed(Response::from_parts(head, body), accepted).await)
}

/// The lane of a read. Only admins can demand the current state, to compare before a change and to see its effect.
/// Everybody else shares responses, which saves vendor calls.
fn lane(authorized: &Authorized, headers: &HeaderMap) -> Lane {
    if demands_present_state(headers) && authorized.is_admin() {
        Lane::Change
    } else {
        Lane::Person(authorized.person())
    }
}
