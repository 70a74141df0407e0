//! The exit statuses of `failover-console status`, as a monitoring system sees them.
#![expect(clippy::unwrap_used, reason = "a failure in a helper fails the test")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};

fn status(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_failover-console"))
        .arg("status")
        .args(arguments)
        .env_remove("FAILOVER_CONSOLE_URL")
        .env_remove("FAILOVER_CONSOLE_TOKEN")
        .output()
        .unwrap()
}

/// Answers one request with this body.
fn server(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let length = body.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        stream.write_all((head + &body).as_bytes()).unwrap();
    });
    url
}

/// An inventory with one slicer group of this severity, read just now.
fn inventory(severity: &str) -> String {
    serde_json::json!({
        "revision": "1",
        "now": 1_000_000_000_000_i64,
        "whole": true,
        "connections": [{
            "id": "live", "title": "Live", "system": "uplynk", "interval_ms": 5000,
            "observed_at": 999_999_998_000_i64,
        }],
        "resources": [{
            "kind": "slicer_group", "connection": "live", "id": "9", "name": "news",
            "verdict": { "severity": severity, "rank": 2, "word": "Word", "sentence": "Sentence." },
        }],
        "alarms": [],
    })
    .to_string()
}

#[test]
fn exit_statuses_follow_the_convention_of_monitoring_plugins() {
    for (severity, code, line) in [
        (
            "normal",
            0,
            "OK: 0 critical, 0 warning, 0 unknown of 1 resource and 1 connection; Live live 2 s ago | ",
        ),
        ("warning", 1, "WARNING: 0 critical, 1 warning, "),
        ("critical", 2, "CRITICAL: 1 critical, "),
        ("unknown", 3, "UNKNOWN: 0 critical, 0 warning, 1 unknown "),
    ] {
        let output = status(&["--url", &server(inventory(severity))]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.starts_with(line), "{text}");
        let output = status(&["--json", "--url", &server(inventory(severity))]);
        assert_eq!(output.status.code(), Some(code));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["exit_status"], code);
    }
}

#[test]
fn every_failure_of_the_command_has_the_status_unknown() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let live = server(inventory("critical"));
    for (arguments, expected) in [
        (&["--url", closed.as_str()][..], "it refused the connection"),
        (
            &["--url", &live, "--connection", "em"],
            "no connection has the id em; there are: live",
        ),
        (
            &["--url", "console.example"],
            "not an http or https address",
        ),
        (&["--token-file", "/nowhere/token"], "cannot be read"),
        (
            &["--url", "https://127.0.0.1:1", "--ca-file", "/nowhere/ca"],
            "cannot be read",
        ),
        (&["--token", "hunter2"], "unexpected argument"),
        (&["--connection"], "a value is required"),
    ] {
        let output = status(arguments);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
}
