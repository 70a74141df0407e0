//! `GET /api/connections`: the connected vendor systems.

use crate::app::Gateway;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use protocol::Connections;
use std::sync::Arc;

pub(super) async fn list(State(gateway): State<Arc<Gateway>>) -> Response {
    let connections = gateway
        .upstreams
        .iter()
        .map(|upstream| upstream.public.clone().into())
        .collect();
    (
        [(header::CACHE_CONTROL, "no-store")],
        Json(Connections { connections }),
    )
        .into_response()
}
