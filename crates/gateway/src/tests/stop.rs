//! Stopping a running gateway.

use super::*;
use crate::http::listen::{self, Serving, Stop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn status(address: std::net::SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.split(' ').nth(1).unwrap_or_default().to_owned())
}

/// Serializes the tests, because signals reach every gateway of this process.
static SIGNALS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn send(signal: &str) {
    let me = std::process::id().to_string();
    let sent = std::process::Command::new("kill")
        .args([signal, &me])
        .status();
    assert!(sent.unwrap().success());
}

fn terminate() {
    send("-TERM");
}

#[tokio::test]
async fn reading_a_configuration_slowly_delays_neither_connections_nor_a_stop() {
    let _alone = SIGNALS.lock().await;
    let stop = Stop::new().unwrap();
    let listener = listen::open(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let started = std::sync::Mutex::new(Some(started));
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let reload = move || {
        started.lock().unwrap().take().unwrap().send(()).unwrap();
        let ended = released
            .lock()
            .unwrap()
            .recv_timeout(Duration::from_secs(10));
        Err(format!("it ended: {ended:?}"))
    };
    let serving = Serving {
        gateway: gateway(Vec::new()),
        certificate: None,
        reload: Some(Box::new(reload)),
    };
    let running = tokio::spawn(listen::run(listener, serving, stop));
    assert_eq!(status(address, "/healthz").await.unwrap(), "200");
    send("-HUP");
    has_started.await.unwrap();
    assert_eq!(status(address, "/healthz").await.unwrap(), "200");
    terminate();
    running.await.unwrap();
    release
        .send(())
        .expect("the configuration is still being read");
}

#[tokio::test]
async fn a_stop_ends_readiness_first_and_a_second_signal_stops_at_once() {
    let _alone = SIGNALS.lock().await;
    let mut gateway = Arc::into_inner(gateway(Vec::new())).unwrap();
    gateway.drain = Duration::from_secs(3600);
    let stop = Stop::new().unwrap();
    let listener = listen::open(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = Serving {
        gateway: Arc::new(gateway),
        certificate: None,
        reload: None,
    };
    let running = tokio::spawn(listen::run(listener, serving, stop));
    assert_eq!(status(address, "/readyz").await.unwrap(), "200");
    terminate();
    while status(address, "/readyz").await.unwrap() != "503" {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        status(address, "/healthz").await.unwrap(),
        "200",
        "served meanwhile"
    );
    terminate();
    running.await.unwrap();
    assert!(status(address, "/healthz").await.is_err());
}
