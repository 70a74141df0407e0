//! The HTTP front end of a simulated system: it injects faults, sets the simulated `Date`, logs the
//! request, and answers 501 to operations outside the contract. It reaches a service only through
//! [`Service`].

use crate::answer;
use crate::clock::Clock;
use crate::faults::{Fault, Faults, sentinel};
use crate::log::{Entry, Log, without_signature};
use crate::path::{ApiRequest, segments};
use crate::server::ResetSwitch;
use crate::service::Service;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The maximum size of a request body; larger ones are rejected with 413 before anything else.
const MAX_BODY: usize = 1 << 20;

/// The part of a truncated body that is sent; the declared length is greater.
const TRUNCATED_BODY: &[u8] = b"{\"Id\": \"truncated\", \"Name\": \"this body ends in the mid";

/// State that all systems of one simulator share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    faults: Mutex<Faults>,
    log: Mutex<Log>,
}

impl Shared {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            faults: Mutex::default(),
            log: Mutex::default(),
        }
    }

    pub(crate) fn with_faults<T>(&self, act: impl FnOnce(&mut Faults) -> T) -> T {
        act(&mut self.faults.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn with_log<T>(&self, act: impl FnOnce(&mut Log) -> T) -> T {
        act(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One simulated system behind its port.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) id: &'static str,
    pub(crate) service: Service,
    pub(crate) shared: Arc<Shared>,
}

/// The system as a router, callable without a socket.
pub(crate) fn router(listener: Arc<Listener>) -> Router {
    Router::new().fallback(handle).with_state(listener)
}

async fn handle(State(listener): State<Arc<Listener>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let switch = parts
        .extensions
        .get::<ConnectInfo<ResetSwitch>>()
        .map(|info| info.0.clone());
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return answer::empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let path = parts.uri.path().to_owned();
    let ids = segments(&path);
    let operation = listener.service.operation(&parts.method, &ids, &path);
    let mut faults = listener
        .shared
        .with_faults(|faults| faults.take_matching(listener.id, operation));
    faults.extend(ids.iter().find_map(|id| sentinel(id)));
    let request = ApiRequest::new(parts.method.clone(), &parts.uri, parts.headers, body);
    let answered = listener.answer(&request, &parts.uri, &faults).await;
    let status = answered.as_ref().map(|response| response.status().as_u16());
    if status == Some(501) && faults.is_empty() {
        tracing::warn!(connection = listener.id, method = %request.method, %path, "operation outside the contract");
    }
    listener.shared.with_log(|log| {
        log.push(Entry {
            at: listener.shared.clock.now(),
            connection: listener.id,
            method: request.method.to_string(),
            path,
            query: without_signature(parts.uri.query().unwrap_or_default()),
            operation,
            status,
        });
    });
    let mut response = match answered {
        Some(response) => response,
        None => reset(switch),
    };
    let now = listener
        .shared
        .clock
        .now()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    if let Ok(now) = HeaderValue::from_str(&now) {
        response.headers_mut().insert(DATE, now);
    }
    response
}

/// A response that is never written, because the connection is reset first.
fn reset(switch: Option<ResetSwitch>) -> Response {
    if let Some(switch) = switch {
        switch.trigger();
    }
    Response::new(failing_body(b""))
}

/// A body that starts and then fails.
fn failing_body(start: &'static [u8]) -> Body {
    Body::from_stream(FailingBody {
        start: Some(Bytes::from_static(start)),
        waited: false,
    })
}

struct FailingBody {
    start: Option<Bytes>,
    waited: bool,
}

impl futures_util::Stream for FailingBody {
    type Item = std::io::Result<Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        if let Some(start) = self.start.take() {
            return std::task::Poll::Ready(Some(Ok(start)));
        }
        // Without this pause the server would not send the first part.
        if !std::mem::replace(&mut self.waited, true) {
            context.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }
}

impl Listener {
    /// The response after applying the matching faults; `None` to reset the connection.
    async fn answer(
        &self,
        request: &ApiRequest,
        uri: &axum::http::Uri,
        faults: &[Fault],
    ) -> Option<Response> {
        let mut fault_to_apply = None;
        for fault in faults {
            match fault {
                Fault::Latency { milliseconds } => {
                    tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
                }
                other => fault_to_apply = fault_to_apply.or(Some(other)),
            }
        }
        let typed = |body| answer::typed(StatusCode::OK, self.service.media(request), body);
        Some(match fault_to_apply {
            None | Some(Fault::Latency { .. }) => self.service.answer(request, uri),
            Some(Fault::Status {
                status,
                retry_after,
            }) => {
                let status = StatusCode::from_u16(*status).unwrap_or_default();
                let mut response = self.service.error(status, request);
                if let Some(seconds) = retry_after {
                    let seconds = HeaderValue::from(*seconds);
                    response.headers_mut().insert(RETRY_AFTER, seconds);
                }
                response
            }
            Some(Fault::Body { body }) => typed(Body::from(body.clone())),
            Some(Fault::Replace { find, with }) => {
                let (mut parts, body) = self.service.answer(request, uri).into_parts();
                // A body in memory has no error.
                let body = axum::body::to_bytes(body, usize::MAX)
                    .await
                    .unwrap_or_default();
                let body = String::from_utf8_lossy(&body).replacen(find, with, 1);
                parts.headers.remove(CONTENT_LENGTH);
                Response::from_parts(parts, Body::from(body))
            }
            Some(Fault::Reset) => return None,
            Some(Fault::Truncated) => {
                let mut response = typed(failing_body(TRUNCATED_BODY));
                response
                    .headers_mut()
                    .insert(CONTENT_LENGTH, HeaderValue::from_static("2048"));
                response
            }
            Some(Fault::Malformed) => typed(Body::from("{\"Id\": \"malformed\", <oops")),
            Some(Fault::Html) => {
                let page = "<!doctype html><html><head><title>Sign in</title></head>\
                            <body><h1>Sign in to the network</h1></body></html>";
                answer::typed(StatusCode::OK, "text/html; charset=utf-8", page)
            }
            Some(Fault::Empty) => {
                let mut response = typed(Body::empty());
                response.headers_mut().remove(CONTENT_TYPE);
                response
            }
        })
    }
}
