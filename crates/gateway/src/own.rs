//! The gateway's own routes besides `/api/session`: which systems are connected, what was counted,
//! whether the server lives.

use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use std::sync::atomic::Ordering;

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

/// Which console the gateway serves, so that a page that was opened before can load itself anew.
#[derive(Serialize)]
struct Build<'a> {
    build: &'a str,
}

pub(crate) fn build(gateway: &Gateway) -> Response {
    let build = gateway.assets.build();
    ([(header::CACHE_CONTROL, "no-store")], Json(Build { build })).into_response()
}

/// What was counted, for Prometheus.
pub(crate) fn metrics(gateway: &Gateway) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        ),
    ];
    (headers, gateway.shared.metrics.text()).into_response()
}

/// The process answers; if it does not, start it anew.
pub(crate) fn healthy() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

/// Requests may come: there is a console to serve, and the end has not begun. A vendor that is down is
/// no reason to send people elsewhere: another gateway would not reach it either.
///
/// # Errors
/// Why requests should go elsewhere.
pub(crate) fn ready(gateway: &Gateway) -> Result<Response, Problem> {
    let why = if gateway.shared.stopping.load(Ordering::Relaxed) {
        "the gateway is stopping"
    } else if !gateway.assets.is_built() {
        "this gateway was built without the console"
    } else {
        return Ok(healthy());
    };
    Err(Problem::new(Kind::NotReady, why))
}
