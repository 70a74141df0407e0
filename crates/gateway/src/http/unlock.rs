//! `GET /api/unlock?code=…`: the address that `failover-console unlock` prints. Makes a known browser of the one
//! that opens it, and leads to the sign-in.

use super::middleware::Authorized;
use crate::app::Gateway;
use crate::problem::{Kind, Problem};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
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
    let query: Vec<(String, String)> =
        Query::try_from_uri(&uri).map_or_else(|_| Vec::new(), |Query(query)| query);
    let code = query.iter().find(|(name, _)| name == "code");
    let code = code.map_or("", |(_, code)| code.as_str());
    let unlocked = gateway.access.unlock(&headers, code);
    let why = unlocked.as_ref().err().map(|problem| problem.kind);
    gateway.audit(&authorized.actor).unlock(why);
    let cookie = unlocked?;
    let to = HeaderValue::try_from(format!("{}/sign-in", gateway.base_path))
        .map_err(|_| Problem::new(Kind::Internal, "an address cannot be sent in a header"))?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    let set = response.headers_mut();
    set.insert(header::LOCATION, to);
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    set.insert(header::SET_COOKIE, cookie);
    Ok(response)
}
