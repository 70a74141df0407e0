//! Requests over a socket: which ones are malformed, and probes under any host name.

use super::*;
use crate::http::connection_limit::ConnectionLimit;
use crate::http::serve::{Bounds, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Serves a gateway on a socket. Dropping the sender stops it.
async fn served() -> (std::net::SocketAddr, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let (_, routers) = watch::channel(app(gateway(Vec::new())));
    let bounds = Bounds::default();
    let places = ConnectionLimit::new(bounds.connections);
    tokio::spawn(serve(listener, routers, None, (bounds, places), stopped));
    (address, stop)
}

/// The status and body of the response to these lines.
async fn sent(address: std::net::SocketAddr, lines: &[&[u8]]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = [lines, &[b"connection: close", b"", b""]]
        .concat()
        .join(&b"\r\n"[..]);
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    (status.parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn a_request_needs_exactly_one_valid_host_and_at_most_one_origin() {
    let (address, _stop) = served().await;
    let (get, host): (&[u8], &[u8]) = (b"GET /api/session HTTP/1.1", b"host: localhost");
    let origin: &[u8] = b"origin: http://localhost";
    for (lines, expected) in [
        (vec![get, host], 200),
        (vec![get, host, origin], 200),
        (vec![get], 400),
        (vec![get, host, host], 400),
        (vec![get, host, b"HOST: evil.example"], 400),
        (vec![get, b"host: localh\xc3\xb6st"], 400),
        (vec![get, b"host: localhost\xff"], 400),
        (vec![get, host, origin, origin], 400),
        (vec![get, host, origin, b"Origin: http://evil.example"], 400),
        (vec![b"GET /healthz HTTP/1.1"], 400),
        (vec![b"GET /healthz HTTP/1.1", host, host], 400),
    ] {
        let (status, body) = sent(address, &lines).await;
        let shown: Vec<_> = lines
            .iter()
            .map(|line| String::from_utf8_lossy(line))
            .collect();
        assert_eq!(status, expected, "{shown:?}: {body}");
        assert_eq!(
            body.contains("/problems/bad-request"),
            expected == 400,
            "{body}"
        );
    }
}

#[tokio::test]
async fn probes_are_answered_under_every_host_name() {
    let (address, _stop) = served().await;
    for path in ["/healthz", "/readyz"] {
        for method in ["GET", "HEAD"] {
            for (version, host) in [
                ("1.1", Some("10.1.2.3:8080")),
                ("1.1", Some("console.internal")),
                ("1.1", Some("CONSOLE.internal.:80")),
                ("1.0", Some("10.1.2.3")),
                ("1.0", None),
            ] {
                let line = format!("{method} {path} HTTP/{version}");
                let host = host.map(|host| format!("host: {host}"));
                let lines: Vec<&[u8]> = [
                    Some(line.as_bytes()),
                    host.as_ref().map(|host| host.as_bytes()),
                ]
                .into_iter()
                .flatten()
                .collect();
                let body = if method == "GET" { "ok\n" } else { "" };
                assert_eq!(
                    sent(address, &lines).await,
                    (200, body.to_owned()),
                    "{line} {host:?}"
                );
            }
        }
    }
    let foreign: [&[u8]; 2] = [b"GET /api/session HTTP/1.1", b"host: console.internal"];
    assert_eq!(sent(address, &foreign).await.0, 403, "other routes");
}
