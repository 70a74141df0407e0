//! What every simulated system has in front: faults on purpose, the simulated `Date`, the log, and
//! a loud 501 for what no contract has. Knows services only through [`Service`].

use crate::answer;
use crate::clock::Clock;
use crate::faults::{Fault, Faults, sentinel};
use crate::log::{Entry, Log, without_signature};
use crate::path::{Ask, segments};
use crate::server::Cut;
use crate::service::Service;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Larger requests are refused with 413, before anything else.
const LARGEST: usize = 1 << 20;

/// What a truncated body has of the length that it declares.
const BEGUN: &[u8] = b"{\"Id\": \"truncated\", \"Name\": \"this body ends in the mid";

/// What all systems of one simulator share.
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

/// One system as it stands on its port.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) id: &'static str,
    pub(crate) service: Service,
    pub(crate) shared: Arc<Shared>,
}

/// The whole system, callable without a socket.
pub(crate) fn router(front: Arc<Front>) -> Router {
    Router::new().fallback(handle).with_state(front)
}

async fn handle(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let cut = parts
        .extensions
        .get::<ConnectInfo<Cut>>()
        .map(|info| info.0.clone());
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
        return answer::empty(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let path = parts.uri.path().to_owned();
    let ids = segments(&path);
    let operation = front.service.operation(&parts.method, &ids, &path);
    let mut faults = front
        .shared
        .with_faults(|faults| faults.meet(front.id, operation));
    faults.extend(ids.iter().find_map(|id| sentinel(id)));
    let ask = Ask::new(parts.method.clone(), &parts.uri, parts.headers, body);
    let answered = front.answer(&ask, &parts.uri, &faults).await;
    let status = answered.as_ref().map(|response| response.status().as_u16());
    if status == Some(501) && faults.is_empty() {
        tracing::warn!(connection = front.id, method = %ask.method, %path, "no contract has this operation");
    }
    front.shared.with_log(|log| {
        log.push(Entry {
            at: front.shared.clock.now(),
            connection: front.id,
            method: ask.method.to_string(),
            path,
            query: without_signature(parts.uri.query().unwrap_or_default()),
            operation,
            status,
        });
    });
    let mut response = match answered {
        Some(response) => response,
        None => reset(cut),
    };
    let now = front
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

/// An answer that is never written, because the connection is reset instead.
fn reset(cut: Option<Cut>) -> Response {
    if let Some(cut) = cut {
        cut.now();
    }
    Response::new(breaking(b""))
}

/// A body that begins and then breaks off.
fn breaking(start: &'static [u8]) -> Body {
    Body::from_stream(Breaking {
        start: Some(Bytes::from_static(start)),
        waited: false,
    })
}

struct Breaking {
    start: Option<Bytes>,
    waited: bool,
}

impl futures_util::Stream for Breaking {
    type Item = std::io::Result<Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        if let Some(start) = self.start.take() {
            return std::task::Poll::Ready(Some(Ok(start)));
        }
        // Without a pause the server never sends what it already has.
        if !std::mem::replace(&mut self.waited, true) {
            context.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }
}

impl Front {
    /// The answer with the faults that meet it; `None` when the connection is to be reset.
    async fn answer(&self, ask: &Ask, uri: &axum::http::Uri, faults: &[Fault]) -> Option<Response> {
        let mut deciding = None;
        for fault in faults {
            match fault {
                Fault::Latency { milliseconds } => {
                    tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
                }
                other => deciding = deciding.or(Some(other)),
            }
        }
        let typed = |body| answer::typed(StatusCode::OK, self.service.media(ask), body);
        Some(match deciding {
            None | Some(Fault::Latency { .. }) => self.service.answer(ask, uri),
            Some(Fault::Status {
                status,
                retry_after,
            }) => {
                let status = StatusCode::from_u16(*status).unwrap_or_default();
                let mut response = self.service.error(status, ask);
                if let Some(seconds) = retry_after {
                    let seconds = HeaderValue::from(*seconds);
                    response.headers_mut().insert(RETRY_AFTER, seconds);
                }
                response
            }
            Some(Fault::Reset) => return None,
            Some(Fault::Truncated) => {
                let mut response = typed(breaking(BEGUN));
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
