//! `/relay/{connection}/…`: an operation of a vendor's contract, under the vendor's own path.

use super::body;
use super::compression::compressed;
use super::middleware::Authorized;
use crate::problem::{Kind, Problem};
use crate::relay::{self, REQUEST_LIMIT};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;

/// Relays a request to the target for which it was authorized.
///
/// # Errors
/// The request is not valid, or the vendor did not answer.
pub(super) async fn serve(authorized: Authorized, request: Request) -> Result<Response, Problem> {
    let Some(target) = &authorized.target else {
        return Err(Problem::new(Kind::Internal, "this request has no target"));
    };
    let (parts, content) = request.into_parts();
    let body = body::json(Request::from_parts(parts.clone(), content), REQUEST_LIMIT);
    let response = relay::relay(target, &authorized.who, &parts, body).await?;
    let accepted = parts.headers.get(header::ACCEPT_ENCODING);
    Ok(compressed(response.map(Body::from), accepted).await)
}
