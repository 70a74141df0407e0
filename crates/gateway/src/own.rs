//! The gateway's own routes besides `/api/session`: which systems are connected, whether the server
//! lives.

use crate::app::Gateway;
use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Connections<'a> {
    connections: Vec<&'a vendors::Connection>,
}

pub(crate) fn connections(gateway: &Gateway) -> Response {
    let connections = gateway
        .upstreams
        .iter()
        .map(|upstream| &upstream.public)
        .collect();
    (
        [(header::CACHE_CONTROL, "no-store")],
        Json(Connections { connections }),
    )
        .into_response()
}

/// Alive, and ready as soon as it listens: the vendors' health is the console's matter, not the
/// gateway's.
pub(crate) fn alive() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n").into_response()
}
