//! Load tests of the program itself over sockets: many viewers, and restarts of the gateway.
//!
//! The tests that take more than a minute are ignored by default; `cargo xtask load` runs them.
#![expect(
    clippy::expect_used,
    reason = "an unexpected value in a helper fails the test"
)]

mod attacks;
mod audit;
#[path = "../../src/lock.rs"]
mod lock;
mod mixed;
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "the tests of the store, to which it belongs, use the rest"
)]
#[path = "../../src/store/tests/server.rs"]
mod postgres;
mod program;
mod reload;
mod vendor;
mod viewer;

use program::Program;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Barrier;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use vendor::Vendor;
use viewer::Viewer;

const GROUPS: &str = "/relay/plant-a/api/v1/clientfailover/groups";
const GROUP: &str = "/relay/live/api/v4/failover-groups/abc";
const ORDER: &str = r#"{"slicers":[{"slicer_id":"a","enabled":true,"order":1}]}"#;

/// The time limit for every response.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// The measurements of a run.
struct Measurements {
    requests: usize,
    /// The times of viewers' requests that reached the vendor.
    calls: Vec<Instant>,
    /// The number of pages that the gateway's watcher requested.
    watcher_calls: usize,
    duration: Duration,
    /// The memory in KiB: every ten seconds, or in the middle of a shorter run, and at the end.
    memory: Vec<u64>,
}

/// The parameters of a run.
#[derive(Clone, Copy)]
struct Plan {
    /// The number of viewers, each with one connection.
    viewers: u32,
    /// The time for which the gateway shares a response.
    interval: Duration,
    /// The interval of each viewer's requests; the viewers are spread over it.
    poll: Duration,
    duration: Duration,
    /// The number of each viewer's requests before the run, after which the allocator's reserve no longer
    /// grows.
    warm_up: u32,
}

async fn run(plan: Plan) -> Measurements {
    let vendor = Vendor::start().await;
    let program = Program::start(&vendor, plan.interval.as_secs(), "127.0.0.1:0").await;
    let cookie = program.sign_in("vic").await;
    let requests = Arc::new(AtomicUsize::new(0));
    let warm = Arc::new(Barrier::new(plan.viewers as usize + 1));
    let start = Instant::now();
    let all: Vec<_> = (0..plan.viewers)
        .map(|number| {
            let viewer = Viewer::new(&program.address, &cookie);
            tokio::spawn(view(plan, number, viewer, warm.clone(), requests.clone()))
        })
        .collect();
    warm.wait().await;
    let run_start = Instant::now();
    let mut memory = Vec::new();
    let every = (plan.duration / 2).min(Duration::from_secs(10));
    let mut next = run_start + every;
    while next < run_start + plan.duration {
        sleep_until(next).await;
        memory.push(program.memory());
        next += every;
    }
    for viewer in all {
        viewer.await.expect("a viewer that saw no failure");
    }
    memory.push(program.memory());
    Measurements {
        requests: requests.load(Ordering::Relaxed),
        calls: vendor.calls(),
        watcher_calls: vendor.watcher_calls(),
        duration: start.elapsed(),
        memory,
    }
}

async fn view(
    plan: Plan,
    number: u32,
    mut viewer: Viewer,
    warm: Arc<Barrier>,
    requests: Arc<AtomicUsize>,
) {
    let mut ask = async || {
        let answer = timeout(TIME_LIMIT, viewer.get(GROUPS)).await;
        let answer = answer.expect("an answer in time").expect("an answer");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body.len(), vendor::groups().len());
    };
    for _ in 0..plan.warm_up {
        ask().await;
    }
    warm.wait().await;
    let run_start = Instant::now();
    let mut next = run_start + plan.poll * number / plan.viewers;
    while next < run_start + plan.duration {
        sleep_until(next).await;
        ask().await;
        requests.fetch_add(1, Ordering::Relaxed);
        next += plan.poll;
    }
}

/// Asserts that at most one call was made per interval, and that no response was older than two intervals.
fn assert_one_call_per_interval(measured: &Measurements, interval: Duration) {
    for pair in measured.calls.windows(2) {
        assert!(pair[1] - pair[0] >= interval, "{:?}", pair[1] - pair[0]);
    }
    let intervals = measured.duration.as_secs_f64() / interval.as_secs_f64();
    let calls = measured.calls.len() as f64;
    assert!(
        calls <= intervals + 1.0 && calls >= intervals / 2.0 - 1.0,
        "{calls} calls in {intervals} intervals"
    );
    // The watcher reads two pages every five seconds, for any number of viewers.
    let readings = measured.duration.as_secs_f64() / 5.0 + 1.0;
    let pages = measured.watcher_calls as f64;
    assert!(
        pages <= 2.0 * readings,
        "{pages} pages in {readings} readings"
    );
}

#[tokio::test]
async fn a_hundred_viewers_cost_the_vendor_one_call_per_interval() {
    let interval = Duration::from_secs(1);
    let measured = run(Plan {
        viewers: 100,
        interval,
        poll: interval,
        duration: Duration::from_secs(4),
        warm_up: 0,
    })
    .await;
    assert_eq!(measured.requests, 400, "every request was answered");
    assert_one_call_per_interval(&measured, interval);
}

#[tokio::test]
#[ignore = "takes more than a minute: cargo xtask load"]
async fn a_thousand_viewers_cost_one_call_per_interval_and_no_additional_memory() {
    let interval = Duration::from_secs(5);
    let measured = run(Plan {
        viewers: 1000,
        interval,
        poll: Duration::from_secs(2),
        duration: Duration::from_secs(60),
        warm_up: 25,
    })
    .await;
    println!(
        "{} requests, {} calls in {:.1} s; KiB every 10 s: {:?}",
        measured.requests,
        measured.calls.len(),
        measured.duration.as_secs_f64(),
        measured.memory
    );
    assert_eq!(measured.requests, 30_000, "every request was answered");
    assert_one_call_per_interval(&measured, interval);
    let (early, late) = (
        measured.memory[0],
        measured.memory[measured.memory.len() - 1],
    );
    assert!(late * 10 <= early * 11, "{early} KiB grew to {late} KiB");
}

#[tokio::test]
async fn sessions_and_changes_continue_after_the_gateway_was_killed_and_restarted() {
    let vendor = Vendor::start().await;
    let mut program = Program::start(&vendor, 1, "127.0.0.1:0").await;
    let (ann, vic) = (program.sign_in("ann").await, program.sign_in("vic").await);
    let again = Arc::new(AtomicBool::new(false));
    let viewers: Vec<_> = (0..50)
        .map(|_| {
            let (address, vic, again) = (program.address.clone(), vic.clone(), again.clone());
            tokio::spawn(async move {
                let mut viewer = Viewer::new(&address, &vic);
                loop {
                    let restarted = again.load(Ordering::SeqCst);
                    let answer = timeout(TIME_LIMIT, viewer.get(GROUPS)).await;
                    match answer.expect("a result of every request") {
                        // The session stays valid.
                        Ok(answer) => assert_eq!(answer.status, 200),
                        Err(_) => assert!(!restarted, "a gateway that runs answers"),
                    }
                    if restarted {
                        return;
                    }
                    sleep(Duration::from_millis(50)).await;
                }
            })
        })
        .collect();
    let mut admin = Viewer::new(&program.address, &ann);
    let tag = admin.get(GROUP).await.expect("the group").tag;
    // The vendor does not answer this write, so the group is locked when the gateway is killed.
    let half = {
        let (address, ann, tag) = (program.address.clone(), ann.clone(), tag.clone());
        tokio::spawn(async move {
            Viewer::new(&address, &ann)
                .put(&format!("{GROUP}/slicers"), &tag, ORDER)
                .await
        })
    };
    timeout(TIME_LIMIT, vendor.write_arrived())
        .await
        .expect("the write reaches the vendor");
    program.kill().await;
    let broken = timeout(TIME_LIMIT, half)
        .await
        .expect("an end of the write");
    assert!(broken.expect("no panic").is_err(), "no response");
    let address = program.address.clone();
    let program = Program::start(&vendor, 1, &address).await;
    again.store(true, Ordering::SeqCst);
    for viewer in viewers {
        viewer.await.expect("a viewer that continues");
    }
    let mut admin = Viewer::new(&program.address, &ann);
    assert_eq!(
        admin
            .get("/api/session")
            .await
            .expect("still signed in")
            .status,
        200
    );
    let tag = admin.get(GROUP).await.expect("the group").tag;
    let written = timeout(
        TIME_LIMIT,
        admin.put(&format!("{GROUP}/slicers"), &tag, ORDER),
    )
    .await;
    assert_eq!(
        written
            .expect("the group is not locked")
            .expect("an answer")
            .status,
        204
    );
}
