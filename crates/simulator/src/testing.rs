//! Test support: one system without a socket and with a frozen clock.

use crate::clock::Clock;
use crate::listener::{Listener, Shared, router};
use crate::options::{Kind, Options, Scenario};
use crate::service::Service;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::BodyExt;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;

pub(crate) struct System {
    pub(crate) listener: Arc<Listener>,
    /// The `Authorization` header of every request.
    pub(crate) authorization: Option<String>,
}

pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl TestResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn code(&self) -> u16 {
        self.status.as_u16()
    }
}

pub(crate) fn start() -> DateTime<Utc> {
    "2025-11-21T14:32:08Z".parse().unwrap()
}

impl System {
    pub(crate) fn new(id: &'static str, kind: &Kind, scenario: Scenario) -> Self {
        let options = Options {
            scenario,
            speed: 0.0,
            start: Some(start()),
            ..Options::default()
        };
        let clock = Clock::new(start(), 0.0);
        let accounts = Clock::new(Utc::now(), 1.0);
        let service = Service::new(kind, id, "http://127.0.0.1:1", &options, &clock, &accounts);
        let listener = Listener {
            id,
            service,
            shared: Arc::new(Shared::new(clock)),
        };
        Self {
            listener: Arc::new(listener),
            authorization: None,
        }
    }

    pub(crate) fn advance(&self, seconds: i64) {
        let clock = &self.listener.shared.clock;
        clock.advance(TimeDelta::seconds(seconds));
    }

    /// One request; a body is sent as JSON when it is not empty.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> TestResponse {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(value) = &self.authorization {
            request = request.header("authorization", value);
        }
        if path.ends_with("/connect/token") {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = router(Arc::clone(&self.listener))
            .oneshot(request)
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = match body.collect().await {
            Ok(collected) => collected.to_bytes().to_vec(),
            Err(_) => b"(incomplete)".to_vec(),
        };
        TestResponse {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }
}
