//! Everything at once, for as long as one likes: viewers, changes, wrong passwords, people who come and go,
//! connections that break off, large answers that nobody reads, and a configuration that is read again.

use super::attacks::{from, sign_in};
use super::program::Program;
use super::vendor::Vendor;
use super::viewer::Viewer;
use super::{GROUP, GROUPS, HANGS, ORDER};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until, timeout};

/// How long it lasts where the environment does not say how many minutes.
const MINUTES: &str = "LOAD_MINUTES";
const USUALLY: u64 = 60;

/// How often the memory is looked at, and how many looks are a minute.
const LOOK: Duration = Duration::from_secs(10);
const A_MINUTE: usize = 6;

/// What everybody counts.
#[derive(Default)]
struct Counts {
    asked: AtomicU64,
    /// How long the slowest answer to a viewer took, in ms.
    slowest: AtomicU64,
    /// How late this machine was at most with what was due, in ms: what the gateway cannot be blamed for.
    machine: AtomicU64,
}

/// Notes how late this machine is.
async fn times_the_machine(counts: Arc<Counts>) {
    const SOON: Duration = Duration::from_millis(50);
    loop {
        let due = Instant::now() + SOON;
        sleep_until(due).await;
        counts.machine.fetch_max(millis(due), Ordering::Relaxed);
    }
}

/// How long ago that was, in ms.
fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The most memory of each minute, in KiB.
fn by_minute(looks: &[u64]) -> Vec<u64> {
    let minutes = looks.chunks(A_MINUTE);
    minutes
        .filter_map(|minute| minute.iter().max().copied())
        .collect()
}

/// Watches as a console does: the inventory's changes, and now and then the list and the page itself.
async fn watches(program: Arc<Program>, cookie: String, number: u64, counts: Arc<Counts>) {
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
        let answer = timeout(HANGS, viewer.get(&path)).await;
        let late = counts.machine.load(Ordering::Relaxed);
        let told = format!("{path}: no answer; this machine was up to {late} ms late");
        let answer = answer.expect(&told).expect("an answer");
        assert_eq!(answer.status, 200, "{path}");
        counts.slowest.fetch_max(millis(sent), Ordering::Relaxed);
        counts.asked.fetch_add(1, Ordering::Relaxed);
        let body = String::from_utf8_lossy(&answer.body);
        if let Some((_, rest)) = body.split_once(r#""revision":""#) {
            rest.split('"')
                .next()
                .unwrap_or_default()
                .clone_into(&mut revision);
        }
    }
}

/// Changes an order each second, with the tag of what it read.
async fn changes(program: Arc<Program>, counts: Arc<Counts>) {
    let mut admin = Viewer::new(&program.address, &program.sign_in("ann").await);
    let mut every = interval(Duration::from_secs(1));
    let order = format!("{GROUP}/slicers");
    loop {
        every.tick().await;
        let read = timeout(HANGS, admin.get(GROUP)).await;
        let tag = read.expect("in time").expect("an answer").tag;
        let put = admin.put(&order, &tag, ORDER);
        let put = timeout(HANGS, put).await.expect("in time");
        // The vendor's first write never ends.
        assert!(matches!(put.expect("an answer").status, 204 | 504));
        counts.asked.fetch_add(1, Ordering::Relaxed);
    }
}

/// Comes and goes: less often than one user may sign in, and in an hour than ended sessions of one are listed.
async fn comes_and_goes(program: Arc<Program>, counts: Arc<Counts>) {
    let mut every = interval(Duration::from_secs(60));
    loop {
        every.tick().await;
        let mut person = Viewer::new(&program.address, &program.sign_in("vic").await);
        let out = person.ask("DELETE", "/api/session", "", "").await;
        assert!(out.expect("an answer").status < 300);
        counts.asked.fetch_add(1, Ordering::Relaxed);
    }
}

/// Guesses passwords, from ever other addresses.
async fn guesses(program: Arc<Program>) {
    let mut every = interval(Duration::from_secs(1));
    for number in 0_u32.. {
        every.tick().await;
        let [_, _, network, host] = number.to_be_bytes();
        let mut stream = from(Ipv4Addr::new(127, 9, network, host.max(1)), &program).await;
        let request = sign_in(&program, host);
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        // Some go before they are answered.
        if number % 4 != 0 {
            let read = timeout(HANGS, stream.read_to_string(&mut answer)).await;
            read.expect("in time").expect("an answer");
        }
    }
}

/// Breaks off in the middle of a request, or of a large answer.
async fn breaks_off(program: Arc<Program>) {
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
            let read = timeout(HANGS, stream.read_exact(&mut head)).await;
            read.expect("in time").expect("an answer");
        }
    }
}

async fn reloads(program: Arc<Program>) {
    let mut every = interval(Duration::from_secs(20));
    loop {
        every.tick().await;
        program.reload();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes an hour: cargo xtask load"]
async fn an_hour_of_mixed_load_takes_no_more_memory_than_its_first_minute() {
    let minutes = std::env::var(MINUTES)
        .ok()
        .and_then(|text| text.parse().ok());
    let whole = Duration::from_secs(60 * minutes.unwrap_or(USUALLY));
    let vendor = Vendor::start().await;
    let program = Arc::new(Program::start(&vendor, 1, "127.0.0.1:0").await);
    let counts = Arc::new(Counts::default());
    let mut everything = JoinSet::new();
    // One after the other: who tries to sign in many times at once is taken for a guesser.
    for number in 0..30 {
        let cookie = program.sign_in("vic").await;
        everything.spawn(watches(program.clone(), cookie, number, counts.clone()));
    }
    everything.spawn(changes(program.clone(), counts.clone()));
    everything.spawn(comes_and_goes(program.clone(), counts.clone()));
    everything.spawn(guesses(program.clone()));
    everything.spawn(breaks_off(program.clone()));
    everything.spawn(reloads(program.clone()));
    everything.spawn(times_the_machine(counts.clone()));
    let (begun, mut looks) = (Instant::now(), Vec::new());
    let mut every = interval(LOOK);
    every.tick().await;
    while begun.elapsed() < whole {
        tokio::select! {
            _ = every.tick() => looks.push(program.memory()),
            Some(ended) = everything.join_next() => panic!("nobody ends: {ended:?}"),
        }
    }
    let minutes = by_minute(&looks);
    println!(
        "{} requests answered, the slowest of a viewer's in {} ms while this machine was up to {} ms late; most KiB of each minute: {minutes:?}",
        counts.asked.load(Ordering::Relaxed),
        counts.slowest.load(Ordering::Relaxed),
        counts.machine.load(Ordering::Relaxed)
    );
    let (first, last) = (minutes[0], minutes[minutes.len() - 1]);
    assert!(
        last * 10 <= first * 11,
        "{first} KiB in the first minute, {last} KiB in the last"
    );
}
