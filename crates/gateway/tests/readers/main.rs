//! Attacks of viewers on the program itself: no reads of a viewer can prevent or delay the changes of an admin.
#![expect(
    clippy::expect_used,
    reason = "an unexpected value in a helper fails the test"
)]

#[expect(dead_code, reason = "the tests of load use the rest")]
#[path = "../load/program.rs"]
mod program;
mod vendor;
#[expect(dead_code, reason = "the tests of load use the rest")]
#[path = "../load/viewer.rs"]
mod viewer;

use program::Program;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use vendor::{Vendor, VendorBehaviour};
use viewer::{Answer, Viewer};

const GROUPS: &str = "/relay/plant-a/api/v1/clientfailover/groups";
const SLICER_GROUPS: &str = "/relay/live/api/v4/failover-groups";

/// The time limit of a change during reads: one second for the signature, two for the read that it cancels, and a
/// margin for a slow computer.
const IN_TIME: Duration = Duration::from_secs(8);

/// The time limit of every request: three times the limit of one request to the vendor.
const TIME_LIMIT: Duration = Duration::from_secs(30);

struct Attack {
    vendor: Vendor,
    program: Program,
    admin: Viewer,
    /// The cookie of the viewer.
    reader: String,
    /// The number of changes so far.
    changes: usize,
}

impl Attack {
    /// Starts the program and waits until the gateway has read both systems, so that it knows their ids.
    async fn start(behaviour: VendorBehaviour, reader: &str) -> Self {
        let vendor = Vendor::start(behaviour).await;
        let program = Program::start(&vendor, 0, "127.0.0.1:0").await;
        let mut admin = Viewer::new(&program.address, &program.sign_in("ann").await);
        let reader = program.sign_in(reader).await;
        let read = async {
            loop {
                let now = "cache-control: no-cache\r\n";
                let answer = admin.ask("GET", "/api/inventory", now, "").await;
                let body = String::from_utf8(answer.expect("the inventory").body).expect("text");
                if body.matches("\"observed_at\":1").count() >= 2 && body.contains("group-63") {
                    break;
                }
            }
        };
        timeout(TIME_LIMIT, read)
            .await
            .expect("both systems are read");
        Self {
            vendor,
            program,
            admin,
            reader,
            changes: 0,
        }
    }

    /// Requests all paths at the same time.
    fn request(&self, paths: impl IntoIterator<Item = String>) -> JoinSet<Answer> {
        let mut requests = JoinSet::new();
        for path in paths {
            let mut viewer = Viewer::new(&self.program.address, &self.reader);
            requests.spawn(async move {
                let answer = timeout(TIME_LIMIT, viewer.get(&path)).await;
                answer.expect("an answer in time").expect("an answer")
            });
        }
        requests
    }

    /// Sends this number of changes of an admin one after the other. Each has to be carried out.
    async fn change(&mut self, times: usize, method: &str, path: &str, body: &str) {
        for number in 0..times {
            let began = Instant::now();
            let answer = timeout(TIME_LIMIT, self.admin.ask(method, path, "", body)).await;
            let answer = answer.expect("an answer in time").expect("an answer");
            let (took, body) = (began.elapsed(), String::from_utf8_lossy(&answer.body));
            assert_eq!(answer.status, 204, "change {number} after {took:?}: {body}");
            assert!(took < IN_TIME, "change {number} took {took:?}");
        }
        self.changes += times;
        assert_eq!(self.vendor.changes(), self.changes, "each once");
    }

    async fn activate(&mut self, times: usize) {
        let path = format!("{SLICER_GROUPS}/group-0/activate_slicer");
        self.change(times, "PUT", &path, r#"{"slicer_id":"a"}"#)
            .await;
    }

    async fn delete_sessions(&mut self, times: usize) {
        let path = format!("{GROUPS}/group-0/clientsessions/s");
        self.change(times, "DELETE", &path, "").await;
    }
}

fn slicer_groups(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("{SLICER_GROUPS}/group-{number}"))
}

fn groups(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("{GROUPS}/group-{number}"))
}

#[tokio::test]
async fn requests_for_fifteen_slicer_groups_delay_no_activation() {
    let mut attack = Attack::start(VendorBehaviour::Normal, "vic").await;
    let unknown = (0..15).map(|number| format!("{SLICER_GROUPS}/no-such-group-{number}"));
    let mut refused = attack.request(unknown);
    while let Some(answer) = refused.join_next().await {
        assert_eq!(answer.expect("no panic").status, 404);
    }
    assert_eq!(attack.vendor.reads(), 0, "unknown ids are not requested");
    let pending = attack.request(slicer_groups(15));
    attack.vendor.wait_for_reads(1).await;
    attack.activate(4).await;
    drop(pending);
}

#[tokio::test]
async fn unanswered_reads_of_slicer_groups_delay_no_activation() {
    let mut attack = Attack::start(VendorBehaviour::Hangs, "vic").await;
    let pending = attack.request(slicer_groups(5));
    attack.vendor.wait_for_reads(1).await;
    attack.activate(3).await;
    drop(pending);
}

#[tokio::test]
async fn unanswered_reads_of_groups_prevent_no_change() {
    let mut attack = Attack::start(VendorBehaviour::Hangs, "vic").await;
    let mut pending = attack.request(groups(5));
    attack.reader = attack.program.sign_in("vic").await;
    let mut more = attack.request(groups(10).skip(5));
    attack.vendor.wait_for_reads(8).await;
    attack.delete_sessions(6).await;
    // Enough unanswered requests to open the breaker.
    for _ in 0..4 {
        for pending in [&mut pending, &mut more] {
            let answer = pending.join_next().await.expect("one is left");
            assert!([503, 504].contains(&answer.expect("no panic").status));
        }
    }
    attack.delete_sessions(6).await;
}

#[tokio::test]
async fn sixty_four_slow_reads_prevent_no_change() {
    let mut attack = Attack::start(VendorBehaviour::Hangs, "vic").await;
    let mut pending = attack.request(groups(64));
    attack.vendor.wait_for_reads(4).await;
    attack.delete_sessions(4).await;
    assert_eq!(attack.vendor.reads(), 4, "the quota of a session");
    attack.vendor.recover();
    while let Some(answer) = pending.join_next().await {
        assert_eq!(answer.expect("no panic").status, 200, "all reads answered");
    }
}

#[tokio::test]
async fn reads_with_reset_connections_prevent_no_change() {
    let mut attack = Attack::start(VendorBehaviour::Resets, "vic").await;
    let mut pending = attack.request(groups(30));
    let mut rejected = 0;
    while let Some(answer) = pending.join_next().await {
        let answer = answer.expect("no panic");
        assert_eq!(answer.status, 502);
        rejected += usize::from(answer.head.contains("retry-after: "));
    }
    assert!(rejected > 0, "the breaker is open for reads");
    attack.delete_sessions(30).await;
}
