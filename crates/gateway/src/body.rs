//! Reading what a browser sends: JSON, of a limited length, within a limited time.

use crate::problem::{Kind, Problem};
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use std::time::Duration;

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The body, none when it is empty.
///
/// # Errors
/// It is too large, too slow, broke off, or is something else than JSON.
pub(crate) async fn json(request: Request, limit: usize) -> Result<Option<Bytes>, Problem> {
    let json = is_json(request.headers());
    let reading = axum::body::to_bytes(request.into_body(), limit);
    let read = tokio::time::timeout(PATIENCE, reading)
        .await
        .map_err(|_| Problem {
            status: StatusCode::REQUEST_TIMEOUT,
            ..Problem::new(
                Kind::BadRequest,
                format!("the body did not come within {} s", PATIENCE.as_secs()),
            )
        })?;
    let body = read.map_err(|error| {
        let too_large = std::error::Error::source(&error)
            .is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if too_large {
            let size = if limit >= 1 << 20 {
                format!("{} MiB", limit >> 20)
            } else {
                format!("{} KiB", limit >> 10)
            };
            Problem {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                ..Problem::new(Kind::TooLarge, format!("the body is larger than {size}"))
            }
        } else {
            Problem::new(Kind::BadRequest, "the body did not come to its end")
        }
    })?;
    if body.is_empty() {
        return Ok(None);
    }
    if !json {
        let detail = "a body has to be sent with content-type: application/json";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    Ok(Some(body))
}

/// Forms of other sites cannot send this type without asking first.
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
