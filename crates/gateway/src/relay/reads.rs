//! One request to the vendor for all who read the same at the same time or within the interval that
//! the connection shares answers for. A write forgets everything: who reads after it reads anew.

use crate::problem::Problem;
use crate::single_flight::{Landed, SingleFlight};
use crate::wire::Answer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

pub(crate) type Outcome = Result<Answer, Problem>;

type Slots = HashMap<String, Arc<SingleFlight<Outcome>>>;

/// Which answer is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// One of the interval.
    Lately,
    /// One that comes after the question.
    Now,
}

/// A connection's reads under way and, for a moment, past.
#[derive(Debug)]
pub(crate) struct Reads {
    /// How long an answer serves those who come later.
    memory: Duration,
    slots: Mutex<Slots>,
    tidied: Mutex<Instant>,
}

impl Reads {
    pub(crate) fn new(memory: Duration) -> Self {
        Self {
            memory,
            slots: Mutex::default(),
            tidied: Mutex::new(Instant::now()),
        }
    }

    /// The outcome of the read called `key`, of this caller's fetch or of another's.
    pub(crate) async fn get<F: Future<Output = Outcome>>(
        &self,
        key: &str,
        when: When,
        fetch: impl FnOnce() -> F,
    ) -> Landed<Outcome> {
        let slot = {
            let mut slots = self.slots();
            slots.entry(key.to_owned()).or_default().clone()
        };
        let landed = slot
            .get(
                |landed| when == When::Lately && self.serves(landed),
                |_| fetch(),
            )
            .await;
        self.tidy(key, &slot);
        landed
    }

    fn serves(&self, landed: &Landed<Outcome>) -> bool {
        landed.at.elapsed() < self.memory
    }

    /// Forgets what was read: it may have been changed.
    pub(crate) fn forget(&self) {
        self.slots().clear();
    }

    /// Drops a slot that nobody waits for and that serves nobody later, and now and then the old ones
    /// beside.
    fn tidy(&self, key: &str, used: &Arc<SingleFlight<Outcome>>) {
        let mut slots = self.slots();
        if self.memory.is_zero() {
            // The map's and this caller's own.
            if slots.get(key).is_some_and(|slot| Arc::ptr_eq(slot, used))
                && Arc::strong_count(used) == 2
            {
                slots.remove(key);
            }
            return;
        }
        let mut tidied = self.tidied.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() > MANY || tidied.elapsed() >= self.memory {
            slots.retain(|_, slot| {
                Arc::strong_count(slot) > 1 || slot.is_of_use(|landed| self.serves(landed))
            });
            *tidied = Instant::now();
        }
        if slots.len() > MOST {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With more remembered answers than this the old ones are looked for at once.
const MANY: usize = 1024;
/// More than this are not kept, however young.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Kind;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Counts fetches, each of which takes 100 ms and fails: outcomes are shared alike.
    async fn read(reads: &Reads, key: &str, count: &AtomicU32) {
        let fetch = async || {
            tokio::time::sleep(Duration::from_millis(100)).await;
            count.fetch_add(1, Ordering::SeqCst);
            Err(Problem::new(Kind::Timeout, "x"))
        };
        assert!(reads.get(key, When::Lately, fetch).await.value.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_memory_serves_for_its_time_and_a_write_ends_it() {
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
    async fn a_read_that_begins_after_a_write_does_not_join_one_from_before() {
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
    async fn without_a_memory_only_those_at_the_same_time_share_and_nothing_stays() {
        let (reads, count) = (Reads::new(Duration::ZERO), AtomicU32::new(0));
        tokio::join!(read(&reads, "a", &count), read(&reads, "a", &count));
        assert_eq!(count.load(Ordering::SeqCst), 1);
        read(&reads, "a", &count).await;
        assert_eq!(count.load(Ordering::SeqCst), 2);
        assert!(reads.slots().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_for_now_does_not_get_what_was() {
        let (reads, count) = (Reads::new(Duration::from_secs(5)), AtomicU32::new(0));
        read(&reads, "a", &count).await;
        let fetch = async || {
            count.fetch_add(1, Ordering::SeqCst);
            Err(Problem::new(Kind::Timeout, "x"))
        };
        reads.get("a", When::Now, fetch).await;
        assert_eq!(count.load(Ordering::SeqCst), 2);
        read(&reads, "a", &count).await;
        assert_eq!(
            count.load(Ordering::SeqCst),
            2,
            "and leaves it to the others"
        );
    }

    /// 200 walls that each poll every 5 s, at moments of their own, for an hour.
    #[tokio::test(start_paused = true)]
    async fn two_hundred_walls_cost_the_vendor_one_call_per_interval() {
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
    async fn what_nobody_asks_for_again_is_not_kept() {
        let (reads, count) = (Reads::new(Duration::from_secs(1)), AtomicU32::new(0));
        for number in 0..500 {
            read(&reads, &number.to_string(), &count).await;
        }
        assert!(reads.slots().len() < 30, "{}", reads.slots().len());
    }
}
