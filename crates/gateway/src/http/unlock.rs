//! `/api/unlock?code=…`: the address that `failover-console unlock` prints. Makes a known browser of the one that opens it,
//! and leads to the sign-in. Only a press of the button uses the code up: programs that look through messages for harmful
//! links open every address before the person does.

use super::NO_STORE;
use super::middleware::Authorized;
use super::query::parameters;
use super::redirect::redirect;
use crate::app::Gateway;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{Html, IntoResponse as _, Response};
use std::sync::Arc;

/// A form without an address of its own is sent to the address of its page, with the code.
const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
    <title>Unlock · Failover Console</title><main><h1>Unlock this browser</h1>\
    <p>Failed sign-ins of others then no longer keep you out in this browser. This works once; afterwards sign in with \
    your password.</p><form method=\"post\"><button>Unlock</button></form></main></html>";

/// The page may send its form, and nothing else.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Of a page that sends no referrer a browser says `Origin: null`, which is taken for a foreign page.
const REFERRER: &str = "same-origin";

/// `GET /api/unlock`: asks whether the code shall be used.
pub(super) async fn ask() -> Response {
    let policies = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, REFERRER),
    ];
    (NO_STORE, policies, Html(PAGE)).into_response()
}

/// `POST /api/unlock`: answers with the cookie of a known browser.
///
/// # Errors
/// The code is not valid, or was used.
pub(super) async fn unlock(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut response = redirect(&format!("{}/sign-in", gateway.base_path));
    let parameters = parameters(&uri).unwrap_or_default();
    let code = parameters.into_iter().find(|(name, _)| name == "code");
    let code = code.map_or_else(String::new, |(_, code)| code);
    let changes = gateway.shared.changes.clone();
    let change = async move {
        let unlocked = gateway.access.unlock(&headers, &code).await;
        let why = unlocked.as_ref().err().map(|problem| problem.kind);
        let name = unlocked.as_ref().map_or("-", |(_, name)| *name);
        gateway.audit(&authorized.actor).unlock(name, why);
        unlocked.map(|(cookie, _)| cookie)
    };
    let cookie = changes.complete(change).await??;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
