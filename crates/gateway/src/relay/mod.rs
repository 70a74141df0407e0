//! `/relay/{connection}/<the vendor's own path>`: exactly the contracts' operations, nothing else.
//! Writes no vendor path, and reads no vendor body but in `order` and `refused`.

mod breaker;
mod locks;
mod order;
mod path;
mod reads;
mod refused;
mod target;
mod told;
mod upstream;
mod write;

pub(crate) use path::segments;
pub(crate) use reads::When;
pub(crate) use target::{Target, find};
pub use upstream::Upstream;
pub(crate) use upstream::{Accounts, Outgoing};

use crate::audit::Who;
use crate::body;
use crate::config::Role;
use crate::problem::Problem;
use crate::single_flight::Landed;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use vendors::Operation;

/// The largest request body, in bytes.
pub const REQUEST_LIMIT: usize = 1024 * 1024;

/// The policy of what is no page of this origin, whatever it holds, when it is opened by itself.
pub(crate) const SANDBOX: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// What of a vendor's headers reaches the browser.
const RETURNED: [HeaderName; 7] = [
    HeaderName::from_static(vendors::LEFT_OUT_HEADER),
    header::CONTENT_TYPE,
    header::DATE,
    header::RETRY_AFTER,
    header::ETAG,
    HeaderName::from_static("total-count"),
    HeaderName::from_static("operation-id"),
];

/// Relays a request that was found and allowed.
pub(crate) async fn relay(
    target: &Target,
    who: &Who,
    request: Request,
) -> Result<Response, Problem> {
    let when = when(who, request.headers());
    let Target {
        upstream,
        operation,
        ..
    } = target;
    let prepared = prepare(target, request).await;
    if operation.writes()
        && let Err(problem) = &prepared
    {
        write::not_sent(target, problem, who);
    }
    let (change, outgoing) = prepared?;
    let landed = if operation.writes() {
        write::write(upstream.clone(), operation, change, outgoing, who.clone()).await
    } else {
        let mut landed = read(upstream, operation, &outgoing, when).await;
        let system = &upstream.public.system;
        landed.value = landed
            .value
            .map(|answer| order::with_tag(system, operation, answer));
        landed
    };
    answer(landed)
}

/// Who may change something may also ask what there is at this moment, to compare before a change and
/// to see what came of it. Nobody else costs the vendor a call that another one's answer spares.
fn when(who: &Who, headers: &HeaderMap) -> When {
    let asked = headers
        .get(header::CACHE_CONTROL)
        .is_some_and(|value| value.as_bytes() == b"no-cache");
    if asked && who.role == Role::Admin.word() {
        When::Now
    } else {
        When::Lately
    }
}

/// What is to be sent.
async fn prepare(
    target: &Target,
    request: Request,
) -> Result<(Option<order::Change>, Outgoing), Problem> {
    let Target {
        upstream,
        operation,
        segments,
    } = target;
    let change = order::change(
        &upstream.public.system,
        operation,
        segments,
        request.headers(),
    )?;
    let outgoing = Outgoing {
        method: request.method().clone(),
        path: path::encode(segments),
        query: path::query(request.uri().query().unwrap_or_default(), operation)?,
        accept: upstream.accept(request.headers().get(header::ACCEPT)),
        body: if operation.writes() {
            body::json(request, REQUEST_LIMIT).await?
        } else {
            None
        },
    };
    Ok((change, outgoing))
}

/// Asks together with all who ask the same; what comes is learned from before anybody gets it.
pub(crate) async fn read(
    upstream: &Upstream,
    operation: &Operation,
    outgoing: &Outgoing,
    when: When,
) -> Landed<reads::Outcome> {
    let key = format!("{} {}?{}", outgoing.accept, outgoing.path, outgoing.query);
    let mut own = false;
    let fetch = async || {
        own = true;
        let outcome = upstream.ask(outgoing).await;
        if let (Some(thumbnails), Ok(answer)) = (&upstream.thumbnails, &outcome) {
            thumbnails.learn(operation, &outgoing.query, answer);
        }
        outcome
    };
    let landed = upstream.reads.get(&key, when, fetch).await;
    upstream.meter.read(!own);
    landed
}

/// The vendor's answer as the browser gets it. `Via` says that it is the vendor's own.
fn answer(landed: Landed<reads::Outcome>) -> Result<Response, Problem> {
    let vendor = landed.value?;
    let mut response = Response::new(Body::from(vendor.body));
    *response.status_mut() = vendor.status;
    let headers = response.headers_mut();
    for name in RETURNED {
        if let Some(value) = vendor.headers.get(&name)
            && refused::is_plain(&name, value)
        {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(
        header::AGE,
        HeaderValue::from(age(&vendor.headers) + vendor.at.elapsed().as_secs()),
    );
    headers.insert(
        header::VIA,
        HeaderValue::from_static("1.1 failover-console"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(SANDBOX),
    );
    Ok(response)
}

/// How old the answer was when it came, in seconds.
fn age(headers: &HeaderMap) -> u64 {
    let age = headers
        .get(header::AGE)
        .and_then(|age| age.to_str().ok()?.trim().parse().ok());
    age.filter(|age| *age < u64::from(u32::MAX)).unwrap_or(0)
}
