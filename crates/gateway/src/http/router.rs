//! The list of all routes, and the router that is built from it.

use super::authorization::{
    ADMINS, EVERYBODY, EVERYBODY_OR_TOKEN, PEOPLE, PEOPLE_OR_TOKEN, Resource, Rule, first_segment,
};
use super::middleware::{self, PathState};
use super::{
    activity, alarms, alert_targets, build, connections, console, csp_report, inventory,
    maintenance, openid, pairing, probes, relay, report, session, thumbnails, unlock, walls,
};
use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{self, MethodRouter, any};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// One route.
pub(crate) struct Route {
    /// `None` for a handler that accepts every method.
    pub(crate) method: Option<Method>,
    pub(crate) path: &'static str,
    pub(crate) rule: Rule,
    handler: MethodRouter<Arc<Gateway>>,
}

/// Every route: method, path, permitted visitors, handler. `{id}` matches one segment, `{*rest}` one or more. HEAD
/// is routed like GET. Any other path is a file or page of the console, unless its first segment is the first segment
/// of a path in this list.
#[rustfmt::skip]
pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/session", EVERYBODY, session::read),
        post("/api/session", Rule::Anyone, session::sign_in),
        delete("/api/session", Rule::Anyone, session::sign_out),
        get("/api/sign-in", Rule::Anyone, openid::methods),
        get("/api/openid/start", Rule::Anyone, openid::start),
        get(openid::CALLBACK, Rule::Anyone, openid::callback),
        get("/api/unlock", Rule::Anyone, unlock::ask),
        post("/api/unlock", Rule::Anyone, unlock::unlock),
        get("/api/connections", EVERYBODY, connections::list),
        get("/api/inventory", EVERYBODY_OR_TOKEN, inventory::read),
        get("/api/activity", PEOPLE, activity::read),
        get("/api/report", PEOPLE, report::read),
        post("/api/alarms/{id}/acknowledgement", ADMINS, alarms::acknowledge),
        delete("/api/alarms/{id}/acknowledgement", ADMINS, alarms::withdraw),
        post("/api/alarms/{id}/notes", ADMINS, alarms::note),
        get("/api/alert-targets", ADMINS, alert_targets::read),
        get("/api/maintenance", PEOPLE, maintenance::list),
        post("/api/maintenance", ADMINS, maintenance::announce),
        delete("/api/maintenance/{id}", ADMINS, maintenance::end),
        get("/api/build", EVERYBODY, build::read),
        post(csp_report::PATH, Rule::Anyone, csp_report::receive),
        post("/api/pairing", Rule::Anyone, pairing::new_code),
        get("/api/pairing", Rule::Anyone, pairing::read),
        get("/api/walls", ADMINS, walls::list),
        post("/api/walls", ADMINS, walls::pair),
        delete("/api/walls/{id}", ADMINS, walls::revoke),
        get("/metrics", PEOPLE_OR_TOKEN, probes::metrics),
        get("/healthz", Rule::Anyone, probes::healthy),
        get("/readyz", Rule::Anyone, probes::ready),
        get("/thumbnails/{connection}/{group}/{slicer}", EVERYBODY, thumbnails::serve),
        every_method("/relay/{connection}/{*rest}", Rule::Operation, relay::serve),
    ]
}

fn get<T: 'static>(
    path: &'static str,
    rule: Rule,
    handler: impl Handler<T, Arc<Gateway>>,
) -> Route {
    route(Some(Method::GET), path, rule, routing::get(handler))
}

fn post<T: 'static>(
    path: &'static str,
    rule: Rule,
    handler: impl Handler<T, Arc<Gateway>>,
) -> Route {
    route(Some(Method::POST), path, rule, routing::post(handler))
}

fn delete<T: 'static>(
    path: &'static str,
    rule: Rule,
    handler: impl Handler<T, Arc<Gateway>>,
) -> Route {
    route(Some(Method::DELETE), path, rule, routing::delete(handler))
}

/// A route whose handler checks the method itself.
fn every_method<T: 'static>(
    path: &'static str,
    rule: Rule,
    handler: impl Handler<T, Arc<Gateway>>,
) -> Route {
    route(None, path, rule, any(handler))
}

fn route(
    method: Option<Method>,
    path: &'static str,
    rule: Rule,
    handler: MethodRouter<Arc<Gateway>>,
) -> Route {
    Route {
        method,
        path,
        rule,
        handler,
    }
}

/// The routes of one path.
struct Path {
    path: &'static str,
    rules: Vec<(Option<Method>, Rule)>,
    handlers: MethodRouter<Arc<Gateway>>,
}

/// The complete gateway as a router.
pub(crate) fn app(gateway: Arc<Gateway>) -> Router {
    let mut paths: Vec<Path> = Vec::new();
    for route in routes() {
        let rule = (route.method, route.rule);
        match paths.iter_mut().find(|known| known.path == route.path) {
            Some(known) => {
                known.rules.push(rule);
                known.handlers = std::mem::take(&mut known.handlers).merge(route.handler);
            }
            None => paths.push(Path {
                path: route.path,
                handlers: match rule.0 {
                    Some(_) => any(unrouted).merge(route.handler),
                    None => route.handler,
                },
                rules: vec![rule],
            }),
        }
    }
    let reserved = paths.iter().map(|path| first_segment(path.path)).collect();
    let unlisted = guarded(
        any(console::serve),
        Resource::Unlisted { reserved },
        &gateway,
    );
    let mut router = Router::new();
    for Path {
        path,
        rules,
        handlers,
    } in paths
    {
        let resource = Resource::Listed {
            path,
            routes: rules,
        };
        router = router.route(path, guarded(handlers, resource, &gateway));
    }
    let base_path = gateway.base_path.clone();
    let root = router
        .fallback_service(unlisted.with_state::<()>(gateway.clone()))
        .with_state(gateway);
    if base_path.is_empty() {
        return root;
    }
    // Also at the root, for probes on this computer and for a proxy that strips the base path.
    Router::new()
        .nest_service(&base_path, root.clone())
        .fallback_service(root)
}

/// Replaces axum's own response to a method without a route, which would send `Allow` to everybody.
/// Never runs, because the middleware rejects such a method.
async fn unrouted() -> Problem {
    Problem::new(Kind::Internal, "this method has no route")
}

/// Wraps the handlers of a path in the middleware, so that none of them runs without authorization.
fn guarded(
    handlers: MethodRouter<Arc<Gateway>>,
    resource: Resource,
    gateway: &Arc<Gateway>,
) -> MethodRouter<Arc<Gateway>> {
    let state = PathState {
        gateway: gateway.clone(),
        resource,
    };
    handlers
        .layer(CatchPanicLayer::custom(middleware::panicked))
        .layer(from_fn_with_state(Arc::new(state), middleware::middleware))
}
