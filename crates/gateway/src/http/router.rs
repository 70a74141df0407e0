//! The router: dispatches authorized requests to their handlers.

use super::middleware::{self, AuthorizedRequest};
use super::routes::{Destination, Own};
use super::{
    build, connections, inventory, openid, pairing, probes, relay, session, thumbnails, walls,
};
use crate::app::Gateway;
use crate::assets;
use crate::problem::{Kind, Problem};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// The whole gateway as a router. `middleware` authorizes each request by the rules in `routes`.
pub fn app(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .fallback(answer)
        .layer(CatchPanicLayer::custom(middleware::panicked))
        .layer(from_fn_with_state(gateway.clone(), middleware::middleware))
        .with_state(gateway)
}

/// Answers an authorized request.
async fn answer(State(gateway): State<Arc<Gateway>>, mut request: Request) -> Response {
    let Some(authorized) = request.extensions_mut().remove::<Arc<AuthorizedRequest>>() else {
        return Problem::new(Kind::Internal, "this request was not authorized").into_response();
    };
    let outcome = match &authorized.destination {
        Destination::Own(own, _) => own_route(&gateway, &authorized, *own, request).await,
        Destination::Relay(target) => relay::serve(target, &authorized.who, request).await,
        Destination::Thumbnail => {
            thumbnails::serve(&gateway, request.method(), request.uri().path()).await
        }
        Destination::Console => assets::serve(&gateway.assets, &request),
    };
    outcome.unwrap_or_else(|problem| problem.into_response())
}

async fn own_route(
    gateway: &Gateway,
    authorized: &AuthorizedRequest,
    own: Own,
    request: Request,
) -> Result<Response, Problem> {
    let visitor = authorized.visitor.as_ref();
    let who = &authorized.who;
    Ok(match own {
        Own::ReadSession => match visitor {
            Some(visitor) => session::read(gateway, visitor),
            None => return Err(Problem::new(Kind::SignIn, "nobody is signed in")),
        },
        Own::SignIn => return session::sign_in(gateway, who, request).await,
        Own::SignOut => session::sign_out(gateway, who, visitor, &request),
        Own::SignInMethods => openid::methods(gateway),
        Own::StartAtProvider => {
            return openid::start(gateway, request.headers(), request.uri()).await;
        }
        Own::ReturnFromProvider => {
            return openid::callback(gateway, who, request.headers(), request.uri()).await;
        }
        Own::Connections => connections::list(gateway),
        Own::Inventory => {
            let (headers, uri) = (request.headers(), request.uri());
            return inventory::read(gateway, visitor, headers, uri).await;
        }
        Own::Build => build::read(gateway),
        Own::NewPairingCode => return pairing::new_code(gateway, who, visitor, request).await,
        Own::ReadPairing => return pairing::read(gateway, who, visitor, request.headers()),
        Own::Walls => return walls::list(gateway),
        Own::PairWall => return walls::pair(gateway, who, request).await,
        Own::RevokeWall => return walls::revoke(gateway, who, request.uri().path()).await,
        Own::Metrics => probes::metrics(gateway),
        Own::Healthy => probes::healthy(),
        Own::Ready => return probes::ready(gateway),
    })
}
