//! `GET /api/connections`: the connected vendor systems.

use crate::app::Gateway;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Connections<'a> {
    connections: Vec<&'a vendors::Connection>,
}

pub(super) async fn list(State(gateway): State<Arc<Gateway>>) -> Response {
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
