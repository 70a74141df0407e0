//! A mixed load of any duration: viewers, changes, wrong passwords, sign-ins and sign-outs, aborted connections,
//! unread large responses, and reloads of the configuration.

use super::attacks::{from, sign_in};
use super::program::Program;
use super::vendor::Vendor;
use super::viewer::Viewer;
use super::{GROUP, GROUPS, ORDER, TIME_LIMIT};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until, timeout};

/// The environment variable with the duration in minutes, and its default.
const MINUTES: &str = "LOAD_MINUTES";
const DEFAULT_MINUTES: u64 = 60;

/// The interval of the memory samples, and their number per minute.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(10);
const SAMPLES_PER_MINUTE: usize = 6;

/// Counters of all clients.
#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    /// The duration of the slowest response to a viewer, in ms.
    slowest: AtomicU64,
    /// The longest delay of a timer in this process, in ms, which is not caused by the gateway.
    timer_delay: AtomicU64,
}

/// Measures the delay of timers.
async fn measure_timers(counts: Arc<Counts>) {
    const PERIOD: Duration = Duration::from_millis(50);
    loop {
        let due = Instant::now() + PERIOD;
        sleep_until(due).await;
        counts.timer_delay.fetch_max(millis(due), Ordering::Relaxed);
    }
}

/// The elapsed time in ms.
fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The maximum memory of each minute, in KiB.
fn peaks_by_minute(samples: &[u64]) -> Vec<u64> {
    let minutes = samples.chunks(SAMPLES_PER_MINUTE);
    minutes
        .filter_map(|minute| minute.iter().max().copied())
        .collect()
}

/// Sends the requests of a console: mostly for changes of the inventory, sometimes for the list and the page.
async fn view(program: Arc<Program>, cookie: String, number: u64, counts: Arc<Counts>) {
    let mut viewer = Viewer::new(&program.address, &cookie);
    let mut revision = String::new();
    let mut every = interval(Duration::from_millis(500 + 17 * number));
    for round in number.. {
        every.tick().await;
        let path = match round % 8 {
            0 => GROUPS.to_owned(),
            1 => "/".to_owned(),
            2 => "/api/connections".to_owned(),
            _ => format!("/api/inventory?after={revision}"),
        };
        let sent = Instant::now();
        let answer = timeout(TIME_LIMIT, viewer.get(&path)).await;
        let delay = counts.timer_delay.load(Ordering::Relaxed);
        let message = format!("{path}: no response; timers were delayed by up to {delay} ms");
        let answer = answer.expect(&message).expect("an answer");
        assert_eq!(answer.status, 200, "{path}");
        counts.slowest.fetch_max(millis(sent), Ordering::Relaxed);
        counts.requests.fetch_add(1, Ordering::Relaxed);
        let body = String::from_utf8_lossy(&answer.body);
        if let Some((_, rest)) = body.split_once(r#""revision":""#) {
            rest.split('"')
                .next()
                .unwrap_or_default()
                .clone_into(&mut revision);
        }
    }
}

/// Changes an order each second, with the tag of a preceding read.
async fn change_orders(program: Arc<Program>, counts: Arc<Counts>) {
    let mut admin = Viewer::new(&program.address, &program.sign_in("ann").await);
    let mut every = interval(Duration::from_secs(1));
    let order = format!("{GROUP}/slicers");
    loop {
        every.tick().await;
        let read = timeout(TIME_LIMIT, admin.get(GROUP)).await;
        let tag = read.expect("in time").expect("an answer").tag;
        let put = admin.put(&order, &tag, ORDER);
        let put = timeout(TIME_LIMIT, put).await.expect("in time");
        // The vendor never answers the first write.
        assert!(matches!(put.expect("an answer").status, 204 | 504));
        counts.requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// Signs in and out, below the limits of sign-ins and of ended sessions per user.
async fn sign_in_and_out(program: Arc<Program>, counts: Arc<Counts>) {
    let mut every = interval(Duration::from_secs(60));
    loop {
        every.tick().await;
        let mut viewer = Viewer::new(&program.address, &program.sign_in("vic").await);
        let out = viewer.ask("DELETE", "/api/session", "", "").await;
        assert!(out.expect("an answer").status < 300);
        counts.requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends wrong passwords from changing addresses.
async fn guess_passwords(program: Arc<Program>) {
    let mut every = interval(Duration::from_secs(1));
    for number in 0_u32.. {
        every.tick().await;
        let [_, _, network, host] = number.to_be_bytes();
        let mut stream = from(Ipv4Addr::new(127, 9, network, host.max(1)), &program).await;
        let request = sign_in(&program, host);
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        // Some clients disconnect before the response.
        if number % 4 != 0 {
            let read = timeout(TIME_LIMIT, stream.read_to_string(&mut answer)).await;
            read.expect("in time").expect("an answer");
        }
    }
}

/// Disconnects in the middle of a request, or of a large response.
async fn abort_requests(program: Arc<Program>) {
    let cookie = program.sign_in("vic").await;
    let mut every = interval(Duration::from_secs(2));
    for number in 0_u64.. {
        every.tick().await;
        let mut stream = from(Ipv4Addr::new(127, 10, 0, 1), &program).await;
        let large = format!("{GROUPS}?skip=77{number}&count=9");
        let path = if number % 15 == 0 { &large } else { GROUPS };
        let host = &program.address;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\n\r\n");
        let half = if number % 2 == 0 {
            request.len()
        } else {
            request.len() / 2
        };
        stream
            .write_all(&request.as_bytes()[..half])
            .await
            .expect("sent");
        if half == request.len() {
            let mut head = [0; 12];
            let read = timeout(TIME_LIMIT, stream.read_exact(&mut head)).await;
            read.expect("in time").expect("an answer");
        }
    }
}

async fn reload(program: Arc<Program>) {
    let mut every = interval(Duration::from_secs(20));
    loop {
        every.tick().await;
        program.reload();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes an hour: cargo xtask load"]
async fn an_hour_of_mixed_load_does_not_increase_the_memory() {
    let minutes = std::env::var(MINUTES)
        .ok()
        .and_then(|text| text.parse().ok());
    let duration = Duration::from_secs(60 * minutes.unwrap_or(DEFAULT_MINUTES));
    let vendor = Vendor::start().await;
    let program = Arc::new(Program::start(&vendor, 1, "127.0.0.1:0").await);
    let counts = Arc::new(Counts::default());
    let mut everything = JoinSet::new();
    // One sign-in after the other, because many concurrent ones would be throttled.
    for number in 0..30 {
        let cookie = program.sign_in("vic").await;
        everything.spawn(view(program.clone(), cookie, number, counts.clone()));
    }
    everything.spawn(change_orders(program.clone(), counts.clone()));
    everything.spawn(sign_in_and_out(program.clone(), counts.clone()));
    everything.spawn(guess_passwords(program.clone()));
    everything.spawn(abort_requests(program.clone()));
    everything.spawn(reload(program.clone()));
    everything.spawn(measure_timers(counts.clone()));
    let (start, mut samples) = (Instant::now(), Vec::new());
    let mut every = interval(SAMPLE_INTERVAL);
    every.tick().await;
    while start.elapsed() < duration {
        tokio::select! {
            _ = every.tick() => samples.push(program.memory()),
            Some(ended) = everything.join_next() => panic!("a client ended: {ended:?}"),
        }
    }
    let minutes = peaks_by_minute(&samples);
    println!(
        "{} requests answered, the slowest of a viewer in {} ms, timers delayed by up to {} ms; peak KiB of each minute: {minutes:?}",
        counts.requests.load(Ordering::Relaxed),
        counts.slowest.load(Ordering::Relaxed),
        counts.timer_delay.load(Ordering::Relaxed)
    );
    let (first, last) = (minutes[0], minutes[minutes.len() - 1]);
    assert!(
        last * 10 <= first * 11,
        "{first} KiB in the first minute, {last} KiB in the last"
    );
}
