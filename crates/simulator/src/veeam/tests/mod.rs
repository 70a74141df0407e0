//! One Enterprise Manager without a socket and with a frozen clock. The files in `samples` are the
//! vendor's published examples. The JSON ones have the same values, in a structure from other sources.

mod filters;
mod formats;
mod signing_in;
mod stories;

use super::{JsonFlavour, Profile, Veeam};
use crate::clock::Clock;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::BodyExt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tower::ServiceExt;

pub(super) const XML: &str = "application/xml";
pub(super) const JSON: &str = "application/json";

/// The credentials `failover-console` and `simulated-password`.
pub(super) const CREDENTIALS: &str = "Basic ZmFpbG92ZXItY29uc29sZTpzaW11bGF0ZWQtcGFzc3dvcmQ=";

pub(super) struct System {
    pub(super) veeam: Veeam,
    pub(super) clock: Clock,
    /// The session header of every request.
    pub(super) ticket: Option<String>,
}

pub(super) struct TestResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl TestResponse {
    pub(super) fn code(&self) -> u16 {
        self.status.as_u16()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(self.body.trim_start_matches('\u{FEFF}')).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn handle(State(veeam): State<Veeam>, request: Request) -> Response {
    veeam.answer(request.method(), request.uri(), request.headers())
}

impl System {
    pub(super) fn signed_out(json: JsonFlavour) -> Self {
        let clock = Clock::new(at("2026-11-21T14:32:08Z"), 0.0);
        let profile = Profile {
            json,
            username: "failover-console".to_owned(),
            password: "simulated-password".to_owned(),
            server_name: "localhost:9398".to_owned(),
        };
        let veeam = Veeam::new(profile, 1, clock.clone());
        Self {
            veeam,
            clock,
            ticket: None,
        }
    }

    /// A system that this test is logged on to.
    pub(super) async fn new(json: JsonFlavour) -> Self {
        let mut system = Self::signed_out(json);
        system.ticket = Some(system.log_on().await);
        system
    }

    pub(super) async fn log_on(&self) -> String {
        let headers = [("authorization", CREDENTIALS)];
        let got = self
            .ask("POST", "/api/sessionMngr/?v=latest", &headers)
            .await;
        assert_eq!(got.code(), 201, "{}", got.body);
        got.header("x-restsvcsessionid").to_owned()
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> TestResponse {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(ticket) = &self.ticket {
            request = request.header("X-RestSvcSessionId", ticket);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let router = Router::new()
            .fallback(handle)
            .with_state(self.veeam.clone());
        let response = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        TestResponse {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes).unwrap(),
        }
    }

    pub(super) async fn get(&self, path: &str, accept: &str) -> TestResponse {
        self.ask("GET", path, &[("accept", accept)]).await
    }

    /// The JSON response to a query with these additional parameters.
    pub(super) async fn query(&self, parameters: &str) -> TestResponse {
        let path = format!("/api/query?type=CloudFailoverSession&format=Entities&{parameters}");
        self.get(&path, JSON).await
    }

    /// The sessions that match a filter, all on one page.
    pub(super) async fn filtered(&self, filter: &str) -> TestResponse {
        let filter = utf8_percent_encode(filter, NON_ALPHANUMERIC);
        self.query(&format!(
            "pageSize=1000&sortDesc=CreationTime&filter={filter}"
        ))
        .await
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}

/// The sessions of a v13 page.
pub(super) fn sessions(got: &TestResponse) -> Vec<Value> {
    assert_eq!(got.code(), 200, "{}", got.body);
    let body = got.json();
    let list = &body["entities"]["cloudFailoverSessions"]["cloudFailoverSessions"];
    list.as_array().unwrap().clone()
}

/// One property of each session.
pub(super) fn column(sessions: &[Value], name: &str) -> Vec<String> {
    let text = |one: &Value| one[name].as_str().unwrap_or_default().to_owned();
    sessions.iter().map(text).collect()
}
