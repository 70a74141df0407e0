//! The outermost layer: every request is numbered, judged by the guard and noted; every answer gets
//! the headers that all answers have. Logs no query and no header: they may hold what is not ours.

use crate::access::Visitor;
use crate::app::Gateway;
use crate::audit::Who;
use crate::problem::{Kind, Problem};
use crate::routes::{self, Place};
use crate::{audit, from, guard, relay};
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret as _, SecretString};
use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use tower_http::request_id::{MakeRequestId as _, MakeRequestUuid};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer carries, page or data.
const ALWAYS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    ("x-frame-options", "DENY"),
];

/// For a year browsers ask for nothing of this host but by https. Not sent for this computer's own names:
/// other servers on it would suffer.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// A request that may be answered.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) place: Place,
    pub(crate) visitor: Option<Visitor>,
    pub(crate) who: Who,
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
    let (mut cookie, mut route) = (None, "refused");
    let (visitor, who) = who(&gateway, &request, id.as_ref());
    let mut response = match judge(&gateway, &request, visitor.as_ref()) {
        Ok(place) => {
            route = place.word();
            if let Some(visitor) = &visitor {
                cookie = gateway.access.renewal(request.headers(), visitor);
                gateway.access.saw(visitor, who.from);
                if let Some(session) = visitor.session() {
                    gateway.shared.metrics.seen(session, visitor.role.word());
                }
            }
            let asked = Asked {
                place,
                visitor,
                who,
            };
            request.extensions_mut().insert(Arc::new(asked));
            next.run(request).await
        }
        Err(problem) => {
            audit::refused(&gateway.shared, &who, method.as_str(), &path, &problem);
            problem.into_response()
        }
    };
    let printed = id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or("-");
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let detail = &problem.detail;
        tracing::debug!(id = printed, kind = ?problem.kind, detail, "problem");
        response = problem.answer(&path);
    }
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    if let Some(cookie) = cookie
        && !headers.contains_key(header::SET_COOKIE)
    {
        headers.insert(header::SET_COOKIE, cookie);
    }
    for (name, value) in ALWAYS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    // What has no policy of its own is no page, and is treated as none if it is opened as one.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(relay::SANDBOX));
    if gateway.has_https_origin() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if let Some(id) = &id {
        headers.insert(REQUEST_ID, id.clone());
    }
    gateway
        .shared
        .metrics
        .request(route, method.as_str(), status);
    tracing::info!(
        id = printed,
        %method,
        path,
        status,
        milliseconds = began.elapsed().as_millis(),
        "request"
    );
    response
}

/// Who asks, as far as it can be known before anything is judged.
fn who(gateway: &Gateway, request: &Request, id: Option<&HeaderValue>) -> (Option<Visitor>, Who) {
    let headers = request.headers();
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
    let visitor = gateway.access.visitor(headers);
    let known = visitor.as_ref();
    let who = Who {
        name: known.map_or_else(|| "-".to_owned(), Visitor::in_log),
        role: known.map_or("-", |visitor| visitor.role.word()),
        from: from::address(peer, headers, &gateway.trusted_proxies),
        id: id.and_then(|id| id.to_str().ok()).unwrap_or("-").to_owned(),
    };
    (visitor, who)
}

/// What is asked for, if whoever asks may have it.
fn judge(
    gateway: &Gateway,
    request: &Request,
    visitor: Option<&Visitor>,
) -> Result<Place, Problem> {
    let (method, headers) = (request.method(), request.headers());
    let public = gateway.public_origin.as_deref();
    let scheme = if gateway.tls { "https" } else { "http" };
    guard::check(method, request.uri(), headers, public, scheme)?;
    let found = routes::find(gateway, method, request.uri().path());
    let scraper = gateway
        .metrics_token
        .as_ref()
        .is_some_and(|token| shows(headers, token));
    routes::judge(visitor, scraper, method, found)
}

/// Whether the bearer token that came along is this one. Digests are compared: how long that takes
/// tells nothing of the token.
fn shows(headers: &HeaderMap, token: &SecretString) -> bool {
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let digest = |text: &str| digest(&SHA256, text.as_bytes());
    shown.is_some_and(|shown| digest(shown).as_ref() == digest(token.expose_secret()).as_ref())
}

/// The answer to a panic: one request fails, the server goes on.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> axum::http::Response<Body> {
    Problem::new(
        Kind::Internal,
        "something in the gateway failed; its log says more under this request's id",
    )
    .into_response()
}
