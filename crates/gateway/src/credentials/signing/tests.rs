use super::*;
use crate::clock::UnixClock;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use tokio::time::sleep;

/// A clock that follows tokio's, which tests can pause.
fn virtual_clock(start: Duration) -> UnixClock {
    let started = Instant::now();
    Arc::new(move || start + started.elapsed())
}

fn signer() -> Signer {
    let clock: UnixClock = Arc::new(|| Duration::from_secs(1_576_107_800));
    let turns = Arc::new(SigningQueue::new(clock, None));
    Signer::new(
        "1234567890abcdefghijklmnopqrstu".to_owned(),
        SecretString::from("1234567890abcdefghijklmnopqrstuvwxyz1234"),
        turns,
    )
}

#[test]
fn an_uncompressed_message_matches_the_published_example() {
    let message = signer()
        .message(1_576_107_800, Compression::none())
        .unwrap();
    assert_eq!(
        message,
        "eAEBRAC7/3siX293bmVyIjoiMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dSIsIl90aW1lc3RhbXAiOjE1NzYxMDc4MDB9/+YV+Q=="
    );
    assert_eq!(
        signer().signature(&message).unwrap(),
        "728073a1b4bb687039658600bfa378752c159443bcd7ec4520bdd23c08f5a63c"
    );
}

#[tokio::test]
async fn a_compressed_message_inflates_to_the_json_and_is_signed() {
    let signer = signer();
    let turn = signer
        .turn(Urgency::Read, Duration::from_secs(1))
        .await
        .unwrap();
    let query = signer.query(&turn).unwrap();
    let (message, signature) = query
        .strip_prefix("msg=")
        .and_then(|rest| rest.split_once("&sig="))
        .unwrap();
    assert!(
        message
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'%'),
        "{message}"
    );
    let message = percent_encoding::percent_decode_str(message)
        .decode_utf8()
        .unwrap();
    assert_eq!(signature, signer.signature(&message).unwrap());
    let zlib = BASE64_STANDARD.decode(message.as_bytes()).unwrap();
    assert_eq!(zlib[0], 0x78);
    let mut json = String::new();
    flate2::read::ZlibDecoder::new(zlib.as_slice())
        .read_to_string(&mut json)
        .unwrap();
    assert_eq!(
        json,
        r#"{"_owner":"1234567890abcdefghijklmnopqrstu","_timestamp":1576107800}"#
    );
}

#[tokio::test(start_paused = true)]
async fn each_turn_has_its_own_second_and_comes_as_early_as_possible() {
    let turns = SigningQueue::new(virtual_clock(Duration::from_millis(100_900)), None);
    let started = Instant::now();
    let mut seconds = Vec::new();
    for _ in 0..4 {
        seconds.push(turns.next(Urgency::Read).await.second);
    }
    assert_eq!(seconds, [100, 101, 102, 103]);
    assert_eq!(started.elapsed().as_millis(), 2_100);
}

#[tokio::test(start_paused = true)]
async fn a_faster_clock_gives_turns_sooner() {
    let started = Instant::now();
    let now = Arc::new(move || Duration::from_secs(100) + 10 * started.elapsed());
    let turns = SigningQueue::new(SigningClock::new(now, 10.0), None);
    for second in 100..104 {
        assert_eq!(turns.next(Urgency::Read).await.second, second);
    }
    assert_eq!(started.elapsed().as_millis(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_turn_waits_until_the_previous_one_ends() {
    let turns = SigningQueue::new(virtual_clock(Duration::from_secs(100)), None);
    let first = turns.next(Urgency::Read).await;
    let waited = tokio::time::timeout(Duration::from_secs(60), turns.next(Urgency::Read)).await;
    assert!(
        waited.is_err(),
        "a second turn was given while the first was held"
    );
    drop(first);
    assert_eq!(turns.next(Urgency::Read).await.second, 160);
}

#[tokio::test(start_paused = true)]
async fn a_change_gets_the_next_second_before_all_waiting_reads() {
    let turns = SigningQueue::new(virtual_clock(Duration::from_secs(100)), None);
    let order = std::sync::Mutex::new(Vec::new());
    let take = async |name, urgency| {
        let turn = turns.next(urgency).await;
        order.lock().unwrap().push((name, turn.second));
    };
    let reads = futures_util::future::join_all((0..15).map(|_| take("read", Urgency::Read)));
    let changes = async {
        // The first read has the second 100, and the next one waits for 101.
        sleep(Duration::from_millis(500)).await;
        tokio::join!(
            take("change", Urgency::Change),
            take("change", Urgency::Change)
        );
        // By now reads wait for 103.
        sleep(Duration::from_millis(500)).await;
        take("change", Urgency::Change).await;
    };
    tokio::join!(reads, changes);
    let order = order.into_inner().unwrap();
    let changes: Vec<u64> = order
        .iter()
        .filter(|(name, _)| *name == "change")
        .map(|(_, second)| *second)
        .collect();
    assert_eq!(changes, [101, 102, 103]);
    let seconds: Vec<u64> = order.iter().map(|(_, second)| *second).collect();
    assert_eq!(seconds, (100..118).collect::<Vec<u64>>(), "no duplicates");
}

#[tokio::test(start_paused = true)]
async fn a_read_gives_up_its_turn_to_a_change_after_two_seconds() {
    let turns = SigningQueue::new(virtual_clock(Duration::from_secs(100)), None);
    for (age, expected) in [(0, 2_000), (1_500, 500), (9_000, 0)] {
        let hanging = turns.next(Urgency::Read).await;
        sleep(Duration::from_millis(age)).await;
        let waiting = Instant::now();
        let change = async {
            drop(turns.next(Urgency::Change).await);
        };
        let read = async {
            hanging.is_needed_for_a_change().await;
            let waited = waiting.elapsed().as_millis();
            drop(hanging);
            waited
        };
        assert_eq!(tokio::join!(read, change).0, expected);
        sleep(Duration::from_secs(1)).await;
    }
    let change = turns.next(Urgency::Change).await;
    let waits = turns.next(Urgency::Change);
    let given_up = tokio::time::timeout(Duration::from_secs(60), async {
        tokio::join!(change.is_needed_for_a_change(), waits);
    });
    assert!(given_up.await.is_err(), "a change keeps its turn");
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_change_does_not_delay_reads() {
    let turns = SigningQueue::new(virtual_clock(Duration::from_secs(100)), None);
    let held = turns.next(Urgency::Read).await;
    let change = turns.next(Urgency::Change);
    assert!(
        tokio::time::timeout(Duration::from_secs(1), change)
            .await
            .is_err()
    );
    drop(held);
    assert_eq!(turns.next(Urgency::Read).await.second, 101);
}

#[tokio::test(start_paused = true)]
async fn waiting_too_long_for_a_turn_is_a_timeout() {
    let signer = Signer::new(
        "o".to_owned(),
        SecretString::from("k"),
        Arc::new(SigningQueue::new(
            virtual_clock(Duration::from_secs(100)),
            None,
        )),
    );
    let _held = signer
        .turn(Urgency::Read, Duration::from_secs(1))
        .await
        .unwrap();
    let problem = signer
        .turn(Urgency::Read, Duration::from_secs(1))
        .await
        .err()
        .unwrap();
    assert_eq!(
        (problem.kind, problem.retry_after),
        (Kind::Timeout, Some(5))
    );
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_block_the_queue() {
    let time = Arc::new(std::sync::Mutex::new(Duration::from_secs(7_200)));
    let shown = time.clone();
    let clock: UnixClock = Arc::new(move || *shown.lock().unwrap());
    let turns = SigningQueue::new(clock, None);
    assert_eq!(turns.next(Urgency::Read).await.second, 7_200);
    *time.lock().unwrap() = Duration::from_secs(3_600);
    assert_eq!(turns.next(Urgency::Read).await.second, 3_600);
}

#[tokio::test(start_paused = true)]
async fn no_second_is_used_again_after_a_clock_was_set_back() {
    let back = Arc::new(AtomicU64::new(0));
    let (clock, shown) = (virtual_clock(Duration::from_secs(100)), back.clone());
    let clock: UnixClock = Arc::new(move || clock() - Duration::from_secs(shown.load(SeqCst)));
    let turns = SigningQueue::new(clock, None);
    let next = async || turns.next(Urgency::Read).await.second;
    assert_eq!([next().await, next().await, next().await], [100, 101, 102]);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(next().await, 122);
    back.store(21, SeqCst);
    let started = Instant::now();
    assert_eq!([next().await, next().await], [103, 104]);
    assert_eq!(started.elapsed().as_secs(), 3);
}

/// Seconds shared by several gateways.
fn shared_seconds() -> SharedSeconds {
    let taken = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    Arc::new(move |now| {
        let mut taken = taken.lock().unwrap();
        let free = (now..).find(|second| taken.insert(*second));
        Box::pin(std::future::ready(free))
    })
}

#[tokio::test(start_paused = true)]
async fn two_gateways_never_sign_with_the_same_second() {
    let (shared, clock) = (shared_seconds(), virtual_clock(Duration::from_secs(100)));
    let gateway = || SigningQueue::new(clock.clone(), Some(shared.clone()));
    let (one, other) = (gateway(), gateway());
    let take = async |turns: &SigningQueue| {
        let mut seconds = Vec::new();
        for _ in 0..3 {
            let second = turns.next(Urgency::Read).await.second;
            assert!(second <= clock().as_secs(), "{second} is in the future");
            seconds.push(second);
        }
        seconds
    };
    let (mut all, more) = tokio::join!(take(&one), take(&other));
    all.extend(more);
    all.sort_unstable();
    assert_eq!(all, [100, 101, 102, 103, 104, 105]);
}

#[tokio::test(start_paused = true)]
async fn a_change_takes_over_the_shared_second_of_a_waiting_read() {
    let clock = virtual_clock(Duration::from_secs(100));
    let turns = SigningQueue::new(clock, Some(shared_seconds()));
    // Another gateway has taken the current second.
    turns.shared.as_ref().unwrap()(100).await;
    let read = turns.next(Urgency::Read);
    let change = async {
        sleep(Duration::from_millis(500)).await;
        turns.next(Urgency::Change).await.second
    };
    let (read, change) = tokio::join!(async { read.await.second }, change);
    assert_eq!((change, read), (101, 102));
}

#[tokio::test(start_paused = true)]
async fn without_usable_shared_seconds_a_gateway_counts_by_itself() {
    for answer in [Some(None), None] {
        let unavailable: SharedSeconds = Arc::new(move |_| match answer {
            Some(answer) => Box::pin(std::future::ready(answer)),
            None => Box::pin(std::future::pending()),
        });
        let turns = SigningQueue::new(virtual_clock(Duration::from_secs(100)), Some(unavailable));
        let started = Instant::now();
        let first = turns.next(Urgency::Read).await.second;
        let second = turns.next(Urgency::Change).await.second;
        assert!(first < second, "{first} {second}");
        assert!(started.elapsed() <= Duration::from_secs(3));
    }
    let turns = SigningQueue::new(
        virtual_clock(Duration::from_secs(100)),
        Some(shared_seconds()),
    );
    turns.seconds.lock().await.taken = Some(7_200);
    assert_eq!(turns.next(Urgency::Read).await.second, 100);
}
