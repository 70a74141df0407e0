//! `GET /api/alert-targets`: the targets of alerts, and whether their messages arrived.

use super::NO_STORE;
use crate::app::Gateway;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

pub(super) async fn read(State(gateway): State<Arc<Gateway>>) -> Response {
    (NO_STORE, Json(gateway.shared.alerts.targets())).into_response()
}
