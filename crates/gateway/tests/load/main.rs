//! Many who watch, and a gateway that is killed under them: the program itself, over sockets.
//!
//! The long watches are for `cargo xtask load`; they take more than a minute and are ignored otherwise.
#![expect(
    clippy::expect_used,
    reason = "helpers of tests: what is not as expected fails the test"
)]

mod attacks;
mod audit;
#[path = "../../src/lock.rs"]
mod lock;
mod mixed;
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "it belongs to the tests of the store, which need more of it"
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

/// No answer may take so long, whatever happens.
const HANGS: Duration = Duration::from_secs(20);

/// What a watch is measured by.
struct Watched {
    asked: usize,
    /// When the vendor was asked.
    calls: Vec<Instant>,
    /// How often the gateway's own watcher asked for a page of the list.
    watcher_calls: usize,
    took: Duration,
    /// Memory in KiB: every ten seconds, or at the half, and at the end.
    memory: Vec<u64>,
}

/// A watch.
#[derive(Clone, Copy)]
struct Plan {
    /// How many, each with a connection of its own.
    viewers: u32,
    /// How long the gateway shares an answer.
    interval: Duration,
    /// Each asks so often, at moments of its own.
    poll: Duration,
    whole: Duration,
    /// Each asks so many times at once before that, until what the allocator keeps for later has the
    /// size that it stays at.
    warm_up: u32,
}

async fn watch(plan: Plan) -> Watched {
    let vendor = Vendor::start().await;
    let program = Program::start(&vendor, plan.interval.as_secs(), "127.0.0.1:0").await;
    let cookie = program.sign_in("vic").await;
    let asked = Arc::new(AtomicUsize::new(0));
    let warm = Arc::new(Barrier::new(plan.viewers as usize + 1));
    let start = Instant::now();
    let all: Vec<_> = (0..plan.viewers)
        .map(|number| {
            let viewer = Viewer::new(&program.address, &cookie);
            tokio::spawn(view(plan, number, viewer, warm.clone(), asked.clone()))
        })
        .collect();
    warm.wait().await;
    let begun = Instant::now();
    let mut memory = Vec::new();
    let every = (plan.whole / 2).min(Duration::from_secs(10));
    let mut look = begun + every;
    while look < begun + plan.whole {
        sleep_until(look).await;
        memory.push(program.memory());
        look += every;
    }
    for viewer in all {
        viewer.await.expect("a viewer that saw no failure");
    }
    memory.push(program.memory());
    Watched {
        asked: asked.load(Ordering::Relaxed),
        calls: vendor.calls(),
        watcher_calls: vendor.watcher_calls(),
        took: start.elapsed(),
        memory,
    }
}

async fn view(
    plan: Plan,
    number: u32,
    mut viewer: Viewer,
    warm: Arc<Barrier>,
    asked: Arc<AtomicUsize>,
) {
    let mut ask = async || {
        let answer = timeout(HANGS, viewer.get(GROUPS)).await;
        let answer = answer.expect("an answer in time").expect("an answer");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body.len(), vendor::groups().len());
    };
    for _ in 0..plan.warm_up {
        ask().await;
    }
    warm.wait().await;
    let begun = Instant::now();
    let mut next = begun + plan.poll * number / plan.viewers;
    while next < begun + plan.whole {
        sleep_until(next).await;
        ask().await;
        asked.fetch_add(1, Ordering::Relaxed);
        next += plan.poll;
    }
}

/// Never two calls within an interval, and not so few that somebody was shown what is older than two.
fn one_call_per_interval(watched: &Watched, interval: Duration) {
    for pair in watched.calls.windows(2) {
        assert!(pair[1] - pair[0] >= interval, "{:?}", pair[1] - pair[0]);
    }
    let intervals = watched.took.as_secs_f64() / interval.as_secs_f64();
    let calls = watched.calls.len() as f64;
    assert!(
        calls <= intervals + 1.0 && calls >= intervals / 2.0 - 1.0,
        "{calls} calls in {intervals} intervals"
    );
    // Two pages every five seconds, however many look.
    let readings = watched.took.as_secs_f64() / 5.0 + 1.0;
    let pages = watched.watcher_calls as f64;
    assert!(
        pages <= 2.0 * readings,
        "{pages} pages in {readings} readings"
    );
}

#[tokio::test]
async fn a_hundred_viewers_cost_the_vendor_one_call_per_interval() {
    let interval = Duration::from_secs(1);
    let watched = watch(Plan {
        viewers: 100,
        interval,
        poll: interval,
        whole: Duration::from_secs(4),
        warm_up: 0,
    })
    .await;
    assert_eq!(watched.asked, 400, "every question was answered");
    one_call_per_interval(&watched, interval);
}

#[tokio::test]
#[ignore = "takes more than a minute: cargo xtask load"]
async fn a_thousand_viewers_for_a_minute_cost_one_call_per_interval_and_no_memory() {
    let interval = Duration::from_secs(5);
    let watched = watch(Plan {
        viewers: 1000,
        interval,
        poll: Duration::from_secs(2),
        whole: Duration::from_secs(60),
        warm_up: 25,
    })
    .await;
    println!(
        "{} questions, {} calls in {:.1} s; KiB every 10 s: {:?}",
        watched.asked,
        watched.calls.len(),
        watched.took.as_secs_f64(),
        watched.memory
    );
    assert_eq!(watched.asked, 30_000, "every question was answered");
    one_call_per_interval(&watched, interval);
    let (early, late) = (watched.memory[0], watched.memory[watched.memory.len() - 1]);
    assert!(late * 10 <= early * 11, "{early} KiB grew to {late} KiB");
}

#[tokio::test]
async fn a_gateway_that_is_killed_and_started_again_goes_on_where_it_was() {
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
                    let answer = timeout(HANGS, viewer.get(GROUPS)).await;
                    match answer.expect("an end of every question") {
                        // Signed in all the while: nobody is ever sent to the page Sign in.
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
    // The vendor takes its time for this one; the group's lock is held when the gateway dies.
    let half = {
        let (address, ann, tag) = (program.address.clone(), ann.clone(), tag.clone());
        tokio::spawn(async move {
            Viewer::new(&address, &ann)
                .put(&format!("{GROUP}/slicers"), &tag, ORDER)
                .await
        })
    };
    timeout(HANGS, vendor.write_arrived())
        .await
        .expect("the write is under way");
    program.kill().await;
    let broken = timeout(HANGS, half).await.expect("an end of the write");
    assert!(
        broken.expect("no panic").is_err(),
        "a write that nobody could answer"
    );
    let address = program.address.clone();
    let program = Program::start(&vendor, 1, &address).await;
    again.store(true, Ordering::SeqCst);
    for viewer in viewers {
        viewer.await.expect("a viewer that goes on");
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
    let written = timeout(HANGS, admin.put(&format!("{GROUP}/slicers"), &tag, ORDER)).await;
    assert_eq!(
        written
            .expect("no lock is stuck")
            .expect("an answer")
            .status,
        204
    );
}
