//! The gateway's own routes: who is there, which systems are connected, whether the server lives.

use crate::app::Gateway;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use std::sync::Arc;

/// Who uses the console.
#[derive(Debug, Clone, Serialize)]
pub struct Session {
    /// The name to show.
    pub user: &'static str,
    /// What they may do.
    pub role: &'static str,
    /// Whether the systems are simulated.
    pub demo: bool,
    /// The gateway's version.
    pub version: &'static str,
}

impl Session {
    /// The demo's: everybody is an admin of a simulated world.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            user: "demo",
            role: "admin",
            demo: true,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Without a sign-in: whoever sits at this computer.
    #[must_use]
    pub fn local() -> Self {
        Self {
            user: "local",
            demo: false,
            ..Self::demo()
        }
    }
}

#[derive(Serialize)]
struct Connections<'a> {
    connections: Vec<&'a vendors::Connection>,
}

pub(crate) async fn session(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    (
        [(header::CACHE_CONTROL, "no-store")],
        Json(gateway.session.clone()),
    )
}

pub(crate) async fn connections(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
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

pub(crate) async fn build(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    let build = gateway.assets.build();
    ([(header::CACHE_CONTROL, "no-store")], Json(Build { build })).into_response()
}

/// Alive, and ready as soon as it listens: the vendors' health is the console's matter, not the
/// gateway's.
pub(crate) async fn alive() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}
