//! The command against servers over a real socket.

use super::super::*;
use super::{connection, inventory, resource, variables};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::get;
use health::Severity;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const LONG: Duration = Duration::from_secs(20);

async fn output(url: &str, json: bool, token: Option<&str>, timeout: Duration) -> (String, State) {
    let arguments = Arguments {
        url: Some(url.to_owned()),
        json,
        ..Arguments::default()
    };
    status(&arguments, variables(token), timeout).await
}

/// Starts a server that responds to the inventory route with `answer`. Returns its address.
async fn server(
    answer: impl Fn(HeaderMap) -> axum::response::Response + Clone + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let handler = move |headers: HeaderMap| {
        let answer = answer.clone();
        async move { answer(headers) }
    };
    let router = Router::new().route("/api/inventory", get(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn an_unreachable_gateway_is_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (text, state) = output(&url, false, None, LONG).await;
    assert_eq!(state, State::Unknown);
    assert_eq!(
        text,
        format!("UNKNOWN: could not reach {url}: it refused the connection")
    );
    let (text, state) = output(&url, true, None, LONG).await;
    assert_eq!(state, State::Unknown);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["exit_status"], 3);
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_is_unknown_after_the_timeout() {
    // The operating system accepts the connection, but nothing reads from it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let began = Instant::now();
    let (text, state) = output(&url, false, None, Duration::from_millis(200)).await;
    assert_eq!(state, State::Unknown);
    assert_eq!(text, format!("UNKNOWN: {url} did not answer in time"));
    assert!(began.elapsed() < LONG);
}

#[tokio::test]
async fn a_response_without_an_inventory_is_unknown() {
    let part = {
        let mut part = inventory(&[connection("a", Some(-1))], &[], &[]);
        part.whole = false;
        serde_json::to_string(&part).unwrap()
    };
    for (code, body, expected) in [
        (200, "<html>", "returned an unreadable response"),
        (200, "", "returned an unreadable response"),
        (
            200,
            r#"{"revision":"1","now":0,"whole":true}"#,
            "unreadable",
        ),
        (200, part.as_str(), "unreadable"),
        (
            401,
            "{}",
            "requires a token: set FAILOVER_CONSOLE_TOKEN or --token-file",
        ),
        (
            403,
            r#"{"title":"Forbidden","detail":"a wall may not see this"}"#,
            "returned 403 Forbidden: Forbidden: a wall",
        ),
        (404, "x", "returned 404 Not Found"),
        (302, "", "redirects to another address"),
        (
            500,
            r#"{"title":"a\u001b[2J\nOK: b"}"#,
            "returned 500 Internal Server Error: a[2J OK: b",
        ),
    ] {
        let body = body.to_owned();
        let url =
            server(move |_| (StatusCode::from_u16(code).unwrap(), body.clone()).into_response())
                .await;
        let (text, state) = output(&url, false, None, LONG).await;
        assert_eq!(state, State::Unknown, "{code}");
        assert!(
            text.starts_with("UNKNOWN: ") && text.contains(expected),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[tokio::test]
async fn a_token_is_sent_as_a_bearer_token_and_a_wrong_one_is_reported() {
    let complete = inventory(
        &[connection("a", Some(-1))],
        &[resource("a", "news", Severity::Warning)],
        &[],
    );
    let body = serde_json::to_string(&complete).unwrap();
    let url = server(move |headers| {
        let sent = headers.get("authorization").map(|value| value.as_bytes());
        if sent == Some(b"Bearer hunter2") {
            body.clone().into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        }
    })
    .await;
    let (text, state) = output(&url, false, Some("hunter2"), LONG).await;
    assert_eq!(state, State::Warning, "{text}");
    let (text, state) = output(&url, false, Some("hunter3"), LONG).await;
    assert_eq!(state, State::Unknown);
    assert_eq!(text, format!("UNKNOWN: {url} does not accept this token"));
}

/// Starts a TLS server that responds to each request with this body. Returns its address and its certificate.
async fn encrypting(body: String) -> (String, String) {
    crate::tls::install();
    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = generated.signing_key.serialize_der().try_into().unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![generated.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let length = body.len();
    let answer =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust the certificate closes the connection.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = [0; 4096];
            if stream.read(&mut head).await.is_ok() {
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (format!("https://localhost:{port}"), generated.cert.pem())
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_if_it_is_given() {
    let complete = inventory(&[connection("a", Some(-1))], &[], &[]);
    let (url, certificate) = encrypting(serde_json::to_string(&complete).unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.pem");
    let (text, state) = output(&url, false, Some("hunter2"), LONG).await;
    assert_eq!(state, State::Unknown);
    let remedy = "its certificate is self-signed; name that certificate (PEM) with --ca-file";
    assert!(text.contains(remedy), "{text}");
    for (pem, expected) in [
        (certificate.as_str(), State::Ok),
        ("hunter2", State::Unknown),
    ] {
        std::fs::write(&file, pem).unwrap();
        let arguments = Arguments {
            url: Some(url.clone()),
            ca_file: Some(file.clone()),
            ..Arguments::default()
        };
        let (text, state) = status(&arguments, |_| None, LONG).await;
        assert_eq!(state, expected, "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
