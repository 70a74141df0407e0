//! `failover-console check --connect`: what it says of the systems, and its exit status.
#![expect(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

/// A system.
enum Vendor {
    /// Sends this status and body whatever it is asked.
    Answers(&'static str, &'static str),
    /// Takes connections and says nothing.
    IsSilent,
    /// Nobody listens there.
    IsGone,
}

impl Vendor {
    /// Starts it. Returns its address, and what listens there for as long as it is kept.
    fn start(&self) -> (String, Option<TcpListener>) {
        // A port that was free a moment ago may not be any more.
        const NOBODY: &str = "http://127.0.0.1:9";
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
            Self::IsSilent => (url, Some(listener)),
            Self::IsGone => (NOBODY.to_owned(), None),
        }
    }
}

/// Whoever asked may have gone.
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

/// Checks a configuration with these systems, each under its name. Returns the exit status, what is said of each, and
/// what went wrong.
fn check(vendors: &[(&str, Vendor)], connect: bool) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "hunter2").unwrap();
    let mut text = "[store]\npath = \"memory\"\n".to_owned();
    let mut listeners = Vec::new();
    for (id, vendor) in vendors {
        let (url, listener) = vendor.start();
        listeners.push(listener);
        text += &format!(
            "[[connection]]\nid = \"{id}\"\ntitle = \"{id}\"\nsystem = \"aveva\"\nbase_url = \"{url}\"\ntimeout_seconds = 1\n\
             credentials = {{ kind = \"basic\", username = \"ops\", password_file = \"password\" }}\n"
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
    let said = String::from_utf8(output.stdout).unwrap();
    let wrong = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said, wrong)
}

#[test]
fn it_says_of_each_system_whether_it_answers_and_fails_where_one_does_not() {
    let (status, said, wrong) = check(
        &[
            ("answers", Vendor::Answers("200 OK", "[]")),
            ("refuses", Vendor::Answers("401 Unauthorized", "{}")),
            ("fails", Vendor::Answers("503 Service Unavailable", "{}")),
            ("silent", Vendor::IsSilent),
            ("gone", Vendor::IsGone),
        ],
        true,
    );
    for words in [
        "  answers: answers: 0 groups\n",
        "  refuses: does not answer: The vendor refused the gateway's credentials: refuses returned 401",
        "  fails: does not answer: 503: ",
        "  silent: does not answer: Silent did not answer in time\n",
        "  gone: does not answer: Could not reach gone: it refused the connection\n",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(
        wrong.contains("4 of 5 connections do not answer"),
        "{wrong}"
    );
    assert_eq!(status, Some(1));
}

#[test]
fn it_succeeds_where_every_system_answers_and_asks_none_unless_it_is_told_to() {
    let (status, said, wrong) = check(&[("answers", Vendor::Answers("200 OK", "[]"))], true);
    assert!(said.ends_with("  answers: answers: 0 groups\n"), "{said}");
    assert_eq!((status, wrong.as_str()), (Some(0), ""));
    let (status, said, wrong) = check(&[("gone", Vendor::IsGone)], false);
    assert!(!said.contains("answer"), "{said}");
    assert_eq!((status, wrong.as_str()), (Some(0), ""));
}
