//! `/api/unlock?code=…`: the address that `failover-console unlock` prints. Marks the browser that opens it as known
//! and redirects to the sign-in. Only the button uses up the code, because mail scanners open every link in a message
//! before the person does.

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

/// The form has no `action`, so it is sent to the address of the page, with the code.
const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
    <title>Unlock · Failover Console</title><main><h1>Unlock this browser</h1>\
    <p>Failed sign-ins of others then no longer keep you out in this browser. This works once; afterwards sign in with \
    your password.</p><form method=\"post\"><button>Unlock</button></form></main></html>";

/// The page may only send its form.
const POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Without a referrer, browsers send `Origin: null`, which counts as a foreign page.
const REFERRER: &str = "same-origin";

/// `GET /api/unlock`: shows the button that uses the code.
pub(super) async fn ask() -> Response {
    let policies = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, REFERRER),
    ];
    (NO_STORE, policies, Html(PAGE)).into_response()
}

/// `POST /api/unlock`: sets the cookie of a known browser.
///
/// # Errors
/// The code is invalid or was used before.
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
