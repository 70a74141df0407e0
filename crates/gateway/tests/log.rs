//! The log is written to standard error; a blocked or failing reader does not stop the program.
#![expect(clippy::unwrap_used, reason = "a failure in a helper fails the test")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The time limit for a response.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// These requests log more than a pipe can hold.
const REQUESTS: usize = 300;

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // Errors are ignored, because the program may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_answered(address: &str) -> bool {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

fn answers_requests_with(stderr: Stdio) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_failover-console"));
    command
        .args(["demo", "--listen", "127.0.0.1:0"])
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(stderr);
    let mut program = Program(command.spawn().unwrap());
    let out = BufReader::new(program.0.stdout.take().unwrap());
    let line = out
        .lines()
        .map(Result::unwrap)
        .find(|line| line.contains("listening on"))
        .unwrap();
    let address = line.rsplit('/').next().unwrap();
    for number in 0..REQUESTS {
        assert!(is_answered(address), "request {number}");
    }
}

#[test]
fn a_blocked_reader_of_the_log_delays_no_request() {
    answers_requests_with(Stdio::piped());
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_on_a_full_disk_delays_no_request() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    answers_requests_with(full.into());
}

#[test]
#[cfg(unix)]
fn warnings_about_the_configuration_are_logged_at_start_and_at_reload() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    // The blank at the end is invisible in an editor.
    std::fs::write(folder.path().join("key"), "hunter2 \n").unwrap();
    let text = "listen = \"127.0.0.1:0\"\n[store]\npath = \"memory\"\n[[connection]]\nid = \"live\"\n\
                title = \"Live\"\nsystem = \"uplynk\"\nbase_url = \"http://127.0.0.1:9\"\n\
                credentials = { kind = \"integration-key\", owner = \"o\", api_key_file = \"key\" }\n";
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_failover-console"));
    command
        .args(["serve", "--config"])
        .arg(&file)
        .env_remove("RUST_LOG")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut program = Program(command.spawn().unwrap());
    let log = BufReader::new(program.0.stderr.take().unwrap());
    let mut log = log.lines().map(Result::unwrap);
    let expected = "c.toml:9:71: connection \"live\": credentials: api_key_file: \"key\" begins or ends with a blank";
    let is_warning = |line: String| line.contains(" WARN ") && line.contains(expected);
    assert!(log.any(is_warning), "at the start");
    let out = BufReader::new(program.0.stdout.take().unwrap());
    assert!(
        out.lines()
            .any(|line| line.unwrap().contains("listening on"))
    );
    let process = program.0.id().to_string();
    let kill = Command::new("kill").args(["-HUP", &process]).status();
    assert!(kill.unwrap().success());
    assert!(log.any(is_warning), "at the reload");
}
