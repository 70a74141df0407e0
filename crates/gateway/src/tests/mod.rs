//! Tests of the complete router against a vendor over real HTTP, whose responses each test defines.

mod access;
mod audit_limits;
mod audit_records;
mod base_path;
mod credentials;
mod csp_reports;
mod disconnected_clients;
mod ended_sessions;
mod error_body;
mod headers;
mod known_browsers;
mod known_ids;
pub(crate) mod metrics;
mod observability;
mod openid;
mod order;
pub(crate) mod outbound;
mod path_spellings;
mod relay;
mod requests;
mod roles;
mod routes;
mod secrets;
mod status;
mod stop;
mod stored_sessions;
mod thumbnails;

mod demo;
mod provider;
mod stored_walls;
mod veeam_sessions;
mod vendor;
mod walls;
mod watch;

use crate::app::Gateway;
use crate::assets::Assets;
use crate::auth::Access;
use crate::config;
use crate::http::router::app;
use axum::body::Body;
use axum::http::{Request, Response};
use reqwest::Url;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tower::ServiceExt as _;
use vendors::System;

/// The password of each test's vendor. No response and no log may contain it.
const SECRET: &str = "hunter2-and-a-half";

/// Advances the time for all timers.
async fn advance_time(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// The path of the groups of an on-premises service.
const GROUPS: &str = "/relay/plant-a/api/v1/clientfailover/groups";

fn aveva() -> System {
    serde_json::from_str(r#"{"system":"aveva"}"#).unwrap()
}

fn basic() -> config::Credentials {
    config::Credentials::Basic {
        username: "ops".to_owned(),
        password: SECRET.into(),
    }
}

fn connection(
    id: &str,
    system: System,
    base: &str,
    credentials: config::Credentials,
) -> config::Connection {
    // As in a demo, responses are not shared, so that each request reaches the vendor.
    let share = match system {
        System::Uplynk => config::DEFAULT_SHARE,
        _ => Duration::ZERO,
    };
    config::Connection {
        share,
        public: vendors::Connection {
            id: id.to_owned(),
            title: "Plant A".to_owned(),
            system,
        },
        base_url: Url::parse(base).unwrap(),
        credentials,
        ca: None,
        outbound: config::Outbound::default(),
        timeout: Duration::from_secs(5),
        watch: config::DEFAULT_WATCH,
    }
}

/// A connection to an Uplynk service.
pub(crate) fn uplynk(base: &str) -> config::Connection {
    let credentials = config::Credentials::IntegrationKey {
        owner: "o".to_owned(),
        api_key: SECRET.into(),
    };
    connection("live", System::Uplynk, base, credentials)
}

fn gateway(connections: Vec<config::Connection>) -> Arc<Gateway> {
    let index = ("index.html".to_owned(), b"<h1>console</h1>".to_vec());
    Arc::new(
        Gateway::new(
            connections,
            Access::local(),
            None,
            Assets::from_files([index]),
        )
        .unwrap(),
    )
}

/// A gateway to one AVEVA service on premises.
fn to_aveva(base: &str) -> Arc<Gateway> {
    gateway(vec![connection("plant-a", aveva(), base, basic())])
}

/// Sends a request line with these headers. A body is sent as JSON.
async fn ask(
    gateway: &Arc<Gateway>,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response<Body> {
    let request = request(line, headers, body);
    app(gateway.clone()).oneshot(request).await.unwrap()
}

/// Sends a request from a client that disconnects as soon as the gateway waits for anything. Returns after the work
/// that the request started has ended.
async fn disconnect(gateway: &Arc<Gateway>, line: &str, headers: &[(&str, &str)], body: &str) {
    let mut answer = Box::pin(app(gateway.clone()).oneshot(request(line, headers, body)));
    let first = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
    assert!(first.is_pending(), "{line}: {first:?}");
    drop(answer);
    let minute = Duration::from_secs(60);
    assert!(gateway.shared.changes.ended(minute).await);
}

fn request(line: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let (method, target) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost:8080");
    }
    if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/json");
    }
    let reads = ["GET", "HEAD", "OPTIONS"].contains(&method);
    if !reads && !headers.iter().any(|(name, _)| *name == "origin") {
        request = request.header("origin", "http://localhost:8080");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

async fn get(gateway: &Arc<Gateway>, target: &str) -> Response<Body> {
    ask(gateway, &format!("GET {target}"), &[], "").await
}

/// Response bodies that together reach the limit for clients that read slowly.
fn fill_in_flight(gateway: &Gateway) -> Vec<Body> {
    let parts = [50_usize, 50, 50, 50, 50, 6].into_iter().enumerate();
    let fill = |(number, mib): (usize, usize)| {
        let bytes = vec![0; mib << 20].into();
        let in_flight = &gateway.shared.in_flight;
        in_flight.body(bytes, &format!("slow {number}"))
    };
    parts.map(fill).collect()
}

/// The number of bodies that were aborted.
async fn count_aborted(bodies: Vec<Body>) -> usize {
    let mut number = 0;
    for body in bodies {
        number += usize::from(axum::body::to_bytes(body, usize::MAX).await.is_err());
    }
    number
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> &'r str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The last part of a problem's type, its status and its detail. Panics for any other response.
async fn problem(response: Response<Body>) -> (String, u16, String) {
    assert_eq!(
        header(&response, "content-type"),
        "application/problem+json"
    );
    assert_eq!(header(&response, "via"), "", "not from the vendor");
    assert!(!header(&response, "x-request-id").is_empty());
    assert_eq!(header(&response, "cache-control"), "no-store");
    let status = response.status().as_u16();
    let json: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(json["status"], status);
    assert!(
        json["instance"].as_str().unwrap().starts_with('/'),
        "{json}"
    );
    assert!(!json["title"].as_str().unwrap().is_empty());
    let kind = json["type"]
        .as_str()
        .unwrap()
        .strip_prefix("/problems/")
        .unwrap()
        .to_owned();
    (kind, status, json["detail"].as_str().unwrap().to_owned())
}
