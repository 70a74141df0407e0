//! Relays the operations of the vendors' contracts, and nothing else. Contains no vendor path, and parses a vendor's
//! body only in `order`.

mod audit_fields;
mod names;
mod order;
mod outcome;
mod path;
mod record;
mod response;
mod shown;
mod target;
mod write;

pub(crate) use path::segments;
pub(crate) use record::{Recording, longest_read};
pub(crate) use target::{Target, find};

use crate::audit::Actor;
use crate::problem::Problem;
use crate::vendor_client::{Lane, VendorRequest, When};
use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Response, header};
use order::GroupWrite;
use outcome::ChangeOutcome;
use record::Record;

/// The maximum size of a request body, in bytes.
pub(crate) const REQUEST_LIMIT: usize = 1024 * 1024;

/// Relays a request to its target. A read waits in `lane`; in the lane of changes it never gets a shared response.
/// `body` is read only for a write, after everything else was validated. A write is recorded in `recording`.
///
/// # Errors
/// The request is invalid, or the vendor did not respond.
pub(crate) async fn relay(
    target: &Target,
    actor: &Actor,
    lane: &Lane,
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
        let record = Record::new(target, None, actor, recording.store.clone());
        record
            .end(ChangeOutcome::NotSent, problem.status, None)
            .await;
    }
    let (group_write, outgoing) = prepared?;
    let answer = if operation.writes() {
        write::write(target, group_write, outgoing, actor, recording).await?
    } else {
        let when = match lane {
            Lane::Change => When::Now,
            Lane::Person(_) | Lane::Watcher => When::Lately,
        };
        let answer = upstream.read(lane, operation, &outgoing, when).await?;
        order::with_tag(&upstream.public.system, operation, answer)
    };
    Ok(response::response(answer))
}

/// Builds the request to send, and for a write to an Uplynk group, its preconditions.
async fn prepare(
    target: &Target,
    request: &Parts,
    body: impl Future<Output = Result<Option<Bytes>, Problem>>,
) -> Result<(Option<GroupWrite>, VendorRequest), Problem> {
    let Target {
        upstream,
        operation,
        segments,
    } = target;
    let system = &upstream.public.system;
    let group_write = order::group_write(system, operation, segments, &request.headers)?;
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
    names::check(system, sent)?;
    Ok((group_write, outgoing))
}
