//! `GET /api/build`: the version of the console that the gateway serves, so that an open page reloads after an update.

use super::NO_STORE;
use crate::app::Gateway;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use protocol::Build;
use std::sync::Arc;

pub(super) async fn read(State(gateway): State<Arc<Gateway>>) -> Response {
    let build = gateway.assets.build().to_owned();
    (NO_STORE, Json(Build { build })).into_response()
}
