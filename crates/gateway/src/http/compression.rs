//! Compresses what is worth it, as the browser accepts it; and JSON that is large, so compressed and counted.

use super::middleware::Authorized;
use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Mutex;
use tower::{ServiceExt as _, service_fn};
use tower_http::compression::Compression;
use tower_http::compression::predicate::SizeAbove;

/// Below this many bytes compression costs more than it saves.
const WORTH_IT: u64 = 1_024;

/// The response, compressed in the way that `Accept-Encoding` likes best.
pub(super) async fn compressed(response: Response, accepted: Option<&HeaderValue>) -> Response {
    let mut request = Request::new(Body::empty());
    if let Some(accepted) = accepted {
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT_ENCODING, accepted.clone());
    }
    // The service is called once; what it answers is here already.
    let ready = Mutex::new(Some(response));
    let service = service_fn(move |_: Request| {
        let ready = ready.lock().ok().and_then(|mut ready| ready.take());
        async move { Ok::<_, Infallible>(ready.unwrap_or_default()) }
    });
    let service = Compression::new(service).compress_when(SizeAbove::new(WORTH_IT));
    match service.oneshot(request).await {
        Ok(response) => response.map(Body::new),
    }
}

/// JSON, compressed where that is worth it.
#[derive(Debug, Clone)]
pub(super) struct Encoded {
    pub(super) encoding: Option<HeaderValue>,
    pub(super) body: Bytes,
}

/// Writes a value as JSON, compressed as `Accept-Encoding` likes best.
///
/// # Errors
/// It cannot be written.
pub(super) async fn json(
    value: &impl Serialize,
    accepted: Option<&HeaderValue>,
) -> Result<Encoded, Problem> {
    let failed = || Problem::new(Kind::Internal, "the answer cannot be written");
    let json = serde_json::to_vec(value).map_err(|_| failed())?;
    let mut response = compressed(Response::new(Body::from(json)), accepted).await;
    let encoding = response.headers_mut().remove(header::CONTENT_ENCODING);
    let body = to_bytes(response.into_body(), usize::MAX).await;
    Ok(Encoded {
        encoding,
        body: body.map_err(|_| failed())?,
    })
}

impl Encoded {
    /// The answer to a session, counted among what waits for clients that read slowly.
    ///
    /// # Errors
    /// Too much waits already.
    pub(super) fn answer(
        self,
        gateway: &Gateway,
        authorized: &Authorized,
    ) -> Result<Response, Problem> {
        let Self { encoding, body } = self;
        let body = gateway.shared.in_flight.body(body, authorized.session())?;
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
        Ok(response)
    }
}
