//! One fetch for all who ask for the same thing at the same time. Knows nothing of what is fetched.

use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A slot that holds the last outcome.
#[derive(Debug)]
pub(crate) struct SingleFlight<T> {
    /// How many fetches have ended. Read without the lock by those who arrive.
    ended: AtomicU64,
    slot: Mutex<Option<Landed<T>>>,
}

/// An outcome, with which fetch it was and when it ended.
#[derive(Debug, Clone)]
pub(crate) struct Landed<T> {
    pub(crate) value: T,
    /// Counts up from 1: tells an outcome from its successor.
    pub(crate) number: u64,
    pub(crate) at: Instant,
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self {
            ended: AtomicU64::new(0),
            slot: Mutex::new(None),
        }
    }
}

impl<T: Clone> SingleFlight<T> {
    /// The last outcome if it still serves, or if it came while this caller waited for it; otherwise
    /// fetches a new one. A caller that goes away while fetching leaves the fetch to the next one.
    pub(crate) async fn get<F: Future<Output = T>>(
        &self,
        serves: impl Fn(&Landed<T>) -> bool,
        fetch: impl FnOnce(Option<Landed<T>>) -> F,
    ) -> Landed<T> {
        let arrived = self.ended.load(Ordering::Acquire);
        let mut slot = self.slot.lock().await;
        if let Some(landed) = &*slot
            && (landed.number > arrived || serves(landed))
        {
            return landed.clone();
        }
        let value = fetch(slot.clone()).await;
        let number = self.ended.load(Ordering::Acquire) + 1;
        let landed = Landed {
            value,
            number,
            at: Instant::now(),
        };
        *slot = Some(landed.clone());
        self.ended.store(number, Ordering::Release);
        landed
    }

    /// Whether there is an outcome that serves, or one is being fetched.
    pub(crate) fn is_of_use(&self, serves: impl Fn(&Landed<T>) -> bool) -> bool {
        match self.slot.try_lock() {
            Ok(slot) => slot.as_ref().is_some_and(serves),
            Err(_) => true,
        }
    }

    /// Takes the outcome out, waiting for a fetch under way.
    pub(crate) async fn take(&self) -> Option<T> {
        self.slot.lock().await.take().map(|landed| landed.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_share_one_fetch_and_the_next_fetches_anew() {
        let flight = Arc::new(SingleFlight::<u64>::default());
        let fetched = Arc::new(AtomicU64::new(0));
        let ask = || {
            let (flight, fetched) = (flight.clone(), fetched.clone());
            tokio::spawn(async move {
                let fetch = |_| async {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    fetched.fetch_add(1, Ordering::SeqCst) + 1
                };
                flight.get(|_| false, fetch).await.value
            })
        };
        let together = [ask(), ask(), ask()];
        for one in together {
            assert_eq!(one.await.unwrap(), 1);
        }
        assert_eq!(ask().await.unwrap(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_goes_away_leaves_the_fetch_to_the_next() {
        let flight = Arc::new(SingleFlight::<u64>::default());
        let first = {
            let flight = flight.clone();
            tokio::spawn(async move {
                flight
                    .get(|_| false, |_| std::future::pending())
                    .await
                    .value
            })
        };
        tokio::task::yield_now().await;
        first.abort();
        assert_eq!(flight.get(|_| false, async |_| 7).await.value, 7);
    }
}
