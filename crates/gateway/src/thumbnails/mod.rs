//! `/thumbnails/{connection}/{group}/{slicer}`: the pictures of what slicers put out, fetched here so
//! that a page loads nothing from elsewhere. A browser names a slicer, never an address: where its
//! picture is, the vendor said. What the vendor says is not trusted either: see `fetch`.

mod address;
mod fetch;
mod known;
mod shared;
mod sort;

use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use crate::relay::{self, Upstream};
use crate::wire::Answer;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use fetch::Fetch;
use known::{Found, Known};
use reqwest::{Certificate, Url};
use shared::Shared;
use sort::Sort;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use vendors::Operation;
use vendors::uplynk::groups;

/// How many pictures of a connection are fetched at a time.
const AT_A_TIME: usize = 4;

/// How long a picture waits until its turn comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// One picture, checked.
#[derive(Debug, Clone)]
struct Picture {
    sort: Sort,
    bytes: Bytes,
}

type Outcome = Result<Picture, Problem>;

/// A connection's pictures.
#[derive(Debug)]
pub(crate) struct Thumbnails {
    known: Known,
    shared: Shared,
    fetch: Fetch,
    places: Semaphore,
}

impl Thumbnails {
    /// For a connection with this address; `ca` are certificates that are trusted besides.
    ///
    /// # Errors
    /// Why no TLS client could be made.
    pub(crate) fn new(base: &Url, ca: &[Certificate]) -> Result<Self, String> {
        Ok(Self {
            known: Known::default(),
            shared: Shared::default(),
            fetch: Fetch::new(base, ca)?,
            places: Semaphore::new(AT_A_TIME),
        })
    }

    /// Notes where the pictures are, from an answer that has just come.
    pub(crate) fn learn(&self, operation: &Operation, query: &str, answer: &Answer) {
        self.known.learn(operation, query, answer);
    }

    async fn picture(&self, address: &str) -> Outcome {
        let fetch = || async {
            let place = tokio::time::timeout(PATIENCE, self.places.acquire()).await;
            let Ok(Ok(_place)) = place else {
                let detail = "too many thumbnails are waiting to be fetched";
                return Err(failed(Kind::Timeout, detail));
            };
            self.fetch.get(address).await
        };
        self.shared.get(address, fetch).await
    }
}

/// A failure that is neither the browser's nor the gateway's.
fn failed(kind: Kind, detail: impl Into<String>) -> Problem {
    Problem {
        status: axum::http::StatusCode::BAD_GATEWAY,
        ..Problem::new(kind, detail)
    }
}

/// Answers a request whose path begins with `/thumbnails/`. Its query means nothing: a page may change
/// it to ask anew.
pub(crate) async fn serve(
    gateway: &Gateway,
    method: &Method,
    path: &str,
) -> Result<Response, Problem> {
    let rest = path.strip_prefix("/thumbnails/").unwrap_or_default();
    let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let segments = relay::segments(rest)?;
    let ([group, slicer], false) = (segments.as_slice(), segments.iter().any(String::is_empty))
    else {
        return Err(no(
            "a thumbnail is /thumbnails/{connection}/{group}/{slicer}",
        ));
    };
    let upstream = gateway
        .upstreams
        .iter()
        .find(|upstream| upstream.public.id == id)
        .ok_or_else(|| no("there is no connection of this name"))?;
    let Some(thumbnails) = &upstream.thumbnails else {
        return Err(no("the systems of this connection have no thumbnails"));
    };
    if *method != Method::GET {
        let detail = format!("this path takes GET, not {method}");
        return Err(Problem {
            allow: Some("GET".to_owned()),
            ..Problem::new(Kind::MethodNotAllowed, detail)
        });
    }
    let address = address(upstream, thumbnails, group, slicer).await?;
    let picture = thumbnails.picture(&address).await?;
    let mut response = Response::new(Body::from(picture.bytes));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, picture.sort.media_type()),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, relay::SANDBOX),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

fn no(detail: &str) -> Problem {
    Problem::new(Kind::NotFound, detail)
}

/// Where the slicer's picture is, by what the vendor said last; asks it when it said nothing yet.
async fn address(
    upstream: &Arc<Upstream>,
    thumbnails: &Thumbnails,
    group: &str,
    slicer: &str,
) -> Result<String, Problem> {
    if matches!(thumbnails.known.find(group, slicer), Found::Nothing) {
        read(upstream, &groups().list().request).await?;
    }
    if matches!(thumbnails.known.find(group, slicer), Found::WithoutSlicers) {
        read(upstream, &groups().get(group).request).await?;
    }
    match thumbnails.known.find(group, slicer) {
        Found::At(address) => Ok(address),
        Found::NoPicture => Err(no("this slicer has no thumbnail")),
        Found::NoSlicer => Err(no("the group has no slicer of this name")),
        Found::NoGroup => Err(no("there is no group of this id")),
        Found::Nothing | Found::WithoutSlicers => Err(unreadable(upstream, "an answer")),
    }
}

/// Reads as a page would, together with all who read the same; what comes is learned on the way.
async fn read(upstream: &Arc<Upstream>, request: &vendors::Request) -> Result<(), Problem> {
    let outgoing = relay::Outgoing {
        method: Method::GET,
        path: request.path.clone(),
        query: request.query.clone(),
        accept: request.accept,
        body: None,
    };
    match relay::read(upstream, request.operation, &outgoing, relay::When::Lately)
        .await
        .value
    {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) => Err(unreadable(upstream, answer.status.as_str())),
        Err(problem) => Err(failed(problem.kind, problem.detail)),
    }
}

fn unreadable(upstream: &Upstream, what: &str) -> Problem {
    let detail = format!(
        "{} gave {what} to the question where its thumbnails are, from which they cannot be learned",
        upstream.public.title
    );
    failed(Kind::Unreadable, detail)
}
