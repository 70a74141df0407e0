//! Reads the body of a request: JSON, within a limited size and time.

use crate::problem::{Kind, Problem};
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use std::time::Duration;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// The body. `None` when it is empty.
///
/// # Errors
/// It is too large, too slow, incomplete, or not JSON.
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

/// Whether the body is declared as JSON. Forms of other sites cannot send this type without a preflight.
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures_util::stream;
    use std::io::{Error, ErrorKind};

    const LIMIT: usize = 64;

    fn request(kind: &str, body: Body) -> Request {
        let request = Request::builder().header("content-type", kind);
        request.body(body).unwrap()
    }

    #[tokio::test]
    async fn a_body_is_json_within_its_limit() {
        const JSON: &str = "application/json";
        for (kind, body, outcome) in [
            (JSON, "{}".to_owned(), Ok(Some(2))),
            (
                "Application/JSON; charset=utf-8",
                "{}".to_owned(),
                Ok(Some(2)),
            ),
            (JSON, String::new(), Ok(None)),
            ("text/plain", String::new(), Ok(None)),
            (JSON, "x".repeat(LIMIT), Ok(Some(LIMIT))),
            (JSON, "x".repeat(LIMIT + 1), Err(413)),
            ("text/plain", "{}".to_owned(), Err(415)),
            (
                "application/x-www-form-urlencoded",
                "a=b".to_owned(),
                Err(415),
            ),
            (
                "multipart/form-data; a=application/json",
                "{}".to_owned(),
                Err(415),
            ),
            ("application/jsonx", "{}".to_owned(), Err(415)),
        ] {
            let got = json(request(kind, Body::from(body.clone())), LIMIT).await;
            let got = got.map(|body| body.map(|body| body.len()));
            assert_eq!(
                got.map_err(|problem| problem.status.as_u16()),
                outcome,
                "{kind} {body}"
            );
        }
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_a_bad_request() {
        let parts = [Ok("{"), Err(Error::from(ErrorKind::UnexpectedEof))];
        let body = Body::from_stream(stream::iter(parts));
        let problem = json(request("application/json", body), LIMIT)
            .await
            .unwrap_err();
        assert_eq!(problem.status, StatusCode::BAD_REQUEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_arrives_too_slowly_is_given_up() {
        let drip = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, Error>(" "), ()))
        });
        for body in [
            Body::from_stream(drip),
            Body::from_stream(stream::pending::<Result<&str, Error>>()),
        ] {
            let begun = tokio::time::Instant::now();
            let problem = json(request("application/json", body), LIMIT)
                .await
                .unwrap_err();
            assert_eq!(problem.status, StatusCode::REQUEST_TIMEOUT);
            assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
        }
    }
}
