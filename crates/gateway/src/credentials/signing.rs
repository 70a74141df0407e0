//! Uplynk's signed requests: one at a time per account, and each with its own second as timestamp, because the
//! vendor refuses a signature that it has seen before. A change that waits gets the next second, before all reads. Where
//! other gateways sign for the account too, each second is taken from what they share; while that is away, this gateway
//! counts by itself.

use super::Urgency;
use crate::clock::Clock;
use crate::crypto::hex;
use crate::problem::{Kind, Problem};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::{Compression, write::ZlibEncoder};
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha2::Sha256;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// A clock that is more than this many seconds behind the last signature was set back. Waiting for it would
/// block the account.
const SET_BACK: u64 = 5;

/// So many seconds may be taken in advance by gateways that share them. What is further ahead is of a clock that goes
/// wrong.
pub(crate) const AHEAD: u64 = 30;

/// How long to wait for a second that gateways share.
const TO_TAKE: Duration = Duration::from_secs(1);

/// Takes a second that no other gateway signs with: given the present one, that one or a later one. `None` where that
/// cannot be asked.
pub(crate) type SharedSeconds = Arc<dyn Fn(u64) -> BoxFuture<'static, Option<u64>> + Send + Sync>;

/// How long a read may keep a change waiting for the vendor's answer.
const GRACE: Duration = Duration::from_secs(2);

/// The queue of one account, which all its connections share.
pub(crate) struct Turns {
    clock: Clock,
    shared: Option<SharedSeconds>,
    last: Mutex<Last>,
    /// How many changes wait for a turn.
    changes: watch::Sender<usize>,
}

/// The last second of an account.
#[derive(Debug, Default)]
struct Last {
    used: u64,
    /// One that was taken from those that are shared, by who no longer waits for it.
    taken: Option<u64>,
}

/// A change that waits. Dropping it says that it no longer does.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn new(changes: &'a watch::Sender<usize>) -> Self {
        changes.send_modify(|waiting| *waiting += 1);
        Self(changes)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").finish_non_exhaustive()
    }
}

/// Permission to send one request. Others wait until it is dropped.
pub(crate) struct Turn<'a> {
    second: u64,
    began: Instant,
    /// The changes that wait, for a read.
    changes: Option<&'a watch::Sender<usize>>,
    _alone: MutexGuard<'a, Last>,
}

impl Turn<'_> {
    /// Returns when a change waits and this read has had its time. Never for a change.
    pub(super) async fn is_needed_for_a_change(&self) {
        match self.changes {
            Some(changes) => {
                a_change_waits(changes).await;
                sleep_until(self.began + GRACE).await;
            }
            None => std::future::pending().await,
        }
    }
}

async fn a_change_waits(changes: &watch::Sender<usize>) {
    // Fails only without a sender, which the reference excludes.
    drop(changes.subscribe().wait_for(|waiting| *waiting > 0).await);
}

impl Turns {
    pub(crate) fn new(clock: Clock, shared: Option<SharedSeconds>) -> Self {
        Self {
            clock,
            shared,
            last: Mutex::default(),
            changes: watch::Sender::default(),
        }
    }

    /// Waits until earlier requests have ended, and for a second that none of them used.
    pub(crate) async fn next(&self, urgency: Urgency) -> Turn<'_> {
        match urgency {
            Urgency::Change => {
                let _waiting = Waiting::new(&self.changes);
                let mut last = self.last.lock().await;
                let second = self.second_after(&mut last).await;
                self.turn(second, last, None)
            }
            Urgency::Read => loop {
                let mut changes = self.changes.subscribe();
                drop(changes.wait_for(|waiting| *waiting == 0).await);
                let mut last = self.last.lock().await;
                let second = tokio::select! {
                    biased;
                    () = a_change_waits(&self.changes) => continue,
                    second = self.second_after(&mut last) => second,
                };
                return self.turn(second, last, Some(&self.changes));
            },
        }
    }

    fn turn<'a>(
        &self,
        second: u64,
        alone: MutexGuard<'a, Last>,
        changes: Option<&'a watch::Sender<usize>>,
    ) -> Turn<'a> {
        Turn {
            second,
            began: Instant::now(),
            changes,
            _alone: alone,
        }
    }

    /// The present second, once it is not that of the last signature, of this gateway or of another one.
    async fn second_after(&self, last: &mut Last) -> u64 {
        loop {
            let now = (self.clock)();
            let second = now.as_secs();
            let mut next = last.used + 1;
            if second >= next || second + SET_BACK < last.used {
                next = self.taken(last, second).await;
                if next <= second {
                    *last = Last {
                        used: next,
                        taken: None,
                    };
                    return next;
                }
            }
            sleep(Duration::from_secs(next).saturating_sub(now)).await;
        }
    }

    /// A second for this gateway alone: the present one, or one that comes.
    async fn taken(&self, last: &mut Last, second: u64) -> u64 {
        let Some(shared) = &self.shared else {
            return second;
        };
        // One that has only just gone by is as good, and one that is far away is of a clock that was set back.
        let near = second.saturating_sub(SET_BACK)..=second + AHEAD;
        let kept = last.taken.filter(|taken| near.contains(taken));
        let taken = match kept {
            Some(taken) => taken,
            None => {
                let taken = tokio::time::timeout(TO_TAKE, shared(second)).await;
                taken.ok().flatten().unwrap_or(second)
            }
        };
        last.taken = Some(taken);
        taken
    }
}

/// Signs for one account.
#[derive(Debug)]
pub(crate) struct Signer {
    owner: String,
    api_key: SecretString,
    turns: Arc<Turns>,
}

/// The signed message, with the vendor's field names in the vendor's order.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "_owner")]
    owner: &'a str,
    #[serde(rename = "_timestamp")]
    timestamp: u64,
}

impl Signer {
    pub(crate) fn new(owner: String, api_key: SecretString, turns: Arc<Turns>) -> Self {
        Self {
            owner,
            api_key,
            turns,
        }
    }

    /// Waits for a turn, at most for `patience`.
    pub(crate) async fn turn(
        &self,
        urgency: Urgency,
        patience: Duration,
    ) -> Result<Turn<'_>, Problem> {
        tokio::time::timeout(patience, self.turns.next(urgency))
            .await
            .map_err(|_| {
                let detail =
                    "too many requests are waiting for this account, which takes one a second";
                Problem {
                    retry_after: Some(5),
                    ..Problem::new(Kind::Timeout, detail)
                }
            })
    }

    /// The percent-encoded query parameters that sign a request of this turn.
    pub(crate) fn query(&self, turn: &Turn<'_>) -> Result<String, Problem> {
        let message = self.message(turn.second, Compression::best())?;
        let signature = self.signature(&message)?;
        // These three characters of base64 have a meaning in a query.
        let message = message
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        Ok(format!("msg={message}&sig={signature}"))
    }

    fn message(&self, timestamp: u64, level: Compression) -> Result<String, Problem> {
        let json = serde_json::to_vec(&Message {
            owner: &self.owner,
            timestamp,
        })
        .map_err(unsignable)?;
        let mut zlib = ZlibEncoder::new(Vec::new(), level);
        zlib.write_all(&json).map_err(unsignable)?;
        Ok(BASE64_STANDARD.encode(zlib.finish().map_err(unsignable)?))
    }

    /// The signature of the base64 text, with the key's text as the key.
    fn signature(&self, message: &str) -> Result<String, Problem> {
        let key = self.api_key.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(unsignable)?;
        mac.update(message.as_bytes());
        Ok(hex(&mac.finalize().into_bytes()))
    }
}

fn unsignable(error: impl fmt::Display) -> Problem {
    Problem::new(
        Kind::Internal,
        format!("the request could not be signed: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    /// A clock that follows tokio's, which tests can pause.
    fn virtual_clock(start: Duration) -> Clock {
        let begun = Instant::now();
        Arc::new(move || start + begun.elapsed())
    }

    fn signer() -> Signer {
        let turns = Arc::new(Turns::new(
            Arc::new(|| Duration::from_secs(1_576_107_800)),
            None,
        ));
        Signer::new(
            "1234567890abcdefghijklmnopqrstu".to_owned(),
            SecretString::from("1234567890abcdefghijklmnopqrstuvwxyz1234"),
            turns,
        )
    }

    #[test]
    fn an_uncompressed_message_and_its_signature_are_the_published_ones() {
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
    async fn a_compressed_message_inflates_to_the_json_and_its_signature_matches() {
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
        let turns = Turns::new(virtual_clock(Duration::from_millis(100_900)), None);
        let begun = Instant::now();
        let mut seconds = Vec::new();
        for _ in 0..4 {
            seconds.push(turns.next(Urgency::Read).await.second);
        }
        assert_eq!(seconds, [100, 101, 102, 103]);
        assert_eq!(begun.elapsed().as_millis(), 2_100);
    }

    #[tokio::test(start_paused = true)]
    async fn one_request_at_a_time() {
        let turns = Turns::new(virtual_clock(Duration::from_secs(100)), None);
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
    async fn a_change_gets_the_next_second_before_all_reads_that_wait() {
        let turns = Turns::new(virtual_clock(Duration::from_secs(100)), None);
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
        assert_eq!(seconds, (100..118).collect::<Vec<u64>>(), "each its own");
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_gives_up_its_turn_to_a_change_after_two_seconds() {
        let turns = Turns::new(virtual_clock(Duration::from_secs(100)), None);
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
    async fn a_change_that_no_longer_waits_holds_up_no_read() {
        let turns = Turns::new(virtual_clock(Duration::from_secs(100)), None);
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
            Arc::new(Turns::new(virtual_clock(Duration::from_secs(100)), None)),
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
        let turns = Turns::new(Arc::new(move || *shown.lock().unwrap()), None);
        assert_eq!(turns.next(Urgency::Read).await.second, 7_200);
        *time.lock().unwrap() = Duration::from_secs(3_600);
        assert_eq!(turns.next(Urgency::Read).await.second, 3_600);
    }

    /// What several gateways take their seconds from.
    fn shared_seconds() -> SharedSeconds {
        let last = Arc::new(std::sync::Mutex::new(0));
        Arc::new(move |now| {
            let mut last = last.lock().unwrap();
            *last = (*last + 1).max(now);
            Box::pin(std::future::ready(Some(*last)))
        })
    }

    #[tokio::test(start_paused = true)]
    async fn two_gateways_take_turns_with_the_seconds_of_one_account() {
        let (shared, clock) = (shared_seconds(), virtual_clock(Duration::from_secs(100)));
        let gateway = || Turns::new(clock.clone(), Some(shared.clone()));
        let (one, other) = (gateway(), gateway());
        let take = async |turns: &Turns| {
            let mut seconds = Vec::new();
            for _ in 0..3 {
                let second = turns.next(Urgency::Read).await.second;
                assert!(second <= clock().as_secs(), "{second} has come");
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
    async fn a_second_that_a_read_has_taken_is_that_of_the_change_that_comes_before_it() {
        let clock = virtual_clock(Duration::from_secs(100));
        let turns = Turns::new(clock, Some(shared_seconds()));
        // Another gateway has the present one.
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
    async fn a_gateway_counts_by_itself_where_what_is_shared_is_away_or_its_clock_was_set_back() {
        for answer in [Some(None), None] {
            let away: SharedSeconds = Arc::new(move |_| match answer {
                Some(answer) => Box::pin(std::future::ready(answer)),
                None => Box::pin(std::future::pending()),
            });
            let turns = Turns::new(virtual_clock(Duration::from_secs(100)), Some(away));
            let begun = Instant::now();
            let first = turns.next(Urgency::Read).await.second;
            let second = turns.next(Urgency::Change).await.second;
            assert!(first < second, "{first} {second}");
            assert!(begun.elapsed() <= Duration::from_secs(3));
        }
        let turns = Turns::new(
            virtual_clock(Duration::from_secs(100)),
            Some(shared_seconds()),
        );
        turns.last.lock().await.taken = Some(7_200);
        assert_eq!(turns.next(Urgency::Read).await.second, 100);
    }
}
