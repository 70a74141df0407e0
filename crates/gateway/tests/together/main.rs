//! Several processes of the gateway with one PostgreSQL database: each connection is read by one gateway, and another
//! one takes over when it is killed or hangs.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "an unexpected value in a helper fails the test"
)]

#[path = "../../src/lock.rs"]
mod lock;
#[expect(dead_code, reason = "the tests of load use the rest")]
#[path = "../load/program.rs"]
mod program;
#[expect(dead_code, reason = "the tests of the store use the rest")]
#[path = "../../src/store/tests/server.rs"]
mod server;
mod vendor;
#[expect(dead_code, reason = "the tests of load use the rest")]
#[path = "../load/viewer.rs"]
mod viewer;

use program::Program;
use serde_json::Value;
use server::Server;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use vendor::Vendor;
use viewer::Viewer;

/// The maximum time until another gateway takes over.
const TAKEOVER_LIMIT: Duration = Duration::from_secs(15);

/// The interval of readings: the default of `watch_seconds`.
const INTERVAL: Duration = Duration::from_secs(5);

/// Waits until the condition holds; `what` names it for the panic message.
async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is().await {
        assert!(Instant::now() < deadline, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A gateway, and the client of an admin.
struct Gateway {
    program: Program,
    viewer: Viewer,
}

impl Gateway {
    async fn start(vendor: &Vendor, store: &str) -> Self {
        let program = Program::start_with(vendor, 0, "127.0.0.1:0", store).await;
        let viewer = Viewer::new(&program.address, &program.sign_in("ann").await);
        Self { program, viewer }
    }

    async fn text(&mut self, path: &str) -> String {
        let answer = self.viewer.get(path).await.expect("an answer");
        String::from_utf8(answer.body).expect("text")
    }

    async fn json(&mut self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).expect("JSON")
    }

    /// The connections that it reads itself.
    async fn watched(&mut self) -> BTreeSet<String> {
        let metrics = self.text("/metrics").await;
        let watched = metrics.lines().filter_map(|line| {
            let line = line.strip_prefix("failover_console_source_watched{connection=\"")?;
            let (id, value) = line.split_once("\"} ")?;
            (value == "1").then(|| id.to_owned())
        });
        watched.collect()
    }

    /// The state of each resource, and the ids of the alarms.
    async fn knowledge(&mut self) -> Value {
        let all = self.json("/api/inventory").await;
        let list = |name: &str| all[name].as_array().cloned().unwrap_or_default();
        let resources = list("resources").into_iter();
        let mut resources: Vec<Value> = resources
            .map(|one| serde_json::json!([one["id"], one["verdict"]["word"]]))
            .collect();
        resources.sort_by_key(Value::to_string);
        let mut alarms: Vec<Value> = list("alarms").iter().map(|one| one["id"].clone()).collect();
        alarms.sort_by_key(Value::to_string);
        serde_json::json!([resources, alarms])
    }

    /// The recorded events of resources.
    async fn activity(&mut self) -> Vec<String> {
        let activity = self.json("/api/activity").await;
        let entries = activity["entries"].as_array().expect("entries").iter();
        let events = entries.filter(|entry| entry["resource"].is_object());
        events.map(|entry| entry["what"].to_string()).collect()
    }
}

/// Waits until each gateway watches one of the two connections, and both have the same inventory.
async fn until_shared_out(one: &mut Gateway, other: &mut Gateway) {
    until("a fair share for each", async || {
        let (here, there) = (one.watched().await, other.watched().await);
        here.len() == 1 && there.len() == 1 && here != there
    })
    .await;
    until("the same knowledge", async || {
        let (here, there) = (one.knowledge().await, other.knowledge().await);
        here == there && here[0].as_array().is_some_and(|all| all.len() == 3)
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_is_killed_or_hangs_is_replaced_without_lost_or_false_events() {
    let Some(server) = Server::over_tcp() else {
        return;
    };
    let database = server.database();
    let folder = tempfile::tempdir().expect("a folder");
    let url = folder.path().join("url");
    let at = server.url_over_tcp(server.port, server::PASSWORD, &database);
    std::fs::write(&url, at).expect("written");
    let store = format!("[store]\nurl_file = {:?}\n", url.display().to_string());
    let vendor = Vendor::start().await;
    let mut one = Gateway::start(&vendor, &store).await;
    let mut other = Gateway::start(&vendor, &store).await;
    until_shared_out(&mut one, &mut other).await;
    let (start, known, events) = (
        Instant::now(),
        other.knowledge().await,
        other.activity().await,
    );
    assert!(
        known[1].as_array().is_some_and(|alarms| !alarms.is_empty()),
        "{known}"
    );
    // Both connections are read at their interval, and not twice as often.
    until("readings", async || {
        vendor
            .lists_since(start)
            .iter()
            .all(|lists| lists.len() >= 3)
    })
    .await;
    for lists in vendor.lists_since(start) {
        let gaps = lists.windows(2).map(|two| two[1] - two[0]);
        let least = gaps.min().unwrap_or_default();
        // Two readings per interval would include such a short gap.
        assert!(least > INTERVAL / 2, "{least:?}");
    }
    let killed = Instant::now();
    one.program.kill().await;
    until("a takeover of both connections", async || {
        other.watched().await.len() == 2
            && vendor
                .lists_since(killed)
                .iter()
                .all(|lists| !lists.is_empty())
    })
    .await;
    assert!(killed.elapsed() < TAKEOVER_LIMIT, "{:?}", killed.elapsed());
    until("both live", async || {
        let metrics = other.text("/metrics").await;
        let live = metrics.lines().filter(|line| {
            line.starts_with("failover_console_source_freshness{") && line.ends_with(" 0")
        });
        live.count() == 2
    })
    .await;
    assert_eq!(other.knowledge().await, known, "the same alarm ids");
    assert_eq!(other.activity().await, events, "no event was recorded");
    // A third gateway joins and hangs.
    let mut third = Gateway::start(&vendor, &store).await;
    until_shared_out(&mut other, &mut third).await;
    let stopped = Instant::now();
    third.program.signal("-STOP");
    until("a takeover of both connections", async || {
        other.watched().await.len() == 2
    })
    .await;
    assert!(
        stopped.elapsed() < TAKEOVER_LIMIT,
        "{:?}",
        stopped.elapsed()
    );
    third.program.signal("-CONT");
    until_shared_out(&mut other, &mut third).await;
    assert_eq!(other.knowledge().await, known);
    assert_eq!(other.activity().await, events);
    // A gateway that stops normally releases its connections at once.
    let ended = Instant::now();
    third.program.stop().await;
    until("a takeover of both connections", async || {
        other.watched().await.len() == 2
    })
    .await;
    assert!(ended.elapsed() < INTERVAL, "{:?}", ended.elapsed());
}

/// After a power failure, the gateway may start before the database. A reload requested meanwhile does not end it.
#[tokio::test]
async fn a_gateway_waits_for_an_unavailable_database_and_then_reloads() {
    let Some(server) = Server::over_tcp() else {
        return;
    };
    let database = server.database();
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    file(
        "url",
        &server.url_over_tcp(server.port, server::PASSWORD, &database),
    );
    file("key", "hunter2-and-a-half");
    let config = file(
        "gateway.toml",
        r#"
[store]
url_file = "url"

[[connection]]
id = "live"
title = "Live"
system = "uplynk"
base_url = "http://127.0.0.1:1"
credentials = { kind = "integration-key", owner = "o", api_key_file = "key" }
"#,
    );
    server.kill();
    let mut stopped = Starting::new(&config);
    stopped.until_logged("the gateway starts once it can").await;
    stopped.signal("-TERM");
    stopped.until_ended().await;
    let mut program = Starting::new(&config);
    program.until_logged("the gateway starts once it can").await;
    program.signal("-HUP");
    program.until_logged("the gateway starts once it can").await;
    server.start();
    let reloaded = "the configuration was reloaded and is in use";
    program.until_logged(reloaded).await;
    program.signal("-TERM");
    program.until_ended().await;
}

/// A gateway that may still be starting.
struct Starting {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Starting {
    fn new(config: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_failover-console"))
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(config)
            .env_remove("RUST_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let log = BufReader::new(child.stderr.take().expect("piped")).lines();
        Self { child, log }
    }

    async fn until_logged(&mut self, what: &str) {
        let mut line = String::new();
        while !line.contains(what) {
            let next = self.log.next_line().await.expect("the log");
            line = next.expect("the program ended without the message");
        }
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().expect("it runs");
        // The shell's builtin, because not every system has the program `kill`.
        let sent = std::process::Command::new("sh")
            .args(["-c", &format!("kill {signal} {id}")])
            .status();
        assert!(sent.expect("a shell").success());
    }

    async fn until_ended(&mut self) {
        let ended = tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await;
        assert!(ended.expect("in time").expect("ended").success());
    }
}

/// The service rejects a second request signed with the same timestamp.
#[tokio::test]
async fn two_gateways_never_sign_requests_of_an_account_with_the_same_second() {
    let Some(server) = Server::over_tcp() else {
        return;
    };
    let database = server.database();
    let folder = tempfile::tempdir().expect("a folder");
    let url = folder.path().join("url");
    let at = server.url_over_tcp(server.port, server::PASSWORD, &database);
    std::fs::write(&url, at).expect("written");
    let store = format!("[store]\nurl_file = {:?}\n", url.display().to_string());
    let vendor = Vendor::start().await;
    let mut one = Gateway::start(&vendor, &store).await;
    let mut other = Gateway::start(&vendor, &store).await;
    let ask = async |gateway: &mut Gateway| {
        for _ in 0..4 {
            let list = "/relay/live/api/v4/failover-groups";
            let no_cache = "cache-control: no-cache\r\n";
            let answer = gateway.viewer.ask("GET", list, no_cache, "").await;
            assert_eq!(answer.expect("an answer").status, 200);
        }
    };
    tokio::join!(ask(&mut one), ask(&mut other));
    let signed = vendor.signed();
    let different: BTreeSet<&String> = signed.iter().collect();
    assert!(signed.len() >= 8, "{}", signed.len());
    assert_eq!(different.len(), signed.len(), "{signed:?}");
}
