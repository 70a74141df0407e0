//! `/healthz`, `/readyz` and `/metrics`, for orchestrators and Prometheus.

use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// `GET /metrics`.
pub(super) async fn metrics(State(gateway): State<Arc<Gateway>>) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        ),
    ];
    (headers, gateway.shared.metrics.text()).into_response()
}

/// `GET /healthz`: the process answers. If it does not, restart it.
pub(super) async fn healthy() -> Response {
    ok()
}

fn ok() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

/// `GET /readyz`: the gateway has a console to serve and is not stopping. It stays ready while a vendor is
/// down, because another gateway would not reach the vendor either.
///
/// # Errors
/// Why requests should go to another gateway.
pub(super) async fn ready(State(gateway): State<Arc<Gateway>>) -> Result<Response, Problem> {
    let why = if gateway.shared.stopping.load(Ordering::Relaxed) {
        "the gateway is stopping"
    } else if !gateway.assets.is_built() {
        "this gateway was built without the console"
    } else {
        return Ok(ok());
    };
    Err(Problem::new(Kind::NotReady, why))
}
