//! The outermost layer: gives each request an id, checks its origin, authorizes and logs it, and adds the headers of
//! every response. Logs no query and no header, because they may contain secrets.

use super::authorization::{self, Addressed, Resource};
use super::connection_limit::ConnectionPermit;
use super::{body, client_ip, csp_report, origin_check, problem_response};
use crate::app::Gateway;
use crate::audit::Actor;
use crate::auth::Visitor;
use crate::crypto::are_equal;
use crate::identity::Role;
use crate::problem::{Kind, Problem};
use crate::relay::Target;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use secrecy::{ExposeSecret as _, SecretString};
use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;
use tower_http::request_id::{MakeRequestId as _, MakeRequestUuid};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The policy of responses that are not pages of the console, in case a browser opens one as a page.
const SANDBOX: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// The headers of every response.
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    ("x-frame-options", "DENY"),
];

/// Tells browsers to use only https for this host for a year. Sent if the public address is https, whatever the
/// requested host: browsers ignore it over plain http and for numeric addresses.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The state of the middleware for one path.
#[derive(Debug)]
pub(super) struct PathState {
    pub(super) gateway: Arc<Gateway>,
    pub(super) resource: Resource,
}

/// An authorized request. Handlers take it as an argument.
#[derive(Debug, Clone)]
pub(super) struct Authorized(Arc<AuthorizedRequest>);

/// The content of [`Authorized`].
#[derive(Debug)]
pub(super) struct AuthorizedRequest {
    pub(super) visitor: Option<Visitor>,
    pub(super) actor: Actor,
    /// The operation to relay, on the relay's paths.
    pub(super) target: Option<Target>,
}

impl AuthorizedRequest {
    pub(super) fn is_admin(&self) -> bool {
        let mut visitor = self.visitor.iter();
        visitor.any(|visitor| visitor.role == Role::Admin)
    }

    /// Identifies the person across sessions. Without a sign-in, people are distinguished by their addresses.
    pub(super) fn person(&self) -> String {
        let person = self.visitor.as_ref().map(Visitor::person);
        person.unwrap_or_else(|| format!("{} {}", self.actor.name, self.actor.from))
    }
}

impl Deref for Authorized {
    type Target = AuthorizedRequest;

    fn deref(&self) -> &AuthorizedRequest {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Authorized {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let authorized = parts.extensions.remove::<Self>();
        authorized.ok_or_else(|| Problem::new(Kind::Internal, "this request was not authorized"))
    }
}

/// Processes every request and response.
pub(super) async fn middleware(
    State(path_state): State<Arc<PathState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let PathState { gateway, resource } = &*path_state;
    let started = Instant::now();
    // An id from the client is ignored.
    let id = MakeRequestUuid
        .make_request_id(&request)
        .map(|id| id.header_value().clone());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let (mut cookie, mut route) = (None, "refused");
    let visitor = gateway.access.visitor(request.headers()).await;
    let actor = actor(gateway, &request, visitor.as_ref(), id.as_ref());
    let mut response = match authorize(gateway, resource, &request, visitor.as_ref()) {
        Ok(addressed) => {
            route = addressed.kind;
            if let Some(visitor) = &visitor {
                // A shared cache may store a file together with its cookie. Pages renew the session by other requests.
                if !resource.is_console() {
                    cookie = gateway.access.renewal(request.headers(), visitor);
                }
                note_use(gateway, &request, visitor, actor.from);
            }
            let authorized = AuthorizedRequest {
                visitor,
                actor,
                target: addressed.target,
            };
            let authorized = Authorized(Arc::new(authorized));
            request.extensions_mut().insert(authorized);
            next.run(request).await
        }
        Err(problem) => {
            gateway
                .audit(&actor)
                .refused(method.as_str(), &path, &problem);
            body::discard(request).await;
            problem.into_response()
        }
    };
    let printed = id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or("-");
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let detail = &problem.detail;
        tracing::debug!(id = printed, kind = ?problem.kind, detail, "problem");
        response = problem_response::response(&problem, &path);
    }
    let status = response.status().as_u16();
    let headers = response.headers_mut();
    add_headers(gateway, headers, cookie);
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
        milliseconds = started.elapsed().as_millis(),
        "request"
    );
    response
}

/// Records a request of a signed-in visitor.
fn note_use(gateway: &Gateway, request: &Request, visitor: &Visitor, from: IpAddr) {
    gateway.access.note_last_seen(visitor, from);
    if let Some(session) = visitor.session() {
        if let Some(permit) = request.extensions().get::<Arc<ConnectionPermit>>() {
            permit.signed_in(session);
        }
        let metrics = &gateway.shared.metrics;
        metrics.session_used(session, visitor.role.name());
    }
}

/// Adds the headers of every response, and the cookie that extends the session.
fn add_headers(gateway: &Gateway, headers: &mut HeaderMap, renewal: Option<HeaderValue>) {
    if let Some(cookie) = renewal
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
    // Pages have policies of their own.
    for (name, default) in [
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(default));
    }
    if gateway.has_https_origin() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
}

/// The actor of the request (name, role, address, request id), as far as it is known before authorization.
fn actor(
    gateway: &Gateway,
    request: &Request,
    known: Option<&Visitor>,
    id: Option<&HeaderValue>,
) -> Actor {
    let headers = request.headers();
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
    Actor {
        name: known.map_or_else(|| "-".to_owned(), Visitor::log_name),
        role: known.map_or("-", |visitor| visitor.role.name()),
        from: client_ip::client_ip(peer, headers, &gateway.trusted_proxies),
        id: id.and_then(|id| id.to_str().ok()).unwrap_or("-").to_owned(),
    }
}

/// The route of the request, if the visitor may use it.
fn authorize(
    gateway: &Gateway,
    resource: &Resource,
    request: &Request,
    visitor: Option<&Visitor>,
) -> Result<Addressed, Problem> {
    let (method, headers) = (request.method(), request.headers());
    let public = gateway.public_origin.as_deref();
    let scheme = if gateway.tls { "https" } else { "http" };
    origin_check::well_formed(request.version(), headers)?;
    // Orchestrators and balancers may use any address for probes.
    if !resource.is_probe() {
        // Browsers send reports without an `Origin`. The route itself checks `Sec-Fetch-Site`.
        let is_report =
            matches!(resource, Resource::Listed { path, .. } if *path == csp_report::PATH);
        let checked = if is_report { &Method::GET } else { method };
        origin_check::check(checked, request.uri(), headers, public, scheme)?;
        if gateway.access.is_local() {
            origin_check::direct(request.version(), headers, scheme)?;
        }
    }
    let found = resource.find(gateway, method, request.uri().path());
    let token = has_token(headers, gateway.metrics_token.as_ref());
    authorization::authorize(visitor, token, method, found)
}

/// Whether the request's bearer token is this one. `None` if it has no bearer token, or none is configured.
fn has_token(headers: &HeaderMap, token: Option<&SecretString>) -> Option<bool> {
    let token = token?;
    let sent = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))?;
    Some(are_equal(sent, token.expose_secret()))
}

/// The response after a panic in a handler. The server keeps running.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> axum::http::Response<Body> {
    Problem::new(
        Kind::Internal,
        "an internal error occurred; the gateway's log has details under this request's id",
    )
    .into_response()
}
