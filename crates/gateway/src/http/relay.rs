//! `/relay/{connection}/…`: an operation of a vendor's contract, under the vendor's own path.

use super::body;
use super::compression::compressed;
use crate::audit::Who;
use crate::problem::Problem;
use crate::relay::{self, REQUEST_LIMIT, Target};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;

/// Relays a request to its target.
///
/// # Errors
/// The request is not valid, or the vendor did not answer.
pub(super) async fn serve(
    target: &Target,
    who: &Who,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, content) = request.into_parts();
    let body = body::json(Request::from_parts(parts.clone(), content), REQUEST_LIMIT);
    let response = relay::relay(target, who, &parts, body).await?;
    let accepted = parts.headers.get(header::ACCEPT_ENCODING);
    Ok(compressed(response.map(Body::from), accepted).await)
}
