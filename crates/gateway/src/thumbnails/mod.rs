//! Thumbnails of the slicers' output. The gateway fetches them, so that a page loads nothing from other hosts. A
//! browser names a slicer, never an address: the address comes from the vendor's answers, and is not trusted either
//! (see `fetch`).

mod address;
mod fetch;
mod image_type;
mod shared;
mod thumbnail_index;

use crate::config;
use crate::problem::{Kind, Problem};
use crate::vendor_client::{Lane, ReadObserver, Upstream, VendorRequest, When};
use crate::vendor_http::Answer;
use axum::body::Bytes;
use axum::http::StatusCode;
use fetch::Fetch;
use image_type::ImageType;
use shared::Shared;
use std::time::Duration;
use thumbnail_index::{ThumbnailIndex, ThumbnailLookup};
use tokio::sync::Semaphore;
use vendors::Operation;
use vendors::uplynk::groups;

/// The most thumbnails of a connection that are fetched at a time.
const MAX_CONCURRENT_FETCHES: usize = 4;

/// How long a fetch waits for a slot.
const PATIENCE: Duration = Duration::from_secs(10);

/// A checked thumbnail.
#[derive(Debug, Clone)]
pub(crate) struct Thumbnail {
    image_type: ImageType,
    bytes: Bytes,
}

impl Thumbnail {
    /// The `Content-Type` to send.
    pub(crate) fn media_type(&self) -> &'static str {
        self.image_type.media_type()
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

type Outcome = Result<Thumbnail, Problem>;

/// A connection's thumbnails.
#[derive(Debug)]
pub(crate) struct Thumbnails {
    index: ThumbnailIndex,
    shared: Shared,
    fetch: Fetch,
    permits: Semaphore,
}

impl ReadObserver for Thumbnails {
    fn answered(&self, operation: &Operation, query: &str, answer: &Answer) {
        self.index.learn(operation, query, answer);
    }
}

impl Thumbnails {
    /// Creates the thumbnails of a connection.
    ///
    /// # Errors
    /// The TLS client cannot be built.
    pub(crate) fn new(of: &config::Connection) -> Result<Self, String> {
        Ok(Self {
            index: ThumbnailIndex::default(),
            shared: Shared::default(),
            fetch: Fetch::new(of)?,
            permits: Semaphore::new(MAX_CONCURRENT_FETCHES),
        })
    }

    /// The thumbnail of a slicer.
    ///
    /// # Errors
    /// There is no thumbnail, or it cannot be fetched.
    pub(crate) async fn thumbnail(
        &self,
        upstream: &Upstream,
        lane: &Lane,
        group: &str,
        slicer: &str,
    ) -> Outcome {
        let address = self.address(upstream, lane, group, slicer).await?;
        let fetch = || async {
            let permit = tokio::time::timeout(PATIENCE, self.permits.acquire()).await;
            let Ok(Ok(_permit)) = permit else {
                let detail = "too many thumbnails are waiting to be fetched";
                return Err(failed(Kind::Timeout, detail));
            };
            self.fetch.get(&address).await
        };
        self.shared.get(&address, fetch).await
    }

    /// The address of a slicer's thumbnail, from the vendor's last answer. Reads the groups if none has been read yet.
    async fn address(
        &self,
        upstream: &Upstream,
        lane: &Lane,
        group: &str,
        slicer: &str,
    ) -> Result<String, Problem> {
        if matches!(self.index.find(group, slicer), ThumbnailLookup::Nothing) {
            read(upstream, lane, &groups().list().request).await?;
        }
        if matches!(
            self.index.find(group, slicer),
            ThumbnailLookup::WithoutSlicers
        ) {
            read(upstream, lane, &groups().get(group).request).await?;
        }
        match self.index.find(group, slicer) {
            ThumbnailLookup::At(address) => Ok(address),
            ThumbnailLookup::NoThumbnail => Err(not_found("this slicer has no thumbnail")),
            ThumbnailLookup::NoSlicer => Err(not_found("the group has no slicer of this name")),
            ThumbnailLookup::NoGroup => Err(not_found("there is no group of this id")),
            ThumbnailLookup::Nothing | ThumbnailLookup::WithoutSlicers => {
                Err(unreadable(upstream, "an answer"))
            }
        }
    }
}

/// The problem for a failure at the vendor or the thumbnail's server.
fn failed(kind: Kind, detail: impl Into<String>) -> Problem {
    Problem {
        status: StatusCode::BAD_GATEWAY,
        ..Problem::new(kind, detail)
    }
}

fn not_found(detail: &str) -> Problem {
    Problem::new(Kind::NotFound, detail)
}

/// Reads like a page. The upstream then passes the answer to [`Thumbnails::answered`].
async fn read(upstream: &Upstream, lane: &Lane, request: &vendors::Request) -> Result<(), Problem> {
    let outgoing = VendorRequest::read(request);
    match upstream
        .read(lane, request.operation, &outgoing, When::Lately)
        .await
    {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) => Err(unreadable(upstream, answer.status.as_str())),
        Err(problem) => Err(failed(problem.kind, problem.detail)),
    }
}

fn unreadable(upstream: &Upstream, what: &str) -> Problem {
    let detail = format!(
        "{} returned {what}, which holds no thumbnail addresses",
        upstream.public.title
    );
    failed(Kind::Unreadable, detail)
}
