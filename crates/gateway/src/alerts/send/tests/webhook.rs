//! Sends to webhooks of a test server.

use super::*;
use crate::alerts::send::webhook::WebhookSender;
use crate::config::{Shape, Webhook};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use ring::hmac;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A webhook that records the requests and returns fixed responses.
struct Receiver {
    url: String,
    received: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

impl Receiver {
    async fn new<A, R>(answer: A) -> Self
    where
        A: Fn() -> R + Clone + Send + Sync + 'static,
        R: IntoResponse + 'static,
    {
        let received: Arc<Mutex<Vec<(HeaderMap, Bytes)>>> = Arc::default();
        let handler =
            move |State(received): State<Arc<Mutex<Vec<_>>>>, headers: HeaderMap, body: Bytes| {
                let answer = answer.clone();
                async move {
                    received.lock().unwrap().push((headers, body));
                    answer().into_response()
                }
            };
        let app = Router::new()
            .route("/{*path}", any(handler))
            .with_state(received.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "http://{}/T0/hunter2?key=swordfish-17",
            listener.local_addr().unwrap()
        );
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, received }
    }

    fn received(&self) -> Vec<(HeaderMap, Bytes)> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }
}

fn sender(url: &str, shape: Shape, secret: Option<&str>, timeout: Duration) -> WebhookSender {
    let webhook = Webhook {
        url: url.into(),
        secret: secret.map(Into::into),
        shape,
        ca: None,
    };
    WebhookSender::new(&webhook, &config::Outbound::default(), timeout).unwrap()
}

async fn send(url: &str) -> Result<(), Failure> {
    sender(url, Shape::Own, Some("a long secret"), WEBHOOK_TIMEOUT)
        .send(&alert())
        .await
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_receiver_that_knows_the_secret_can_check_the_signature() {
    let receiver = Receiver::new(|| "ok").await;
    send(&receiver.url).await.unwrap();
    let (headers, body) = receiver.received().remove(0);
    let timestamp = header(&headers, "x-failover-console-timestamp");
    let sent: i64 = timestamp.parse().unwrap();
    assert!((Utc::now().timestamp() - sent).abs() < 60, "{timestamp}");
    let signed = [timestamp.as_bytes(), b".", &body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"a long secret");
    let hex = header(&headers, "x-failover-console-signature")
        .strip_prefix("sha256=")
        .unwrap();
    let code: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect();
    hmac::verify(&key, &signed, &code).unwrap();
    assert!(hmac::verify(&key, &body, &code).is_err());

    assert_eq!(header(&headers, "content-type"), "application/json");
    assert_eq!(header(&headers, "x-failover-console-id"), "5f0c");
    assert_eq!(
        header(&headers, "user-agent"),
        concat!("failover-console/", env!("CARGO_PKG_VERSION"))
    );
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["alarm"]["name"], "CRUDE-01");
}

#[tokio::test]
async fn each_shape_posts_its_json_and_only_the_own_format_is_signed() {
    for (shape, secret, key, is_signed) in [
        (Shape::Own, Some("a long secret"), "version", true),
        (Shape::Own, None, "version", false),
        (Shape::Slack, Some("a long secret"), "text", false),
        (Shape::Teams, Some("a long secret"), "type", false),
    ] {
        let receiver = Receiver::new(|| axum::http::StatusCode::ACCEPTED).await;
        let sender = sender(&receiver.url, shape, secret, WEBHOOK_TIMEOUT);
        sender.send(&alert()).await.unwrap();
        let (headers, body) = receiver.received().remove(0);
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(json.get(key).is_some(), "{shape:?}: {json}");
        for name in [
            "x-failover-console-signature",
            "x-failover-console-timestamp",
        ] {
            assert_eq!(headers.contains_key(name), is_signed, "{shape:?}: {name}");
        }
    }
}

fn answer(status: u16, header: Option<(&'static str, &str)>, body: &'static str) -> Response {
    let mut answer = Response::builder().status(status);
    if let Some((name, value)) = header {
        answer = answer.header(name, value);
    }
    answer.body(body.into()).unwrap()
}

#[tokio::test]
async fn the_response_determines_whether_to_retry() {
    let minute = Some(Duration::from_secs(60));
    let quarter = Some(Duration::from_secs(15 * 60));
    let (wait, months) = (("retry-after", "60"), ("retry-after", "9000000"));
    let html = ("content-type", "text/HTML; charset=utf-8");
    for (status, header, body, line, is_final, retry_after) in [
        (500, None, "", "500 Internal Server Error", false, None),
        (
            503,
            Some(months),
            "later\n",
            "503 Service Unavailable: later",
            false,
            quarter,
        ),
        (
            429,
            Some(wait),
            "slow",
            "429 Too Many Requests: slow",
            false,
            minute,
        ),
        (
            400,
            None,
            "invalid_payload",
            "400 Bad Request: invalid_payload",
            true,
            None,
        ),
        (401, None, "", "401 Unauthorized", true, None),
        (403, None, "no", "403 Forbidden: no", true, None),
        (404, Some(html), "<h1>no</h1>", "404 Not Found", true, None),
        (410, None, "", "410 Gone", true, None),
        (405, None, "", "405 Method Not Allowed", true, None),
        (413, None, "", "413 Payload Too Large", true, None),
        (422, None, "", "422 Unprocessable Entity", true, None),
        (408, None, "", "408 Request Timeout", false, None),
        (425, None, "", "425 Too Early", false, None),
        (
            404,
            None,
            "no /T0/hunter2 here, nor key=swordfish-17",
            "404 Not Found: no … here, nor …",
            true,
            None,
        ),
        (
            404,
            None,
            "no swordfish-17",
            "404 Not Found: no …",
            true,
            None,
        ),
    ] {
        let receiver = Receiver::new(move || answer(status, header, body)).await;
        let failure = send(&receiver.url).await.unwrap_err();
        let expected = format!("the receiver returned {line}");
        let failed = (failure.line, failure.is_final, failure.retry_after);
        assert_eq!(failed, (expected, is_final, retry_after));
        assert_eq!(receiver.received().len(), 1, "{line}");
    }
}

#[tokio::test]
async fn a_response_may_concern_this_message_only_unless_it_requests_a_wait() {
    let wait = Some(("retry-after", "60"));
    for (status, header, blocks_connection_only) in [
        (500, None, true),
        (502, None, true),
        (408, None, true),
        (500, wait, false),
        (503, None, false),
        (429, None, false),
    ] {
        let receiver = Receiver::new(move || answer(status, header, "")).await;
        let failure = send(&receiver.url).await.unwrap_err();
        assert_eq!(
            failure.blocks_connection_only, blocks_connection_only,
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Receiver::new(|| "ok").await;
    let url = Box::leak(other.url.clone().into_boxed_str()) as &str;
    for status in [301, 302, 303, 307, 308] {
        let location = Some(("location", url));
        let receiver = Receiver::new(move || answer(status, location, "")).await;
        let failure = send(&receiver.url).await.unwrap_err();
        assert!(failure.is_final, "{failure:?}");
        let start = format!("the receiver returned {status} and sent the gateway to another");
        assert!(failure.line.starts_with(&start), "{failure:?}");
        assert!(!failure.line.contains("hunter2"), "{failure:?}");
    }
    assert_eq!(other.received().len(), 0);
}

#[tokio::test]
async fn only_the_beginning_of_a_large_response_is_read() {
    for (status, is_delivered) in [(200, true), (500, false)] {
        let large = || "x".repeat(5 * 1024 * 1024);
        let code = axum::http::StatusCode::from_u16(status).unwrap();
        let receiver = Receiver::new(move || (code, large())).await;
        let outcome = send(&receiver.url).await;
        assert_eq!(outcome.is_ok(), is_delivered, "{outcome:?}");
        if let Err(failure) = outcome {
            assert!(failure.line.chars().count() < 300, "{}", failure.line);
            assert!(failure.line.ends_with('…'), "{}", failure.line);
        }
    }
}

#[tokio::test]
async fn a_certificate_is_trusted_if_the_target_names_it() {
    let (acceptor, certificate) = encryption("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = Vec::new();
            while !request.ends_with(b"}") && stream.read_buf(&mut request).await.unwrap() > 0 {}
            let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    let other = encryption("localhost").1;
    for (host, ca, expected) in [
        ("localhost", Some(certificate.clone()), None),
        ("localhost", None, Some("its certificate is self-signed")),
        ("localhost", Some(other), Some("its certificate is")),
        (
            "127.0.0.1",
            Some(certificate),
            Some("its certificate is not for the host of its url but for"),
        ),
    ] {
        let webhook = Webhook {
            url: format!("https://{host}:{port}/T0/hunter2").into(),
            secret: None,
            shape: Shape::Own,
            ca,
        };
        let outbound = config::Outbound {
            proxy: None,
            roots: config::Roots::Bundled,
        };
        let sender = WebhookSender::new(&webhook, &outbound, WEBHOOK_TIMEOUT).unwrap();
        let line = sender
            .send(&alert())
            .await
            .err()
            .map(|failure| failure.line);
        let start = expected.map(|why| format!("could not reach the receiver: {why}"));
        match (&line, &start) {
            (Some(line), Some(start)) => assert!(line.starts_with(start), "{line}"),
            _ => assert_eq!(line, start),
        }
    }
}

/// A server that reads one request per connection, and then holds or closes the connection.
async fn silent(holds: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/T0/hunter2", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            // Reads the complete request, because closing earlier would reset the connection.
            let mut request = Vec::new();
            while !request.ends_with(b"}") && stream.read_buf(&mut request).await.unwrap() > 0 {}
            if holds {
                held.push(stream);
            }
        }
    });
    url
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_a_temporary_failure() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/T0/hunter2", listener.local_addr().unwrap())
    };
    for (url, line) in [
        (silent(true).await, "the receiver did not answer in time"),
        (
            silent(false).await,
            "the connection to the receiver broke off before its answer was complete",
        ),
        (
            closed,
            "could not reach the receiver: it refused the connection",
        ),
        (
            "http://nobody.invalid/T0/hunter2".to_owned(),
            "could not reach the receiver: its name is not known (DNS)",
        ),
    ] {
        let timeout = Duration::from_millis(500);
        let sender = sender(&url, Shape::Own, None, timeout);
        let failure = sender.send(&alert()).await;
        assert_eq!(failure, Err(Failure::temporary(line.to_owned())));
    }
}
