//! The outermost layer: every request is numbered, judged by the guard and noted; every answer gets
//! the headers that all answers have. Logs no query and no header: they may hold what is not ours.

use crate::app::Gateway;
use crate::guard;
use crate::problem::{Kind, Problem};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;
use tower_http::request_id::{MakeRequestId as _, MakeRequestUuid};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer carries, page or data.
const ALWAYS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
];

pub(crate) async fn edge(
    State(gateway): State<Arc<Gateway>>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    // A number that the caller sent along is not ours to trust.
    let id = MakeRequestUuid
        .make_request_id(&request)
        .map(|id| id.header_value().clone());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let public = gateway.public_origin.as_deref();
    let mut response = match guard::check(&method, request.uri(), request.headers(), public) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let detail = &problem.detail;
        tracing::debug!(id = printed(id.as_ref()), kind = ?problem.kind, detail, "problem");
        response = problem.answer(&path);
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && !response.headers().contains_key("via")
    {
        // A fixed route with another method: axum knows which ones it has.
        let allow = response
            .headers()
            .get("allow")
            .and_then(|allow| allow.to_str().ok())
            .map(str::to_owned);
        let detail = format!(
            "this path takes {}, not {method}",
            allow.as_deref().unwrap_or("other methods")
        );
        response = Problem {
            allow,
            ..Problem::new(Kind::MethodNotAllowed, detail)
        }
        .answer(&path);
    }
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if let Some(id) = &id {
        headers.insert(REQUEST_ID, id.clone());
    }
    tracing::info!(
        id = printed(id.as_ref()),
        %method,
        path,
        status = response.status().as_u16(),
        milliseconds = began.elapsed().as_millis(),
        "request"
    );
    response
}

fn printed(id: Option<&HeaderValue>) -> &str {
    id.and_then(|id| id.to_str().ok()).unwrap_or("-")
}

/// The answer to a panic: one request fails, the server goes on.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> axum::http::Response<Body> {
    Problem::new(
        Kind::Internal,
        "something in the gateway failed; its log says more under this request's id",
    )
    .into_response()
}
