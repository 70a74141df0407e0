//! `failover-console check --connect`: its output for each system, and its exit status.
#![expect(clippy::unwrap_used, reason = "a failure in a helper fails the test")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

/// A vendor system.
enum Vendor {
    /// Answers every request with this status and body.
    Answers(&'static str, &'static str),
    /// Like Uplynk, refuses the first request with 400, as one signed for a second that is used already.
    RefusesFirst(&'static str),
    /// Accepts connections and sends nothing.
    Silent,
    /// Does not listen.
    Closed,
}

impl Vendor {
    /// Starts it and returns its address, and its listener, which stops when it is dropped.
    fn start(&self) -> (String, Option<TcpListener>) {
        // A fixed port, because a port that was just free may be in use again.
        const UNUSED: &str = "http://127.0.0.1:9";
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        match *self {
            Self::Answers(status, body) => {
                let accepts = listener.try_clone().unwrap();
                thread::spawn(move || {
                    for stream in accepts.incoming() {
                        answer(&stream.unwrap(), status, body);
                    }
                });
                (url, Some(listener))
            }
            Self::RefusesFirst(body) => {
                let accepts = listener.try_clone().unwrap();
                thread::spawn(move || {
                    for (number, stream) in accepts.incoming().enumerate() {
                        let status = if number == 0 {
                            "400 Bad Request"
                        } else {
                            "200 OK"
                        };
                        answer(&stream.unwrap(), status, body);
                    }
                });
                (url, Some(listener))
            }
            Self::Silent => (url, Some(listener)),
            Self::Closed => (UNUSED.to_owned(), None),
        }
    }
}

/// Sends a response. Errors are ignored, because the client may have disconnected.
fn answer(mut stream: &TcpStream, status: &str, body: &str) {
    let lines = BufReader::new(stream).lines();
    for line in lines.map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
    }
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all((head + body).as_bytes());
}

/// Checks a configuration with this store and these systems by id. Returns the exit status, the standard output and the
/// errors.
fn check(store: &str, vendors: &[(&str, Vendor)], connect: bool) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "hunter2").unwrap();
    let mut text = format!("[store]\npath = \"{store}\"\n");
    let mut listeners = Vec::new();
    for (id, vendor) in vendors {
        let (url, listener) = vendor.start();
        listeners.push(listener);
        let (system, credentials) = match vendor {
            Vendor::RefusesFirst(_) => (
                "uplynk",
                r#"kind = "integration-key", owner = "o", api_key_file"#,
            ),
            _ => (
                "aveva",
                r#"kind = "basic", username = "ops", password_file"#,
            ),
        };
        text += &format!(
            "[[connection]]\nid = \"{id}\"\ntitle = \"{id}\"\nsystem = \"{system}\"\nbase_url = \"{url}\"\n\
             timeout_seconds = 1\ncredentials = {{ {credentials} = \"password\" }}\n"
        );
    }
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_failover-console"));
    command.args(["check", "--config"]).arg(&file);
    if connect {
        command.arg("--connect");
    }
    let output = command.output().unwrap();
    let output_text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), output_text, errors)
}

#[test]
fn check_reports_each_system_and_fails_if_one_does_not_answer() {
    let (status, output_text, errors) = check(
        "memory",
        &[
            ("answers", Vendor::Answers("200 OK", "[]")),
            ("refuses", Vendor::Answers("401 Unauthorized", "{}")),
            ("fails", Vendor::Answers("503 Service Unavailable", "{}")),
            ("silent", Vendor::Silent),
            ("gone", Vendor::Closed),
        ],
        true,
    );
    for line in [
        "  answers: answers: 0 groups\n",
        "  refuses: cannot be read: The vendor refused the gateway's credentials: refuses returned 401 to the gateway's own \
         credentials\n",
        "  fails: cannot be read: 503: ",
        "  silent: cannot be read: Silent did not answer in time\n",
        "  gone: cannot be read: Could not reach gone: it refused the connection\n",
    ] {
        assert!(output_text.contains(line), "{line}: {output_text}");
    }
    assert!(
        errors.contains("4 of 5 connections cannot be read"),
        "{errors}"
    );
    assert_eq!(status, Some(1));
}

#[test]
fn check_succeeds_if_all_systems_answer_and_connects_only_with_the_option() {
    let groups = r#"{"items": [], "total_items": 0}"#;
    let (status, output_text, errors) = check(
        "memory",
        &[
            ("answers", Vendor::Answers("200 OK", "[]")),
            ("signed", Vendor::RefusesFirst(groups)),
        ],
        true,
    );
    assert!(
        output_text.ends_with("  answers: answers: 0 groups\n  signed: answers: 0 slicer groups\n"),
        "{output_text}"
    );
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let (status, output_text, errors) = check("store.db", &[("gone", Vendor::Closed)], false);
    assert!(!output_text.contains("answer"), "{output_text}");
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let (status, output_text, errors) = check("password", &[("gone", Vendor::Closed)], false);
    assert!(
        output_text.ends_with("password is not a SQLite database\n"),
        "{output_text}"
    );
    assert_eq!(
        (status, errors.as_str()),
        (Some(1), "the store cannot be used\n")
    );
}
