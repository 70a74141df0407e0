//! Problems as HTTP responses.

use crate::problem::{Kind, Problem};
use axum::body::Body;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;

/// The maximum `Retry-After` for browsers after the vendor refused the gateway's log-on, in seconds. The gateway itself
/// waits longer, but a retry causes no vendor call meanwhile, and an admin may have ended the wait.
const MAX_RETRY_AFTER_REFUSED_LOG_ON: u32 = 60;

/// The response for a problem at the path `instance`.
pub(super) fn response(problem: &Problem, instance: &str) -> Response<Body> {
    let body = protocol::Problem {
        instance: Some(instance.to_owned()),
        carried_out: (problem.status.is_server_error() && problem.is_not_carried_out())
            .then_some(false),
        ..problem.into()
    };
    // Texts, numbers and a boolean can always be serialized.
    let text = serde_json::to_vec(&body).unwrap_or_default();
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = problem.status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(allow) = problem
        .allow
        .as_deref()
        .and_then(|allow| HeaderValue::from_str(allow).ok())
    {
        headers.insert(ALLOW, allow);
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        // Required by RFC 9110, 15.5.2. Browsers show no password prompt for this scheme.
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Session"));
    }
    if let Some(mut seconds) = problem.retry_after {
        if problem.kind == Kind::Credentials {
            seconds = seconds.min(MAX_RETRY_AFTER_REFUSED_LOG_ON);
        }
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

impl IntoResponse for Problem {
    /// A response without an instance. `middleware` knows the path and replaces the response.
    fn into_response(self) -> axum::response::Response {
        let mut response = response(&self, "about:blank");
        response.extensions_mut().insert(self);
        response
    }
}
