//! The response that redirects a browser to another address.

use super::NO_STORE;
use crate::problem::{Kind, Problem};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// Redirects the browser to `address`, with GET.
pub(super) fn redirect(address: &str) -> Response {
    let Ok(address) = HeaderValue::try_from(address) else {
        let detail = "an address cannot be sent in a header";
        return Problem::new(Kind::Internal, detail).into_response();
    };
    (
        StatusCode::SEE_OTHER,
        NO_STORE,
        [(header::LOCATION, address)],
    )
        .into_response()
}
