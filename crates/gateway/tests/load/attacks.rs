//! Limits against attacks on the running program. Each test uses its own client addresses.

use super::TIME_LIMIT;
use super::program::Program;
use super::vendor::Vendor;
use super::viewer::Viewer;
use futures_util::future::select_all;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// A connection from this loopback address.
pub(crate) async fn from(address: Ipv4Addr, program: &Program) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind(SocketAddr::from((address, 0)))
        .expect("a loopback address");
    let to = program.address.parse().expect("an address");
    socket.connect(to).await.expect("it listens")
}

/// A request to sign in with a wrong password.
pub(crate) fn sign_in(program: &Program, number: u8) -> String {
    let (address, body) = (
        &program.address,
        format!(r#"{{"user":"nobody{number}","password":"x"}}"#),
    );
    format!(
        "POST /api/session HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn is_healthy(program: &Program) {
    let mut viewer = Viewer::new(&program.address, "none=1");
    let answer = timeout(TIME_LIMIT, viewer.get("/healthz")).await;
    assert_eq!(answer.expect("in time").expect("an answer").status, 200);
}

#[tokio::test]
async fn aborted_sign_ins_do_not_exceed_the_limit_of_password_hashing() {
    let vendor = Vendor::start().await;
    let program = Program::start(&vendor, 1, "127.0.0.1:0").await;
    program.sign_in("vic").await;
    let before = program.peak();
    let mut streams = Vec::new();
    for number in 1..=150 {
        streams.push((
            number,
            from(Ipv4Addr::new(127, 0, 1, number), &program).await,
        ));
    }
    for (number, stream) in &mut streams {
        let request = sign_in(&program, *number);
        stream.write_all(request.as_bytes()).await.expect("sent");
    }
    // After one response, all connections are closed; some passwords are being hashed then, and others are queued. The
    // order of responses is arbitrary, so it waits for any of the first five, not for certain ones.
    let first = streams.iter_mut().take(5).map(|(_, stream)| {
        Box::pin(async move { stream.read_to_string(&mut String::new()).await })
    });
    let (read, ..) = timeout(TIME_LIMIT, select_all(first))
        .await
        .expect("in time");
    read.expect("answered");
    drop(streams);
    program.sign_in("vic").await;
    is_healthy(&program).await;
    let mut admin = Viewer::new(&program.address, &program.sign_in("ann").await);
    let metrics = admin.get("/metrics").await.expect("metrics").body;
    let metrics = String::from_utf8(metrics).expect("text");
    let aborted = r#"sign_ins_total{outcome="aborted"} "#;
    let aborted = metrics
        .split(aborted)
        .nth(1)
        .and_then(|rest| rest.lines().next());
    assert!(aborted.is_some_and(|count| count != "0"), "{metrics}");
    // Each hash needs 7 MiB.
    let growth = program.peak() - before;
    println!("{aborted:?} aborted, {growth} KiB more");
    assert!(growth < 60 * 1024, "{growth} KiB");
}

#[tokio::test]
async fn wrong_passwords_do_not_increase_the_memory() {
    let vendor = Vendor::start().await;
    let program = Program::start(&vendor, 1, "127.0.0.1:0").await;
    let attempt = async |number: u8| {
        let mut stream = from(Ipv4Addr::new(127, 0, 2, number), &program).await;
        let request = sign_in(&program, number);
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    };
    for number in 1..=40 {
        attempt(number).await;
    }
    let before = program.memory();
    for number in 41..=240 {
        attempt(number).await;
    }
    let after = program.memory();
    println!("{before} KiB before, {after} KiB after 200 more");
    assert!(
        after * 10 <= before * 11,
        "{before} KiB grew to {after} KiB"
    );
}

#[tokio::test]
async fn connections_that_never_read_do_not_lock_out_other_clients() {
    let vendor = Vendor::start().await;
    let program = Program::start(&vendor, 1, "127.0.0.1:0").await;
    let cookie = program.sign_in("vic").await;
    let mut viewer = Viewer::new(&program.address, &cookie);
    viewer.get("/api/session").await.expect("signed in");
    let address = &program.address;
    let requests = format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n").repeat(8);
    let mut open = Vec::new();
    // More connections than an address may have.
    for _ in 0..1_200 {
        let mut stream = from(Ipv4Addr::new(127, 0, 3, 1), &program).await;
        // Writing may fail, because the oldest connections are closed.
        let _ = stream.write_all(requests.as_bytes()).await;
        open.push(stream);
    }
    is_healthy(&program).await;
    let answer = timeout(TIME_LIMIT, viewer.get("/api/session")).await;
    assert_eq!(
        answer
            .expect("in time")
            .expect("the same connection")
            .status,
        200
    );
    program.sign_in("ann").await;
    println!(
        "{} KiB with {} open connections",
        program.memory(),
        open.len()
    );
}

#[tokio::test]
async fn unread_large_responses_are_limited_and_not_requested_again() {
    let vendor = Vendor::start().await;
    let program = Program::start(&vendor, 0, "127.0.0.1:0").await;
    let before = program.peak();
    let mut open = Vec::new();
    for user in ["vic", "ann"] {
        let cookie = program.sign_in(user).await;
        for number in 0..15 {
            let mut stream = from(Ipv4Addr::new(127, 0, 4, 1), &program).await;
            let request = format!(
                "GET /relay/plant-a/api/v1/clientfailover/groups?skip=77{number}&count=9 HTTP/1.1\r\nhost: {}\r\n\
                 cookie: {cookie}\r\n\r\n",
                program.address
            );
            stream.write_all(request.as_bytes()).await.expect("sent");
            let mut head = [0; 12];
            let read = timeout(TIME_LIMIT, stream.read_exact(&mut head)).await;
            read.expect("in time").expect("answered");
            open.push((stream, String::from_utf8_lossy(&head[9..]).into_owned()));
        }
    }
    let refused = open.iter().filter(|(_, status)| status == "503").count();
    println!("{} KiB more", program.peak() - before);
    assert_eq!((refused, vendor.large_calls()), (28, 2));
    assert!(program.peak() - before < 500 * 1024);
    is_healthy(&program).await;
}
