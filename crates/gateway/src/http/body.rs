//! Reads the JSON body of a request, with limits on size and time.

use super::strict_json;
use crate::problem::{Kind, Problem};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The maximum time for a body to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// The maximum number of bytes to read beyond the limit before the connection is closed.
const MAX_EXCESS: usize = 16 << 20;

/// Reads the body. `None` if it is empty.
///
/// # Errors
/// The body is too large, too slow, incomplete, or not unambiguous JSON.
pub(crate) async fn json(request: Request, limit: usize) -> Result<Option<Bytes>, Problem> {
    let json = is_json(request.headers());
    let body = if awaits_continue(request.headers(), limit) {
        None
    } else {
        let reading = read(request.into_body(), limit);
        tokio::time::timeout(PATIENCE, reading)
            .await
            .map_err(|_| Problem {
                status: StatusCode::REQUEST_TIMEOUT,
                ..Problem::new(
                    Kind::BadRequest,
                    format!("the body did not arrive within {} s", PATIENCE.as_secs()),
                )
            })?
            .map_err(|_| {
                Problem::new(
                    Kind::BadRequest,
                    "the connection ended before the whole body had arrived",
                )
            })?
    };
    let body = body.ok_or_else(|| {
        let size = if limit >= 1 << 20 {
            format!("{} MiB", limit >> 20)
        } else {
            format!("{} KiB", limit >> 10)
        };
        Problem {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            ..Problem::new(
                Kind::TooLarge,
                format!("the body is larger than {size}, the limit of this route"),
            )
        }
    })?;
    if body.is_empty() {
        return Ok(None);
    }
    if !json {
        let detail = "a body has to be sent with content-type: application/json";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    strict_json::check(&body).map_err(|wrong| {
        Problem::new(
            Kind::BadRequest,
            format!("the body has to be JSON in UTF-8 that repeats no key: {wrong}"),
        )
    })?;
    Ok(Some(body))
}

/// Reads a body as the JSON object of a route. `fields` describes its fields in the error.
///
/// # Errors
/// The body is not such an object.
pub(super) fn object<T: DeserializeOwned>(body: Option<Bytes>, fields: &str) -> Result<T, Problem> {
    // serde's own message is not used, because it would repeat parts of the body.
    serde_json::from_slice(&body.unwrap_or_default()).map_err(|_| {
        let detail = format!("the body has to be a JSON object with {fields}");
        Problem::new(Kind::BadRequest, detail)
    })
}

/// Reads the body. `None` if it exceeds the limit. Up to [`MAX_EXCESS`] more is then read and discarded, because a
/// client that is still sending does not see the response, and a proxy returns 502 if the connection ends early.
async fn read(mut body: Body, limit: usize) -> Result<Option<Bytes>, axum::Error> {
    let (mut read, mut size) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        size = size.saturating_add(data.len());
        if size <= limit {
            read.extend_from_slice(&data);
        } else if size - limit > MAX_EXCESS {
            break;
        }
    }
    Ok((size <= limit).then(|| Bytes::from(read)))
}

/// Reads and discards the body of a rejected request, so that its client sees the response.
pub(crate) async fn discard(request: Request) {
    if !awaits_continue(request.headers(), 0) {
        // The body is not used, so a timeout does not matter.
        let _ = tokio::time::timeout(PATIENCE, read(request.into_body(), 0)).await;
    }
}

/// Whether the client waits for `100 Continue` before it sends a body that exceeds the limit.
fn awaits_continue(headers: &HeaderMap, limit: usize) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    text(header::EXPECT).is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue"))
        && text(header::CONTENT_LENGTH)
            .and_then(|length| length.parse::<usize>().ok())
            .is_some_and(|length| length > limit)
}

/// Whether the body is declared as JSON, with no charset other than UTF-8. Forms of other sites cannot send this
/// type without a preflight.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let mut parts = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .split(';');
    let kind = parts.next().unwrap_or_default();
    let is_utf8 = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    kind.trim().eq_ignore_ascii_case("application/json") && parts.all(is_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt as _, stream};
    use std::io::{Error, ErrorKind};

    const LIMIT: usize = 64;

    fn request(kind: &str, body: Body) -> Request {
        let request = Request::builder().header("content-type", kind);
        request.body(body).unwrap()
    }

    #[tokio::test]
    async fn only_json_within_the_limit_is_accepted() {
        const JSON: &str = "application/json";
        for (kind, body, outcome) in [
            (JSON, "{}".to_owned(), Ok(Some(2))),
            (
                "Application/JSON; charset=\"UTF-8\"",
                "{}".to_owned(),
                Ok(Some(2)),
            ),
            (JSON, String::new(), Ok(None)),
            ("text/plain", String::new(), Ok(None)),
            (JSON, format!("{:LIMIT$}", 1), Ok(Some(LIMIT))),
            (JSON, format!("{:1$}", 1, LIMIT + 1), Err(413)),
            (JSON, r#"{"a":1,"a":2}"#.to_owned(), Err(400)),
            (JSON, "\u{feff}{}".to_owned(), Err(400)),
            (
                "application/json; charset=utf-16",
                "{}".to_owned(),
                Err(415),
            ),
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
    async fn a_body_over_the_limit_is_read_up_to_a_maximum() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};
        const PART: usize = 1 << 20;
        for (parts, expected) in [(2, 2), (16, 16), (40, 17)] {
            let read = Arc::new(AtomicUsize::new(0));
            let counted = read.clone();
            let parts = stream::iter(0..parts).map(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Error>(vec![b' '; PART])
            });
            let problem = json(request("text/plain", Body::from_stream(parts)), LIMIT)
                .await
                .unwrap_err();
            assert_eq!(problem.status, StatusCode::PAYLOAD_TOO_LARGE);
            assert_eq!(read.load(Ordering::Relaxed), expected);
        }
        // A client that expects `100 Continue` gets the response at once.
        let mut waiting = request(
            "application/json",
            Body::from_stream(stream::pending::<Result<&str, Error>>()),
        );
        let headers = waiting.headers_mut();
        headers.insert("expect", "100-continue".parse().unwrap());
        headers.insert("content-length", "65".parse().unwrap());
        let problem = json(waiting, LIMIT).await.unwrap_err();
        assert_eq!(problem.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn an_incomplete_body_is_a_bad_request() {
        let parts = [Ok("{"), Err(Error::from(ErrorKind::UnexpectedEof))];
        let body = Body::from_stream(stream::iter(parts));
        let problem = json(request("application/json", body), LIMIT)
            .await
            .unwrap_err();
        assert_eq!(problem.status, StatusCode::BAD_REQUEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_arrives_too_slowly_times_out() {
        let drip = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, Error>(" "), ()))
        });
        for body in [
            Body::from_stream(drip),
            Body::from_stream(stream::pending::<Result<&str, Error>>()),
        ] {
            let started = tokio::time::Instant::now();
            let problem = json(request("application/json", body), LIMIT)
                .await
                .unwrap_err();
            assert_eq!(problem.status, StatusCode::REQUEST_TIMEOUT);
            assert_eq!(started.elapsed().as_secs(), PATIENCE.as_secs());
        }
    }
}
