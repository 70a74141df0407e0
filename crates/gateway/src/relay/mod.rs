//! `/relay/{connection}/<the vendor's own path>`: exactly the contracts' operations, nothing else.
//! Writes no vendor path, and reads no vendor body but in `order` and `refused`.

mod breaker;
mod locks;
mod order;
mod path;
mod reads;
mod refused;
mod told;
mod upstream;

pub(crate) use path::segments;
pub(crate) use reads::When;
pub use upstream::Upstream;
pub(crate) use upstream::{Accounts, Outgoing};

use crate::app::Gateway;
use crate::audit::{self, Who};
use crate::body;
use crate::config::Role;
use crate::problem::{Kind, Problem};
use crate::single_flight::Landed;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use std::sync::Arc;
use tokio::time::Instant;
use vendors::{Method, Operation, System};

/// The largest request body, in bytes.
pub const REQUEST_LIMIT: usize = 1024 * 1024;

/// The policy of what is no page of this origin, whatever it holds, when it is opened by itself.
pub(crate) const SANDBOX: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// What of a vendor's headers reaches the browser.
const RETURNED: [HeaderName; 7] = [
    HeaderName::from_static(vendors::LEFT_OUT),
    header::CONTENT_TYPE,
    header::DATE,
    header::RETRY_AFTER,
    header::ETAG,
    HeaderName::from_static("total-count"),
    HeaderName::from_static("operation-id"),
];

const METHODS: [Method; 5] = [
    Method::Get,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
];

/// What a request to relay is about.
#[derive(Debug)]
pub(crate) struct Target {
    upstream: Arc<Upstream>,
    pub(crate) operation: &'static Operation,
    /// The path after the connection, decoded.
    segments: Vec<String>,
}

impl Target {
    pub(crate) fn system(&self) -> &System {
        &self.upstream.public.system
    }
}

/// The operation that a method and a path that begins with `/relay/` ask for.
///
/// # Errors
/// Why it is none of the contract's.
pub(crate) fn find(
    gateway: &Gateway,
    method: &axum::http::Method,
    path: &str,
) -> Result<Target, Problem> {
    let rest = path.strip_prefix("/relay/").unwrap_or_default();
    let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let upstream = gateway
        .upstreams
        .iter()
        .find(|upstream| upstream.public.id == id)
        .ok_or_else(|| Problem::new(Kind::NotFound, "there is no connection of this name"))?
        .clone();
    let segments = segments(rest)?;
    let operation = operation(&upstream.public.system, method.as_str(), &segments)?;
    Ok(Target {
        upstream,
        operation,
        segments,
    })
}

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
        let path = path::encode(&target.segments);
        let change = audit::Change {
            connection: &upstream.public.id,
            operation: operation.name,
            path: &path,
            outcome: "not sent",
            status: problem.status.as_u16(),
            operation_id: "-",
            before: "-",
            after: "-",
        };
        audit::change(who, &change);
    }
    let (change, outgoing) = prepared?;
    let landed = if operation.writes() {
        write(upstream.clone(), operation, change, outgoing, who.clone()).await
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

/// The contract's operation, or why there is none.
fn operation(
    system: &System,
    method: &str,
    segments: &[String],
) -> Result<&'static Operation, Problem> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let known = |method: &Method| system.operation(*method, &segments);
    if let Some(operation) = METHODS
        .iter()
        .filter(|known| known.as_str() == method)
        .find_map(known)
    {
        return Ok(operation);
    }
    let allowed: Vec<&str> = METHODS
        .iter()
        .filter(|method| known(method).is_some())
        .map(|method| method.as_str())
        .collect();
    if allowed.is_empty() {
        return Err(path::unknown());
    }
    let detail = format!("this path takes {}, not {method}", allowed.join(" or "));
    Err(Problem {
        allow: Some(allowed.join(", ")),
        ..Problem::new(Kind::MethodNotAllowed, detail)
    })
}

/// Carries a write through to its end even if the browser goes away: half a write helps nobody.
async fn write(
    upstream: Arc<Upstream>,
    operation: &'static Operation,
    change: Option<order::Change>,
    outgoing: Outgoing,
    who: Who,
) -> Landed<reads::Outcome> {
    let task = tokio::spawn(async move {
        let mut course = order::Course::default();
        let outcome = match &change {
            Some(change) => change.carry(&upstream, &outgoing, &mut course).await,
            None => {
                course.sent = true;
                upstream.ask(&outgoing).await
            }
        };
        upstream.reads.forget();
        let operation_id = outcome
            .as_ref()
            .ok()
            .and_then(|answer| answer.headers.get("operation-id")?.to_str().ok())
            .unwrap_or("-");
        let (outcome_word, status) = match &outcome {
            Ok(answer) if !course.sent => ("not sent", answer.status),
            Ok(answer) if answer.status.is_success() => ("done", answer.status),
            // The vendor failed while it handled it: how far it came, it does not say.
            Ok(answer) if answer.status.is_server_error() => ("unknown", answer.status),
            Ok(answer) => ("refused by the vendor", answer.status),
            Err(problem) if problem.is_of_what_was_sent() => ("unknown", problem.status),
            Err(problem) => ("not sent", problem.status),
        };
        let change = audit::Change {
            connection: &upstream.public.id,
            operation: operation.name,
            path: &outgoing.path,
            outcome: outcome_word,
            status: status.as_u16(),
            operation_id,
            before: course.before.as_deref().unwrap_or("-"),
            after: &told::sent(outgoing.body.as_deref()),
        };
        audit::change(&who, &change);
        outcome
    });
    let value = task
        .await
        .unwrap_or_else(|_| Err(Problem::new(Kind::Internal, "the write ended unexpectedly")));
    Landed {
        value,
        number: 0,
        at: Instant::now(),
    }
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
