//! Compresses what is worth it, as the browser accepts it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
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
