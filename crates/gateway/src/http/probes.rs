//! `/healthz`, `/readyz` and `/metrics`, for orchestrators and Prometheus.

use super::NO_STORE;
use super::middleware::Authorized;
use crate::app::Gateway;
use crate::metrics;
use crate::problem::{Kind, Problem};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// `GET /metrics`.
pub(super) async fn metrics(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_TYPE, metrics::CONTENT_TYPE),
    ];
    let watchers = &gateway.shared.watchers;
    let inventory = watchers.inventory().everything();
    let watched = watchers.watched();
    let alerts = gateway.shared.alerts.targets();
    let metrics = &gateway.shared.metrics;
    let text = metrics.text(&inventory, &watched, &alerts, inventory.now);
    let in_flight = &gateway.shared.in_flight;
    let body = in_flight.body(text.into(), &authorized.person());
    (headers, body).into_response()
}

/// `GET /healthz`: the process responds. If it does not, restart it.
pub(super) async fn healthy() -> Response {
    ok()
}

fn ok() -> Response {
    (NO_STORE, "ok\n").into_response()
}

/// `GET /readyz`: the gateway has a console to serve, can record changes, and is not stopping. It stays ready while a
/// vendor is down, because another gateway would not reach the vendor either.
///
/// # Errors
/// The reason why requests should go to another gateway.
pub(super) async fn ready(State(gateway): State<Arc<Gateway>>) -> Result<Response, Problem> {
    let why = if gateway.shared.stopping.load(Ordering::Relaxed) {
        "the gateway is stopping"
    } else if !gateway.assets.is_built() {
        "this gateway was built without the console"
    } else if !gateway.shared.store.is_writable().await {
        if gateway.shared.watchers.is_alone() {
            "the store cannot be written: changes are refused, reading continues, and this gateway watches every \
             connection itself"
        } else {
            "the store cannot be written: changes are refused, reading continues"
        }
    } else {
        return Ok(ok());
    };
    Err(Problem::new(Kind::NotReady, why))
}
