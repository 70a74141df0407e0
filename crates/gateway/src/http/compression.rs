//! Compresses responses as `Accept-Encoding` prefers. Creates large JSON responses, which are counted while in flight.

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

/// The size in bytes below which compression costs more than it saves.
const MIN_SIZE: u64 = 1_024;

/// Compresses a response with the encoding that `Accept-Encoding` prefers.
pub(super) async fn compressed(response: Response, accepted: Option<&HeaderValue>) -> Response {
    let mut request = Request::new(Body::empty());
    if let Some(accepted) = accepted {
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT_ENCODING, accepted.clone());
    }
    // The service is called once, and returns the existing response.
    let ready = Mutex::new(Some(response));
    let service = service_fn(move |_: Request| {
        let ready = ready.lock().ok().and_then(|mut ready| ready.take());
        async move { Ok::<_, Infallible>(ready.unwrap_or_default()) }
    });
    let service = Compression::new(service).compress_when(SizeAbove::new(MIN_SIZE));
    match service.oneshot(request).await {
        Ok(response) => response.map(Body::new),
    }
}

/// The supported encoding with the highest weight in `Accept-Encoding`; of several, the one that compresses best.
/// `None` for no compression. Browsers with the same best encoding share one response.
pub(super) fn best_encoding(accepted: &HeaderValue) -> Option<HeaderValue> {
    let accepted = accepted.to_str().ok()?;
    let weight_of = |wanted: &str| {
        let weights = accepted.split(',').filter_map(|part| {
            let (name, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight.trim().to_ascii_lowercase();
            let weight: f32 = weight.strip_prefix("q=")?.parse().ok()?;
            let matches = name.trim().eq_ignore_ascii_case(wanted) && (0.0..=1.0).contains(&weight);
            // A weight has three digits after the point.
            matches.then_some((weight * 1000.0) as u16)
        });
        weights.max()
    };
    let others = weight_of("*").unwrap_or(0);
    let known = ENCODINGS.iter().enumerate();
    let weights = known.map(|(place, name)| (weight_of(name).unwrap_or(others), place, *name));
    let (_, _, name) = weights.filter(|(weight, ..)| *weight > 0).max()?;
    (name != "identity").then(|| HeaderValue::from_static(name))
}

/// The supported encodings, in increasing order of preference.
const ENCODINGS: [&str; 4] = ["identity", "gzip", "br", "zstd"];

/// JSON, compressed if it is large enough.
#[derive(Debug, Clone)]
pub(super) struct Encoded {
    pub(super) encoding: Option<HeaderValue>,
    pub(super) body: Bytes,
}

/// Serializes a value as JSON, compressed with the encoding that `Accept-Encoding` prefers.
///
/// # Errors
/// The value cannot be serialized.
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
    /// Creates the response to a person. Its body is counted while it waits for a slow client.
    pub(super) fn answer(self, gateway: &Gateway, authorized: &Authorized) -> Response {
        let Self { encoding, body } = self;
        let body = gateway.shared.in_flight.body(body, &authorized.person());
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_best_encoding_is_the_one_that_the_compression_layer_chooses() {
        let json = || vec![1_u8; 2_000];
        for (accepted, expected) in [
            ("", None),
            ("br", Some("br")),
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("gzip, deflate, br", Some("br")),
            ("GZIP", Some("gzip")),
            ("br;q=0.501, gzip;q=0.5", Some("br")),
            ("br;q=0.5,gzip ; q=0.501", Some("gzip")),
            ("br;q=0, gzip;q=0.001", Some("gzip")),
            ("br;q=2, gzip", Some("gzip")),
            ("br;q=x", None),
            ("identity, br;q=0.9", None),
            ("identity, br", Some("br")),
            ("*", Some("zstd")),
            ("*;q=0.5, zstd;q=0, gzip;q=0.4", Some("br")),
            ("br, *;q=0", Some("br")),
            ("deflate", None),
        ] {
            let accepted = HeaderValue::from_static(accepted);
            let best = best_encoding(&accepted);
            assert_eq!(best.as_ref().map(|best| best.to_str().unwrap()), expected);
            for wanted in [Some(&accepted), best.as_ref()] {
                let response = compressed(Response::new(Body::from(json())), wanted).await;
                let chosen = response.headers().get(header::CONTENT_ENCODING);
                assert_eq!(chosen, best.as_ref(), "{accepted:?}");
            }
        }
    }
}
