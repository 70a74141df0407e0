//! `GET /api/unlock?code=…`: the address that `failover-console unlock` prints. Makes a known browser of the one
//! that opens it, and leads to the sign-in.

use super::middleware::Authorized;
use super::query::parameters;
use super::redirect::redirect;
use crate::app::Gateway;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use std::sync::Arc;

/// Answers with the cookie of a known browser.
///
/// # Errors
/// The code is not valid, or was used.
pub(super) async fn serve(
    State(gateway): State<Arc<Gateway>>,
    authorized: Authorized,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = parameters(&uri).unwrap_or_default();
    let code = parameters.iter().find(|(name, _)| name == "code");
    let code = code.map_or("", |(_, code)| code.as_str());
    let unlocked = gateway.access.unlock(&headers, code);
    let why = unlocked.as_ref().err().map(|problem| problem.kind);
    gateway.audit(&authorized.actor).unlock(why);
    let cookie = unlocked?;
    let mut response = redirect(&format!("{}/sign-in", gateway.base_path));
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
