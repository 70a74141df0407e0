//! The whole gateway as a router, callable without a socket.

use crate::access::Access;
use crate::assets::Assets;
use crate::config;
use crate::credentials::wall_clock;
use crate::from::Network;
use crate::metrics::Metrics;
use crate::own;
use crate::problem::{Kind, Problem};
use crate::relay::{self, Accounts, Upstream};
use crate::routes::{Own, Place};
use crate::{access, assets, edge, thumbnails, walls};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use secrecy::SecretString;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use tower_http::catch_panic::CatchPanicLayer;

/// What outlives a change of the configuration.
#[derive(Debug)]
pub struct Shared {
    pub(crate) metrics: Metrics,
    /// Queues that go on: a second is used once, also across a change.
    accounts: Mutex<Accounts>,
    /// Once an end was asked for: no new work should come.
    pub(crate) stopping: AtomicBool,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            metrics: Metrics::default(),
            accounts: Mutex::new(Accounts::new(wall_clock())),
            stopping: AtomicBool::new(false),
        }
    }
}

/// What a running gateway knows.
#[derive(Debug)]
pub struct Gateway {
    /// The vendor systems, in the order of the configuration.
    pub upstreams: Vec<Arc<Upstream>>,
    /// How it knows who is asking.
    pub access: Access,
    /// The address of a proxy before it, as in an `Origin` header.
    pub public_origin: Option<String>,
    /// Whether the gateway encrypts by itself.
    pub tls: bool,
    /// Proxies that are believed from whom a request comes.
    pub trusted_proxies: Vec<Network>,
    /// Who may read `/metrics` without a session: whoever shows this as a bearer token.
    pub metrics_token: Option<SecretString>,
    /// The built console.
    pub assets: Assets,
    /// What it counts, and whether it stops.
    pub shared: Arc<Shared>,
}

impl Gateway {
    /// A gateway to these systems. Connects to none of them yet.
    ///
    /// # Errors
    /// Why a connection cannot be used, with its id.
    pub fn new(
        connections: Vec<config::Connection>,
        access: Access,
        public_origin: Option<String>,
        assets: Assets,
    ) -> Result<Self, String> {
        Self::with(connections, access, public_origin, assets, Arc::default())
    }

    /// The same, going on with what another has counted.
    ///
    /// # Errors
    /// Why a connection cannot be used, with its id.
    pub fn with(
        connections: Vec<config::Connection>,
        access: Access,
        public_origin: Option<String>,
        assets: Assets,
        shared: Arc<Shared>,
    ) -> Result<Self, String> {
        let mut accounts = shared
            .accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let upstreams = connections
            .into_iter()
            .map(|connection| {
                let id = connection.public.id.clone();
                Upstream::new(connection, &mut accounts, &shared.metrics)
                    .map(Arc::new)
                    .map_err(|why| format!("connection {id:?}: {why}"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<&str> = upstreams
            .iter()
            .map(|upstream| upstream.public.id.as_str())
            .collect();
        shared.metrics.keep_only(&ids);
        drop(accounts);
        Ok(Self {
            upstreams,
            access,
            public_origin,
            tls: false,
            trusted_proxies: Vec::new(),
            metrics_token: None,
            assets,
            shared,
        })
    }

    /// Whether browsers know this gateway by an https address of its own.
    pub(crate) fn has_https_origin(&self) -> bool {
        self.public_origin
            .as_ref()
            .is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Ends what was begun with the vendors. Call it once, after the last request.
    pub async fn log_off(&self) {
        for upstream in &self.upstreams {
            upstream.log_off().await;
        }
    }
}

/// The router. What is asked for is found and judged in `edge`, by `routes`; here it is answered.
pub fn app(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .fallback(answer)
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn_with_state(gateway.clone(), edge::edge))
        .with_state(gateway)
}

/// Answers what `edge` has found and allowed.
async fn answer(State(gateway): State<Arc<Gateway>>, mut request: Request) -> Response {
    let Some(asked) = request.extensions_mut().remove::<Arc<edge::Asked>>() else {
        return Problem::new(Kind::Internal, "nobody judged this request").into_response();
    };
    let outcome = match &asked.place {
        Place::Own(own, _) => own_route(&gateway, &asked, *own, request).await,
        Place::Relay(target) => relay::relay(target, &asked.who, request).await,
        Place::Thumbnail => {
            thumbnails::serve(&gateway, request.method(), request.uri().path()).await
        }
        Place::Console => Ok(assets::serve(&gateway.assets, &request)),
    };
    outcome.unwrap_or_else(|problem| problem.into_response())
}

async fn own_route(
    gateway: &Gateway,
    asked: &edge::Asked,
    own: Own,
    request: Request,
) -> Result<Response, Problem> {
    let visitor = asked.visitor.as_ref();
    Ok(match own {
        Own::ReadSession => match visitor {
            Some(visitor) => access::read(gateway, visitor),
            None => return Err(Problem::new(Kind::SignIn, "nobody is signed in")),
        },
        Own::SignIn => return access::sign_in(gateway, &asked.who, request).await,
        Own::SignOut => access::sign_out(gateway, &asked.who, visitor, &request),
        Own::WaysToSignIn => access::ways(gateway),
        Own::BeginAtProvider => {
            return access::begin(gateway, request.headers(), request.uri()).await;
        }
        Own::BackFromProvider => {
            let (headers, uri) = (request.headers(), request.uri());
            return access::finish(gateway, &asked.who, headers, uri).await;
        }
        Own::Connections => own::connections(gateway),
        Own::Build => own::build(gateway),
        Own::AskPairing => return walls::ask(gateway, &asked.who, visitor, request).await,
        Own::ReadPairing => {
            return walls::state(gateway, &asked.who, visitor, request.headers());
        }
        Own::Walls => return walls::list(gateway),
        Own::PairWall => return walls::pair(gateway, &asked.who, request).await,
        Own::RevokeWall => return walls::revoke(gateway, &asked.who, request.uri().path()).await,
        Own::Metrics => own::metrics(gateway),
        Own::Healthy => own::healthy(),
        Own::Ready => return own::ready(gateway),
    })
}
