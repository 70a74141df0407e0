//! One request to the vendor for all who read the same at the same time, and for a vendor that
//! counts requests a short memory beside. A write forgets everything: who reads after it reads anew.

use crate::problem::Problem;
use crate::single_flight::{Landed, SingleFlight};
use crate::wire::Answer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) type Outcome = Result<Answer, Problem>;

type Slots = HashMap<String, Arc<SingleFlight<Outcome>>>;

/// A connection's reads under way and, for a moment, past.
#[derive(Debug)]
pub(crate) struct Reads {
    /// How long an answer serves those who come later.
    memory: Duration,
    slots: Mutex<Slots>,
}

impl Reads {
    pub(crate) fn new(memory: Duration) -> Self {
        Self {
            memory,
            slots: Mutex::default(),
        }
    }

    /// The outcome of the read called `key`, of this caller's fetch or of another's.
    pub(crate) async fn get<F: Future<Output = Outcome>>(
        &self,
        key: &str,
        fetch: impl FnOnce() -> F,
    ) -> Landed<Outcome> {
        let slot = {
            let mut slots = self.slots();
            slots.entry(key.to_owned()).or_default().clone()
        };
        let landed = slot
            .get(|landed| landed.at.elapsed() < self.memory, |_| fetch())
            .await;
        self.tidy(key, &slot);
        landed
    }

    /// Forgets what was read: it may have been changed.
    pub(crate) fn forget(&self) {
        self.slots().clear();
    }

    /// Drops a slot that nobody waits for and that serves nobody later, and old ones beside.
    fn tidy(&self, key: &str, used: &Arc<SingleFlight<Outcome>>) {
        let mut slots = self.slots();
        if self.memory.is_zero() {
            // The map's and this caller's own.
            if slots.get(key).is_some_and(|slot| Arc::ptr_eq(slot, used))
                && Arc::strong_count(used) == 2
            {
                slots.remove(key);
            }
        } else if slots.len() > MANY {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More remembered answers than this are more than any page asks for.
const MANY: usize = 64;

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
        assert!(reads.get(key, fetch).await.value.is_err());
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
}
