//! How a running gateway stops.

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

fn terminate() {
    let me = std::process::id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &me])
        .status();
    assert!(sent.unwrap().success());
}

#[tokio::test]
async fn a_stop_is_seen_before_connections_are_refused_and_a_second_one_is_at_once() {
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
