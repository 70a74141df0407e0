//! Relays the operations of the vendors' contracts, and nothing else. Writes no vendor path, and reads a
//! vendor's body only in `order`.

mod audit_fields;
mod names;
mod order;
mod path;
mod response;
mod target;
mod write;

pub(crate) use path::segments;
pub(crate) use target::{Target, find};
pub(crate) use write::Recording;

use crate::audit::Actor;
use crate::identity::Role;
use crate::problem::Problem;
use crate::vendor_client::{Lane, VendorRequest, When};
use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, header};

/// The largest request body, in bytes.
pub const REQUEST_LIMIT: usize = 1024 * 1024;

/// Relays a request of a `session` to its target. `body` is read only for a write, and only once everything else is valid.
/// A write is recorded in `recording`.
///
/// # Errors
/// The request is not valid, or the vendor did not answer.
pub(crate) async fn relay(
    target: &Target,
    actor: &Actor,
    session: &str,
    request: &Parts,
    body: impl Future<Output = Result<Option<Bytes>, Problem>>,
    recording: Recording,
) -> Result<Response<Bytes>, Problem> {
    let Target {
        upstream,
        operation,
        ..
    } = target;
    let prepared = prepare(target, request, body).await;
    if operation.writes()
        && let Err(problem) = &prepared
    {
        write::not_sent(target, problem, actor, &recording).await;
    }
    let (change, outgoing) = prepared?;
    let answer = if operation.writes() {
        write::write(target, change, outgoing, actor.clone(), recording).await?
    } else {
        let when = when(actor, &request.headers);
        let lane = match when {
            When::Now => Lane::Change,
            When::Lately => Lane::Session(session.to_owned()),
        };
        let answer = upstream.read(&lane, operation, &outgoing, when).await?;
        order::with_tag(&upstream.public.system, operation, answer)
    };
    Ok(response::response(answer))
}

/// How recent an answer has to be. Only those who may make changes can demand the present state, to compare
/// before a change and to see its effect. All others share answers, which spares the vendor calls.
fn when(actor: &Actor, headers: &HeaderMap) -> When {
    let demanded = headers
        .get(header::CACHE_CONTROL)
        .is_some_and(|value| value.as_bytes() == b"no-cache");
    if demanded && actor.role == Role::Admin.word() {
        When::Now
    } else {
        When::Lately
    }
}

/// The request to send.
async fn prepare(
    target: &Target,
    request: &Parts,
    body: impl Future<Output = Result<Option<Bytes>, Problem>>,
) -> Result<(Option<order::Change>, VendorRequest), Problem> {
    let Target {
        upstream,
        operation,
        segments,
    } = target;
    let change = order::change(
        &upstream.public.system,
        operation,
        segments,
        &request.headers,
    )?;
    let outgoing = VendorRequest {
        method: request.method.clone(),
        path: path::encode(segments),
        query: path::query(request.uri.query().unwrap_or_default(), operation)?,
        accept: upstream.accept(request.headers.get(header::ACCEPT)),
        body: if operation.writes() {
            body.await?
        } else {
            None
        },
    };
    let sent = outgoing.body.as_deref().unwrap_or_default();
    names::check(&upstream.public.system, sent)?;
    Ok((change, outgoing))
}
