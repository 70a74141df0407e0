//! Attacks of readers on changes, against the program itself: whatever somebody asks who may only read, each
//! change of an admin is carried out, and in time.
#![expect(
    clippy::expect_used,
    reason = "helpers of tests: what is not as expected fails the test"
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

/// A change takes no longer while others read: a second of its own for the signature, two for the read that it
/// ends, and some for this computer.
const IN_TIME: Duration = Duration::from_secs(8);

/// No question takes longer than that: three times the limit of one request to the vendor.
const HANGS: Duration = Duration::from_secs(30);

struct Attack {
    vendor: Vendor,
    program: Program,
    admin: Viewer,
    /// The cookie of who reads.
    reader: String,
    /// How many changes were made.
    changes: usize,
}

impl Attack {
    /// Begins once the gateway has read both systems, so that it knows their ids.
    async fn begin(behaviour: VendorBehaviour, reader: &str) -> Self {
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
        timeout(HANGS, read).await.expect("both systems are read");
        Self {
            vendor,
            program,
            admin,
            reader,
            changes: 0,
        }
    }

    /// Asks all of these at the same time.
    fn ask(&self, paths: impl IntoIterator<Item = String>) -> JoinSet<Answer> {
        let mut asked = JoinSet::new();
        for path in paths {
            let mut viewer = Viewer::new(&self.program.address, &self.reader);
            asked.spawn(async move {
                let answer = timeout(HANGS, viewer.get(&path)).await;
                answer.expect("an answer in time").expect("an answer")
            });
        }
        asked
    }

    /// An admin makes so many changes, one after the other. Each has to be carried out.
    async fn change(&mut self, times: usize, method: &str, path: &str, body: &str) {
        for number in 0..times {
            let began = Instant::now();
            let answer = timeout(HANGS, self.admin.ask(method, path, "", body)).await;
            let answer = answer.expect("an answer in time").expect("an answer");
            let (took, said) = (began.elapsed(), String::from_utf8_lossy(&answer.body));
            assert_eq!(answer.status, 204, "change {number} after {took:?}: {said}");
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
async fn a_viewer_that_asks_for_fifteen_slicer_groups_delays_no_activation() {
    let mut attack = Attack::begin(VendorBehaviour::Well, "vic").await;
    let unknown = (0..15).map(|number| format!("{SLICER_GROUPS}/no-such-group-{number}"));
    let mut refused = attack.ask(unknown);
    while let Some(answer) = refused.join_next().await {
        assert_eq!(answer.expect("no panic").status, 404);
    }
    assert_eq!(
        attack.vendor.asked(),
        0,
        "what nobody knows is not asked for"
    );
    let asked = attack.ask(slicer_groups(15));
    attack.vendor.asked_at_least(1).await;
    attack.activate(4).await;
    drop(asked);
}

#[tokio::test]
async fn slicer_groups_that_never_answer_delay_no_activation() {
    let mut attack = Attack::begin(VendorBehaviour::Hangs, "vic").await;
    let asked = attack.ask(slicer_groups(5));
    attack.vendor.asked_at_least(1).await;
    attack.activate(3).await;
    drop(asked);
}

#[tokio::test]
async fn groups_that_never_answer_stop_no_change() {
    let mut attack = Attack::begin(VendorBehaviour::Hangs, "vic").await;
    let mut asked = attack.ask(groups(5));
    attack.reader = attack.program.sign_in("vic").await;
    let mut more = attack.ask(groups(10).skip(5));
    attack.vendor.asked_at_least(8).await;
    attack.delete_sessions(6).await;
    // Enough of them without an answer for the breaker.
    for _ in 0..4 {
        for asked in [&mut asked, &mut more] {
            let answer = asked.join_next().await.expect("one is left");
            assert!([503, 504].contains(&answer.expect("no panic").status));
        }
    }
    attack.delete_sessions(6).await;
}

#[tokio::test]
async fn sixty_four_slow_reads_stop_no_change() {
    let mut attack = Attack::begin(VendorBehaviour::Hangs, "vic").await;
    let mut asked = attack.ask(groups(64));
    attack.vendor.asked_at_least(4).await;
    attack.delete_sessions(4).await;
    assert_eq!(attack.vendor.asked(), 4, "a session has a quota");
    attack.vendor.becomes_well();
    while let Some(answer) = asked.join_next().await {
        assert_eq!(
            answer.expect("no panic").status,
            200,
            "each read had its turn"
        );
    }
}

#[tokio::test]
async fn groups_that_reset_the_connection_stop_no_change() {
    let mut attack = Attack::begin(VendorBehaviour::Resets, "vic").await;
    let mut asked = attack.ask(groups(30));
    let mut left_alone = 0;
    while let Some(answer) = asked.join_next().await {
        let answer = answer.expect("no panic");
        assert_eq!(answer.status, 502);
        left_alone += usize::from(answer.head.contains("retry-after: "));
    }
    assert!(left_alone > 0, "the breaker is open for reads");
    attack.delete_sessions(30).await;
}
