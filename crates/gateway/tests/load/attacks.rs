//! Attacks of one computer on the running program, each bounded, from addresses of its own.

use super::HANGS;
use super::program::Program;
use super::vendor::Vendor;
use super::viewer::Viewer;
use futures_util::future::select_all;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// A connection from this address of the loopback.
pub(crate) async fn from(address: Ipv4Addr, program: &Program) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind(SocketAddr::from((address, 0)))
        .expect("an address of this computer");
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
    let answer = timeout(HANGS, viewer.get("/healthz")).await;
    assert_eq!(answer.expect("in time").expect("an answer").status, 200);
}

#[tokio::test]
async fn sign_ins_that_are_broken_off_do_not_hash_outside_of_the_limit() {
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
    // Once one of the first is answered all connections are closed: some while their passwords are hashed, and some while
    // they wait for that. Any one of them may be answered last, so that waiting for certain ones could be waiting for all.
    let first = streams.iter_mut().take(5).map(|(_, stream)| {
        Box::pin(async move { stream.read_to_string(&mut String::new()).await })
    });
    let (read, ..) = timeout(HANGS, select_all(first)).await.expect("in time");
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
    assert!(aborted.is_some(), "{metrics}");
    // Each hash needs 7 MiB.
    let grown = program.peak() - before;
    println!("{aborted:?} aborted, {grown} KiB more");
    assert!(grown < 60 * 1024, "{grown} KiB");
}

#[tokio::test]
async fn wrong_passwords_leave_the_memory_as_it_was() {
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
async fn connections_that_ask_for_the_console_and_never_read_keep_nobody_out() {
    let vendor = Vendor::start().await;
    let program = Program::start(&vendor, 1, "127.0.0.1:0").await;
    let cookie = program.sign_in("vic").await;
    let mut person = Viewer::new(&program.address, &cookie);
    person.get("/api/session").await.expect("signed in");
    let address = &program.address;
    let requests = format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n").repeat(8);
    let mut held = Vec::new();
    // More than an address may have.
    for _ in 0..1_200 {
        let mut stream = from(Ipv4Addr::new(127, 0, 3, 1), &program).await;
        // The oldest are closed while they are written to.
        let _ = stream.write_all(requests.as_bytes()).await;
        held.push(stream);
    }
    is_healthy(&program).await;
    let answer = timeout(HANGS, person.get("/api/session")).await;
    assert_eq!(
        answer
            .expect("in time")
            .expect("the same connection")
            .status,
        200
    );
    program.sign_in("ann").await;
    println!("{} KiB with {} held", program.memory(), held.len());
}

#[tokio::test]
async fn large_answers_that_nobody_reads_are_bounded_and_not_asked_for_again() {
    let vendor = Vendor::start().await;
    let program = Program::start(&vendor, 0, "127.0.0.1:0").await;
    let before = program.peak();
    let mut held = Vec::new();
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
            let read = timeout(HANGS, stream.read_exact(&mut head)).await;
            read.expect("in time").expect("answered");
            held.push((stream, String::from_utf8_lossy(&head[9..]).into_owned()));
        }
    }
    let refused = held.iter().filter(|(_, status)| status == "503").count();
    println!("{} KiB more", program.peak() - before);
    assert_eq!((refused, vendor.large_calls()), (28, 2));
    assert!(program.peak() - before < 500 * 1024);
    is_healthy(&program).await;
}
