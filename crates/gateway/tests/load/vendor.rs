//! A vendor that counts requests: an AVEVA service with a list of groups, and an Uplynk group whose first
//! write is never answered.

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use axum::routing::{get, post, put};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// The list of groups of a large plant.
pub(crate) fn groups() -> String {
    let groups: Vec<String> = (0..200)
        .map(|number| format!(r#"{{"Id":"group-{number:03}","Name":"Line {number}","FailoverTimeout":"00:01:00"}}"#))
        .collect();
    format!("[{}]", groups.join(","))
}

/// The size of a large answer.
const LARGE: usize = 46_000_000;

const GROUP: &str =
    r#"{"id":"abc","mode":"prioritized","slicers":[{"id":"a","order":1,"enabled":true}]}"#;

#[derive(Default)]
struct Received {
    /// The times of viewers' requests for the list, which have no query.
    calls: Mutex<Vec<Instant>>,
    /// The number of the watcher's requests, which are for pages.
    watcher: AtomicUsize,
    writes: AtomicUsize,
    /// The bodies of the writes.
    bodies: Mutex<Vec<String>>,
    large: AtomicUsize,
    arrived: Notify,
}

pub(crate) struct Vendor {
    pub(crate) base: String,
    received: Arc<Received>,
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        let received = Arc::new(Received::default());
        let (read, written) = (received.clone(), received.clone());
        let large = Bytes::from(format!("[{}]", " ".repeat(LARGE - 2)));
        let list = get(move |uri: Uri| async move {
            if uri.query().is_some_and(|query| query.contains("skip=77")) {
                read.large.fetch_add(1, Ordering::SeqCst);
                return large.into_response();
            }
            if uri.query().is_some() {
                read.watcher.fetch_add(1, Ordering::SeqCst);
            } else {
                read.calls.lock().expect("no panic").push(Instant::now());
            }
            groups().into_response()
        });
        let write = put(move |body: String| async move {
            written.bodies.lock().expect("no panic").push(body);
            if written.writes.fetch_add(1, Ordering::SeqCst) == 0 {
                written.arrived.notify_one();
                pending::<()>().await;
            }
            StatusCode::NO_CONTENT
        });
        let posted = received.clone();
        // The delay lets the gateway end before the response.
        let heartbeat = post(move |body: String| async move {
            posted.bodies.lock().expect("no panic").push(body);
            sleep(Duration::from_millis(20)).await;
            "{}"
        });
        let app = Router::new()
            .route(
                "/api/v1/clientfailover/groups/{group}/clientsessions/{session}/heartbeat",
                heartbeat,
            )
            .route("/api/v1/clientfailover/groups", list)
            .route("/api/v4/failover-groups/abc", get(|| async { GROUP }))
            .route("/api/v4/failover-groups/abc/slicers", write);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, received }
    }

    /// The number of pages that the gateway's watcher requested.
    pub(crate) fn watcher_calls(&self) -> usize {
        self.received.watcher.load(Ordering::SeqCst)
    }

    /// The number of requests for a large response.
    pub(crate) fn large_calls(&self) -> usize {
        self.received.large.load(Ordering::SeqCst)
    }

    /// The times of viewers' requests for the list.
    pub(crate) fn calls(&self) -> Vec<Instant> {
        self.received.calls.lock().expect("no panic").clone()
    }

    /// The bodies of the received writes.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.received.bodies.lock().expect("no panic").clone()
    }

    pub(crate) async fn write_arrived(&self) {
        self.received.arrived.notified().await;
    }
}
