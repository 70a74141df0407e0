//! The outermost layer: every request is numbered, judged by the guard and noted; every answer gets
//! the headers that all answers have. Logs no query and no header: they may hold what is not ours.

use crate::access::Visitor;
use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use crate::routes::{self, Place};
use crate::{from, guard};
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
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

/// A request that may be answered.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) place: Place,
    pub(crate) visitor: Option<Visitor>,
    pub(crate) from: IpAddr,
}

pub(crate) async fn edge(
    State(gateway): State<Arc<Gateway>>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    // A number that the caller sent along is not ours to trust.
    let id = MakeRequestUuid
        .make_request_id(&request)
        .map(|id| id.header_value().clone());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut cookie = None;
    let mut response = match judge(&gateway, &request) {
        Ok(asked) => {
            if let Some(visitor) = &asked.visitor {
                cookie = gateway.access.renewal(request.headers(), visitor);
            }
            request.extensions_mut().insert(Arc::new(asked));
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let detail = &problem.detail;
        tracing::debug!(id = printed(id.as_ref()), kind = ?problem.kind, detail, "problem");
        response = problem.answer(&path);
    }
    if let Some(cookie) = cookie
        && !response.headers().contains_key(header::SET_COOKIE)
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
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

/// What is asked for, if whoever asks may have it.
fn judge(gateway: &Gateway, request: &Request) -> Result<Asked, Problem> {
    let (method, headers) = (request.method(), request.headers());
    guard::check(
        method,
        request.uri(),
        headers,
        gateway.public_origin.as_deref(),
    )?;
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
    let visitor = gateway.access.visitor(headers);
    let found = routes::find(gateway, method, request.uri().path());
    Ok(Asked {
        place: routes::judge(visitor.as_ref(), method, found)?,
        from: from::address(peer, headers, &gateway.trusted_proxies),
        visitor,
    })
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
