//! Shares one request to the vendor among all callers that read the same at the same time or within the connection's
//! `share_seconds`. A write discards all answers, so that later reads see its effect.

use crate::lock::lock;
use crate::problem::Problem;
use crate::single_flight::{Fetched, SingleFlight};
use crate::vendor_http::Answer;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

pub(crate) type Outcome = Result<Answer, Problem>;

type Slots = HashMap<String, Arc<SingleFlight<Outcome>>>;

/// How recent an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Received within the connection's `share_seconds`.
    Lately,
    /// Requested after this call began.
    Now,
}

/// A connection's reads: those in progress and, for a short time, their answers.
#[derive(Debug)]
pub(crate) struct Reads {
    /// How long an answer is reused.
    reuse_for: Duration,
    slots: Mutex<Slots>,
    tidied: Mutex<Tidied>,
}

/// When old answers were last dropped, and the number of answers above which they are dropped again early. It is at
/// least twice the number that was left, so that the search costs each read little, however many there are.
#[derive(Debug)]
struct Tidied {
    at: Instant,
    tidy_above: usize,
    /// The bytes of the kept answers, and of those that were dropped since the last count.
    bytes: usize,
}

impl Reads {
    pub(crate) fn new(reuse_for: Duration) -> Self {
        Self {
            reuse_for,
            slots: Mutex::default(),
            tidied: Mutex::new(Tidied {
                at: Instant::now(),
                tidy_above: TIDY_ABOVE,
                bytes: 0,
            }),
        }
    }

    /// The outcome of the read named `key`, from this caller's fetch or another's. A caller that fetches first waits
    /// for a `permit`.
    pub(crate) async fn get<P, G, F>(
        &self,
        key: &str,
        when: When,
        permit: impl Fn() -> G,
        fetch: impl FnOnce() -> F,
    ) -> Outcome
    where
        G: Future<Output = Result<P, Problem>>,
        F: Future<Output = Outcome>,
    {
        let slot = {
            let mut slots = lock(&self.slots);
            slots.entry(key.to_owned()).or_default().clone()
        };
        let is_new = AtomicBool::new(false);
        let fetched = slot
            .get_with_permit(
                when == When::Now,
                |fetched| when == When::Lately && self.serves(fetched),
                permit,
                |_| {
                    is_new.store(true, Ordering::Relaxed);
                    fetch()
                },
            )
            .await;
        let bytes = fetched.as_ref().map_or(0, size);
        self.tidy(key, &slot, bytes, is_new.into_inner());
        fetched?.value
    }

    fn serves(&self, fetched: &Fetched<Outcome>) -> bool {
        fetched.at.elapsed() < self.reuse_for
    }

    /// Drops all answers, because they may be outdated.
    pub(crate) fn forget(&self) {
        lock(&self.slots).clear();
    }

    /// Drops the slot, whose answer has this many bytes, if it is no longer needed, and the other old ones from time to
    /// time.
    fn tidy(&self, key: &str, used: &Arc<SingleFlight<Outcome>>, bytes: usize, is_new: bool) {
        let mut slots = lock(&self.slots);
        if self.reuse_for.is_zero() || bytes > MAX_SIZE {
            // One reference is the map's, the other this caller's.
            if slots.get(key).is_some_and(|slot| Arc::ptr_eq(slot, used))
                && Arc::strong_count(used) == 2
            {
                slots.remove(key);
                return;
            }
        }
        let mut tidied = lock(&self.tidied);
        if is_new {
            tidied.bytes += bytes;
        }
        if slots.len() > tidied.tidy_above || tidied.at.elapsed() >= self.reuse_for {
            slots.retain(|_, slot| {
                let serves = |fetched: &_| self.serves(fetched) && size(fetched) <= MAX_SIZE;
                Arc::strong_count(slot) > 1 || slot.is_usable_or_fetching(serves)
            });
            tidied.at = Instant::now();
            tidied.tidy_above = TIDY_ABOVE.max(2 * slots.len());
        }
        if slots.len() > MAX_ANSWERS {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        if tidied.bytes > MAX_TOTAL_SIZE {
            tidied.bytes = drop_oldest(&mut slots);
        }
    }
}

/// The size of an outcome, in bytes.
fn size(fetched: &Fetched<Outcome>) -> usize {
    fetched.value.as_ref().map_or(0, |answer| answer.body.len())
}

/// Drops the oldest answers until half of the permitted bytes are left, so that this is not needed again soon. Returns
/// the number of bytes that are kept.
fn drop_oldest(slots: &mut Slots) -> usize {
    let mut kept = 0;
    let mut droppable = Vec::new();
    for (key, slot) in &*slots {
        let found = Cell::new(None);
        slot.is_usable_or_fetching(|fetched| {
            found.set(Some((fetched.at, size(fetched))));
            true
        });
        let Some((at, bytes)) = found.get() else {
            continue;
        };
        kept += bytes;
        if Arc::strong_count(slot) == 1 {
            droppable.push((at, bytes, key.clone()));
        }
    }
    droppable.sort_unstable();
    for (_, bytes, key) in droppable {
        if kept <= MAX_TOTAL_SIZE / 2 {
            break;
        }
        kept -= bytes;
        slots.remove(&key);
    }
    kept
}

/// The largest answer that is kept, in bytes. Larger ones are passed to their waiting callers only.
const MAX_SIZE: usize = 1 << 20;
/// The most bytes of all kept answers.
const MAX_TOTAL_SIZE: usize = 64 << 20;
/// Up to this number of answers, old ones stay until the interval ends.
const TIDY_ABOVE: usize = 1024;
/// The most answers that are kept, however recent.
const MAX_ANSWERS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Kind;
    use axum::http::{HeaderMap, StatusCode};
    use std::sync::atomic::AtomicU32;

    fn no_wait() -> std::future::Ready<Result<(), Problem>> {
        std::future::ready(Ok(()))
    }

    /// Each fetch takes 100 ms, is counted and fails: failures are shared like answers.
    async fn read(reads: &Reads, key: &str, count: &AtomicU32) {
        let fetch = async || {
            tokio::time::sleep(Duration::from_millis(100)).await;
            count.fetch_add(1, Ordering::SeqCst);
            Err(Problem::new(Kind::Timeout, "x"))
        };
        assert!(reads.get(key, When::Lately, no_wait, fetch).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_reused_for_its_interval_or_until_a_write() {
        let (reads, count) = (Reads::new(Duration::from_secs(1)), AtomicU32::new(0));
        read(&reads, "a", &count).await;
        read(&reads, "a", &count).await;
        assert_eq!(count.load(Ordering::SeqCst), 1, "remembered");
        read(&reads, "b", &count).await;
        assert_eq!(
            count.load(Ordering::SeqCst),
            2,
            "another read is another fetch"
        );
        reads.forget();
        read(&reads, "a", &count).await;
        assert_eq!(count.load(Ordering::SeqCst), 3, "a write was made");
        tokio::time::advance(Duration::from_secs(1)).await;
        read(&reads, "a", &count).await;
        assert_eq!(count.load(Ordering::SeqCst), 4, "a second is over");
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_after_a_write_does_not_join_an_earlier_read() {
        let (reads, count) = (
            Arc::new(Reads::new(Duration::from_secs(1))),
            Arc::new(AtomicU32::new(0)),
        );
        let before = {
            let (reads, count) = (reads.clone(), count.clone());
            tokio::spawn(async move { read(&reads, "a", &count).await })
        };
        tokio::task::yield_now().await;
        reads.forget();
        read(&reads, "a", &count).await;
        before.await.unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_interval_only_concurrent_reads_are_shared() {
        let (reads, count) = (Reads::new(Duration::ZERO), AtomicU32::new(0));
        tokio::join!(read(&reads, "a", &count), read(&reads, "a", &count));
        assert_eq!(count.load(Ordering::SeqCst), 1);
        read(&reads, "a", &count).await;
        assert_eq!(count.load(Ordering::SeqCst), 2);
        assert!(lock(&reads.slots).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_of_the_present_state_is_never_answered_from_the_cache() {
        let (reads, count) = (Reads::new(Duration::from_secs(5)), AtomicU32::new(0));
        read(&reads, "a", &count).await;
        let fetch = async || {
            count.fetch_add(1, Ordering::SeqCst);
            Err(Problem::new(Kind::Timeout, "x"))
        };
        let outcome = reads.get("a", When::Now, no_wait, fetch).await;
        assert!(outcome.is_err());
        assert_eq!(count.load(Ordering::SeqCst), 2);
        read(&reads, "a", &count).await;
        assert_eq!(
            count.load(Ordering::SeqCst),
            2,
            "and its answer is shared in turn"
        );
    }

    /// 200 walls that poll every 5 s for an hour, each at its own offset.
    #[tokio::test(start_paused = true)]
    async fn two_hundred_walls_cause_one_call_per_interval() {
        let interval = Duration::from_secs(5);
        let (reads, count) = (Arc::new(Reads::new(interval)), Arc::new(AtomicU32::new(0)));
        let begun = Instant::now();
        let walls: Vec<_> = (0..200)
            .map(|wall| {
                let (reads, count) = (reads.clone(), count.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(wall * 25)).await;
                    for _ in 0..720 {
                        read(&reads, "a", &count).await;
                        tokio::time::sleep(interval).await;
                    }
                })
            })
            .collect();
        for wall in walls {
            wall.await.unwrap();
        }
        let intervals = begun.elapsed().as_secs() / 5;
        let calls = u64::from(count.load(Ordering::SeqCst));
        assert!(
            calls <= intervals + 1,
            "{calls} calls in {intervals} intervals"
        );
        assert!(
            calls >= intervals / 2,
            "{calls} calls in {intervals} intervals"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_are_not_read_again_are_dropped() {
        let (reads, count) = (Reads::new(Duration::from_secs(1)), AtomicU32::new(0));
        for number in 0..500 {
            read(&reads, &number.to_string(), &count).await;
        }
        assert!(
            lock(&reads.slots).len() < 30,
            "{}",
            lock(&reads.slots).len()
        );
    }
    async fn read_bytes(reads: &Reads, key: &str, bytes: usize, count: &AtomicU32) {
        let fetch = async || {
            tokio::time::sleep(Duration::from_millis(1)).await;
            count.fetch_add(1, Ordering::SeqCst);
            Ok(Answer {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: vec![0; bytes].into(),
                at: Instant::now(),
            })
        };
        let read = reads.get(key, When::Lately, no_wait, fetch).await;
        assert_eq!(read.unwrap().body.len(), bytes);
    }

    fn held(reads: &Reads) -> usize {
        let (slots, sum) = (lock(&reads.slots), Cell::new(0));
        for slot in slots.values() {
            slot.is_usable_or_fetching(|fetched| {
                sum.set(sum.get() + size(fetched));
                true
            });
        }
        sum.get()
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_answer_is_shared_with_waiting_callers_but_not_kept() {
        let (reads, count) = (Reads::new(Duration::from_secs(60)), AtomicU32::new(0));
        let large = || read_bytes(&reads, "large", MAX_SIZE + 1, &count);
        tokio::join!(large(), large(), large());
        assert_eq!(count.load(Ordering::SeqCst), 1, "shared");
        assert_eq!(held(&reads), 0);
        for _ in 0..2 {
            read_bytes(&reads, "small", MAX_SIZE, &count).await;
        }
        assert_eq!(count.load(Ordering::SeqCst), 2, "kept");
        // The caller gives up at that moment, so the answer is dropped with the old ones.
        let (mut first, mut second) = (Box::pin(large()), Box::pin(large()));
        for read in [first.as_mut(), second.as_mut()] {
            assert!(tokio::time::timeout(Duration::ZERO, read).await.is_err());
        }
        first.await;
        drop(second);
        assert_eq!(held(&reads), 2 * MAX_SIZE + 1);
        tokio::time::advance(Duration::from_secs(60)).await;
        read_bytes(&reads, "small", 1, &count).await;
        assert_eq!(held(&reads), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_kept_bytes_are_limited_and_the_newest_answers_stay() {
        let (reads, count) = (Reads::new(Duration::from_secs(60)), AtomicU32::new(0));
        for number in 0..200 {
            read_bytes(&reads, &number.to_string(), MAX_SIZE, &count).await;
            assert!(held(&reads) <= MAX_TOTAL_SIZE);
        }
        assert!(held(&reads) >= MAX_TOTAL_SIZE / 2);
        read_bytes(&reads, "199", MAX_SIZE, &count).await;
        assert_eq!(count.load(Ordering::SeqCst), 200, "from the cache");
    }
}
