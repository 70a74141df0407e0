//! `GET /api/unlock?code=…`: the address that `failover-console unlock` prints. Makes a known browser of the one
//! that opens it, and leads to the sign-in.

use super::middleware::Authorized;
use super::query::parameters;
use super::redirect::redirect;
use crate::app::Gateway;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::Response;
use std::sync::Arc;

/// Answers with the cookie of a known browser. HEAD uses nothing up: programs that look through messages for harmful links
/// send it before the person opens the address.
///
/// # Errors
/// The code is not valid, or was used.
pub(super) async fn serve(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let mut response = redirect(&format!("{}/sign-in", gateway.base_path));
    if method == Method::HEAD {
        return Ok(response);
    }
    let parameters = parameters(&uri).unwrap_or_default();
    let code = parameters.iter().find(|(name, _)| name == "code");
    let code = code.map_or_else(String::new, |(_, code)| code.clone());
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
