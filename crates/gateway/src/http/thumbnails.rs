//! `GET /thumbnails/{connection}/{group}/{slicer}`: the thumbnail of a slicer's output. The query is ignored, so that a
//! page may change it to bypass the browser's cache.

use super::middleware::Authorized;
use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use crate::relay;
use crate::vendor_client::Lane;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use std::sync::Arc;

/// Returns a thumbnail. The path is parsed like the relay's paths.
///
/// # Errors
/// There is no such thumbnail, or it cannot be fetched.
pub(super) async fn serve(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    uri: Uri,
) -> Result<Response, Problem> {
    let path = uri.path();
    let rest = path.strip_prefix("/thumbnails/").unwrap_or_default();
    let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let segments = relay::segments(rest)?;
    let ([group, slicer], false) = (segments.as_slice(), segments.iter().any(String::is_empty))
    else {
        return Err(not_found(
            "a thumbnail is /thumbnails/{connection}/{group}/{slicer}",
        ));
    };
    let upstream = gateway
        .upstream(id)
        .ok_or_else(|| not_found("there is no connection with this id"))?;
    let Some(thumbnails) = gateway.thumbnails.get(id) else {
        return Err(not_found(
            "the systems of this connection have no thumbnails",
        ));
    };
    let person = authorized.person();
    let lane = Lane::Person(person.clone());
    let thumbnail = thumbnails.thumbnail(upstream, &lane, group, slicer).await?;
    let media_type = HeaderValue::from_static(thumbnail.media_type());
    let in_flight = &gateway.shared.in_flight;
    let mut response = Response::new(in_flight.body(thumbnail.into_bytes(), &person));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn not_found(detail: &str) -> Problem {
    Problem::new(Kind::NotFound, detail)
}
