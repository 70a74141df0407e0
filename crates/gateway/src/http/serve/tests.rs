//! Tests of the limits, timeouts and shutdown of connections.

use super::*;
use crate::vendor_http::Trust;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const BOUNDS: Bounds = Bounds {
    connections: Limits {
        total: 8,
        signed_in: 4,
        per_session: 4,
        per_address: 8,
        per_network: 8,
    },
    write: Duration::from_secs(30),
    requests: 1_000,
    head: Duration::from_millis(300),
    grace: Duration::from_secs(5),
};

struct Server {
    address: SocketAddr,
    router: watch::Sender<Router>,
    stop: watch::Sender<bool>,
    ended: tokio::task::JoinHandle<()>,
}

async fn start(bounds: Bounds, router: Router) -> Server {
    start_with(bounds, router, None).await
}

async fn start_with(
    bounds: Bounds,
    router: Router,
    certificate: Option<Arc<CertificateReloader>>,
) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let (router, routers) = watch::channel(router);
    let ended = tokio::spawn(serve(
        listener,
        routers,
        certificate,
        (bounds, ConnectionLimit::new(bounds.connections)),
        stopped,
    ));
    Server {
        address,
        router,
        stop,
        ended,
    }
}

fn hello() -> Router {
    Router::new().route(
        "/",
        get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
    )
}

/// Reads until the server closes the connection.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

async fn request(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    read_to_end(&mut stream).await
}

#[tokio::test]
async fn a_request_has_its_peers_address() {
    let server = start(BOUNDS, hello()).await;
    let answer = request(server.address).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("127.0.0.1"),
        "{answer}"
    );
}

#[tokio::test]
async fn connections_with_incomplete_requests_are_closed_in_time() {
    let server = start(BOUNDS, hello()).await;
    let mut slow = Vec::new();
    for head in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: localhost\r\nx-a: "] {
        for _ in 0..4 {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            slow.push(stream);
        }
    }
    // One more than the limit, so the oldest of the slow connections is closed.
    let answer = tokio::time::timeout(Duration::from_secs(10), request(server.address)).await;
    assert!(answer.unwrap().starts_with("HTTP/1.1 200"));
    for stream in &mut slow {
        let received = tokio::time::timeout(Duration::from_secs(10), read_to_end(stream)).await;
        let received = received.expect("disconnected");
        assert!(
            received.is_empty() || received.starts_with("HTTP/1.1 408"),
            "{received}"
        );
    }
}

#[tokio::test]
async fn slowly_sent_headers_do_not_extend_the_timeout() {
    let server = start(BOUNDS, hello()).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut reads, mut writes) = stream.into_split();
    let drip = tokio::spawn(async move {
        let _ = writes.write_all(b"GET / HTTP/1.1\r\n").await;
        while writes.write_all(b"x-a: b\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut received = Vec::new();
    let ended =
        tokio::time::timeout(Duration::from_secs(10), reads.read_to_end(&mut received)).await;
    assert!(ended.is_ok(), "the timeout covers the complete head");
    drip.await.unwrap();
}

#[tokio::test]
async fn oversized_and_malformed_heads_are_rejected() {
    let server = start(BOUNDS, hello()).await;
    let long = "x".repeat(MAX_HEAD_SIZE * 2);
    let many: String = (0..500)
        .map(|number| format!("x-{number}: y\r\n"))
        .collect();
    for (request, status) in [
        (format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"), "4"),
        (
            format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n"),
            "431",
        ),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n"), "431"),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), "400"),
        ("\0\0\0\0\r\n\r\n".to_owned(), "400"),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n".to_owned(),
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"
                .to_owned(),
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n".to_owned(),
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n".to_owned(),
            "400",
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n".to_owned(),
            "400",
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\n folded: y\r\n\r\n".to_owned(),
            "400",
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n".to_owned(),
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n".to_owned(),
            "400",
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999\r\n\r\n".to_owned(),
            "400",
        ),
        ("GE\u{1}T / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "400"),
        ("GET  HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "400"),
        ("GET /\u{7f} HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "400"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = read_to_end(&mut stream).await;
        // The response may be lost if the server closes the connection while the client is still sending.
        let refused = answer.is_empty() || answer.starts_with(&format!("HTTP/1.1 {status}"));
        assert!(refused, "{request:.60}: {answer:.80}");
    }
    assert!(request(server.address).await.starts_with("HTTP/1.1 200"));
}

/// If a request states the length of its body twice, a proxy and this server could use different ones, and the rest
/// of the body would count as the next request.
#[tokio::test]
async fn a_request_cannot_be_smuggled_in_the_body_of_another() {
    let paths = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = paths.clone();
    let app = Router::new().fallback(move |request: Request| async move {
        noted.lock().unwrap().push(request.uri().to_string());
        let _ = axum::body::to_bytes(request.into_body(), 1 << 20).await;
    });
    let server = start(BOUNDS, app).await;
    let hidden = "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n";
    for head in [
        "content-length: 5\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 5",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: xchunked",
        "transfer-encoding:\u{b}chunked",
        "content-length: 5, 6",
        "content-length: +5",
    ] {
        let request = format!("POST /open HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n0\r\n\r\n{hidden}");
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(10), read_to_end(&mut stream)).await;
        let answer = answer.expect("an end");
        let seen: Vec<String> = paths.lock().unwrap().drain(..).collect();
        assert!(
            !seen.iter().any(|path| path == "/hidden"),
            "{head}: {seen:?} {answer}"
        );
    }
    for chunk in ["zz\r\n", "ffffffffffffffffff\r\n", "5\r\nab"] {
        let request =
            format!("POST /open HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{chunk}");
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(10), read_to_end(&mut stream)).await;
        answer.expect("an end");
    }
    assert!(!paths.lock().unwrap().iter().any(|path| path != "/open"));
}

#[tokio::test]
async fn a_stop_completes_requests_and_accepts_no_new_ones() {
    let (started, mut starts) = tokio::sync::mpsc::channel(1);
    let go = Arc::new(tokio::sync::Notify::new());
    let slow = {
        let go = go.clone();
        get(move || async move {
            started.send(()).await.unwrap();
            go.notified().await;
            "finished"
        })
    };
    let server = start(BOUNDS, Router::new().route("/", slow)).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let pending = tokio::spawn(request(server.address));
    starts.recv().await.unwrap();
    server.stop.send(true).unwrap();
    assert_eq!(read_to_end(&mut idle).await, "", "idle connections close");
    assert!(TcpStream::connect(server.address).await.is_err());
    go.notify_one();
    assert!(pending.await.unwrap().ends_with("finished"));
    server.ended.await.unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_forever() {
    let never = get(|| async { std::future::pending::<()>().await });
    let bounds = Bounds {
        grace: Duration::from_millis(50),
        ..BOUNDS
    };
    let server = start(bounds, Router::new().route("/", never)).await;
    let pending = tokio::spawn(request(server.address));
    while !pending.is_finished() && server.stop.receiver_count() < 2 {
        tokio::task::yield_now().await;
    }
    server.stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(10), server.ended)
        .await
        .unwrap()
        .unwrap();
    pending.await.unwrap();
}

#[tokio::test]
async fn a_new_router_takes_effect_on_open_connections() {
    let app = |word: &'static str| Router::new().route("/", get(move || async move { word }));
    let server = start(BOUNDS, app("one")).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for word in ["one", "two"] {
        server.router.send(app(word)).unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = [0; 1024];
        let length = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        assert!(answer.ends_with(word), "{answer}");
    }
}

#[tokio::test]
async fn with_a_certificate_only_encrypted_connections_are_served() {
    crate::tls::install();
    let folder = tempfile::tempdir().unwrap();
    let files = crate::tls::CertificateFiles {
        certificate: folder.path().join("chain.pem"),
        key: folder.path().join("key.pem"),
    };
    let renew = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        made.cert.pem().into_bytes()
    };
    let first = renew();
    let certificate = Arc::new(CertificateReloader::new(files.clone()).unwrap());
    let server = start_with(BOUNDS, hello(), Some(certificate.clone())).await;
    let url = format!("https://localhost:{}/", server.address.port());
    let trusting = |pem: &[u8]| {
        let (timeout, outbound) = (Duration::from_secs(5), crate::config::Outbound::default());
        let client = crate::vendor_http::client(timeout, &outbound, Trust::Only(pem));
        client.unwrap()
    };
    let address = server.address;
    let get_status = async |pem: &[u8]| {
        let answer = trusting(pem).get(&url).send().await;
        answer.map(|answer| answer.status().as_u16())
    };
    assert_eq!(get_status(&first).await.unwrap(), 200);
    assert!(
        !request(address).await.starts_with("HTTP/1.1 200"),
        "unencrypted"
    );
    let second = renew();
    assert!(get_status(&second).await.is_err(), "not loaded yet");
    assert_eq!(certificate.reload(), Ok(true));
    assert_eq!(get_status(&second).await.unwrap(), 200);
    assert!(get_status(&first).await.is_err());
    // A client that sends nothing is disconnected.
    let mut silent = TcpStream::connect(address).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(10), read_to_end(&mut silent)).await;
    assert_eq!(closed.unwrap(), "");
}

/// An app with a large response, for clients that do not read it.
fn large() -> Router {
    let body = bytes::<{ 8 << 20 }>();
    let handler = get(move || {
        let body = body.clone();
        async move { body }
    });
    hello().route("/large", handler)
}

fn bytes<const N: usize>() -> axum::body::Bytes {
    axum::body::Bytes::from(vec![b'x'; N])
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_disconnected() {
    let (mut client, stream) = tokio::io::duplex(64 * 1024);
    let (_router, router) = watch::channel(large());
    let (_stop, stop) = watch::channel(false);
    let limit = ConnectionLimit::new(BOUNDS.connections);
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let permit = Arc::new(limit.admit(peer.ip()));
    let started = tokio::time::Instant::now();
    let served = tokio::spawn(connection(
        TokioIo::new(stream),
        (peer, permit),
        router,
        BOUNDS,
        stop,
    ));
    let request = "GET /large HTTP/1.1\r\nhost: a\r\n\r\n".repeat(8);
    client.write_all(request.as_bytes()).await.unwrap();
    served.await.unwrap();
    assert_eq!(started.elapsed().as_secs(), BOUNDS.write.as_secs());
}

#[tokio::test]
async fn connections_that_never_read_do_not_block_others() {
    let server = start(BOUNDS, large()).await;
    let mut held = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let requests = "GET /large HTTP/1.1\r\nhost: a\r\n\r\n".repeat(8);
        stream.write_all(requests.as_bytes()).await.unwrap();
        held.push(stream);
        let answer = tokio::time::timeout(Duration::from_secs(10), request(server.address));
        assert!(answer.await.unwrap().starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_connection_ends_after_its_maximum_number_of_requests() {
    let bounds = Bounds {
        requests: 3,
        ..BOUNDS
    };
    let server = start(bounds, hello()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let requests = "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(5);
    stream.write_all(requests.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 3, "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}
