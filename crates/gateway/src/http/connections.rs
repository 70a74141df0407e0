//! `GET /api/connections`: the connected vendor systems.

use super::NO_STORE;
use crate::app::Gateway;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use protocol::Connections;
use std::sync::Arc;

pub(super) async fn list(State(gateway): State<Arc<Gateway>>) -> Response {
    let connections = gateway
        .upstreams
        .iter()
        .map(|upstream| upstream.public.clone().into())
        .collect();
    (NO_STORE, Json(Connections { connections })).into_response()
}
