//! The whole gateway as a router, callable without a socket.

use crate::assets::Assets;
use crate::config;
use crate::credentials::wall_clock;
use crate::own::{self, Session};
use crate::problem::{Kind, Problem};
use crate::relay::{self, Accounts, Upstream};
use crate::{assets, edge, thumbnails};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// What a running gateway knows.
#[derive(Debug)]
pub struct Gateway {
    /// The vendor systems, in the order of the configuration.
    pub upstreams: Vec<Arc<Upstream>>,
    /// Who uses it.
    pub session: Session,
    /// The address of a proxy before it, as in an `Origin` header.
    pub public_origin: Option<String>,
    /// The built console.
    pub assets: Assets,
}

impl Gateway {
    /// A gateway to these systems. Connects to none of them yet.
    ///
    /// # Errors
    /// Why a connection cannot be used, with its id.
    pub fn new(
        connections: Vec<config::Connection>,
        session: Session,
        public_origin: Option<String>,
        assets: Assets,
    ) -> Result<Self, String> {
        let mut accounts = Accounts::new(wall_clock());
        let upstreams = connections
            .into_iter()
            .map(|connection| {
                let id = connection.public.id.clone();
                Upstream::new(connection, &mut accounts)
                    .map(Arc::new)
                    .map_err(|why| format!("connection {id:?}: {why}"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            upstreams,
            session,
            public_origin,
            assets,
        })
    }

    /// Ends what was begun with the vendors. Call it once, after the last request.
    pub async fn log_off(&self) {
        for upstream in &self.upstreams {
            upstream.log_off().await;
        }
    }
}

/// The router: own routes, relay, and the console for everything else.
pub fn app(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/api/session", get(own::session))
        .route("/api/connections", get(own::connections))
        .route("/api/build", get(own::build))
        .route("/healthz", get(own::alive))
        .route("/readyz", get(own::alive))
        .fallback(elsewhere)
        .layer(DefaultBodyLimit::max(relay::REQUEST_LIMIT))
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn_with_state(gateway.clone(), edge::edge))
        .with_state(gateway)
}

/// Routing by hand: a relayed path must be seen as it was written.
async fn elsewhere(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let first = path.trim_start_matches('/').split('/').next();
    match first.unwrap_or_default() {
        "relay" => relay::relay(&gateway, request)
            .await
            .unwrap_or_else(|problem| problem.into_response()),
        "thumbnails" => thumbnails::serve(&gateway, request.method(), &path)
            .await
            .unwrap_or_else(|problem| problem.into_response()),
        "api" | "metrics" | "healthz" | "readyz" => {
            Problem::new(Kind::NotFound, "the gateway has no such route").into_response()
        }
        _ => assets::serve(&gateway.assets, &request),
    }
}
