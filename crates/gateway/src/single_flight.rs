//! Coalesces concurrent requests for the same thing into one fetch.

use std::convert::Infallible;
use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A slot that holds the last outcome.
#[derive(Debug)]
pub(crate) struct SingleFlight<T> {
    /// How many fetches have ended. Callers read it without the lock when they arrive.
    ended: AtomicU64,
    slot: Mutex<Option<Landed<T>>>,
}

/// The outcome of a fetch.
#[derive(Debug, Clone)]
pub(crate) struct Landed<T> {
    pub(crate) value: T,
    /// Counts fetches from 1 and so identifies the outcome.
    pub(crate) number: u64,
    /// When the fetch ended.
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
    /// The last outcome if it still serves or arrived while this caller waited. Otherwise fetches a new one. If
    /// the caller that fetches is dropped, the next one fetches.
    pub(crate) async fn get<F: Future<Output = T>>(
        &self,
        serves: impl Fn(&Landed<T>) -> bool,
        fetch: impl FnOnce(Option<Landed<T>>) -> F,
    ) -> Landed<T> {
        let no_wait = || ready(Ok::<(), Infallible>(()));
        match self.get_in_place(serves, no_wait, fetch).await {
            Ok(landed) => landed,
            Err(never) => match never {},
        }
    }

    /// As [`Self::get`], but who fetches holds a place, which `place` waits for. Nobody else waits for that: of
    /// all who want the same, the first one with a place fetches, and who waits for its outcome holds none.
    ///
    /// # Errors
    /// What `place` failed with.
    pub(crate) async fn get_in_place<P, E, G, F>(
        &self,
        serves: impl Fn(&Landed<T>) -> bool,
        place: impl Fn() -> G,
        fetch: impl FnOnce(Option<Landed<T>>) -> F,
    ) -> Result<Landed<T>, E>
    where
        G: Future<Output = Result<P, E>>,
        F: Future<Output = T>,
    {
        let arrived = self.ended.load(Ordering::Acquire);
        let mut held = None;
        let (mut slot, _place) = loop {
            let slot = match held.take() {
                None => self.slot.lock().await,
                Some(place) => match self.slot.try_lock() {
                    Ok(slot) => {
                        held = Some(place);
                        slot
                    }
                    Err(_) => {
                        drop(place);
                        self.slot.lock().await
                    }
                },
            };
            if let Some(landed) = &*slot
                && (landed.number > arrived || serves(landed))
            {
                return Ok(landed.clone());
            }
            if let Some(place) = held.take() {
                break (slot, place);
            }
            drop(slot);
            held = Some(place().await?);
        };
        let value = fetch(slot.clone()).await;
        let number = self.ended.load(Ordering::Acquire) + 1;
        let landed = Landed {
            value,
            number,
            at: Instant::now(),
        };
        *slot = Some(landed.clone());
        self.ended.store(number, Ordering::Release);
        Ok(landed)
    }

    /// Whether an outcome serves or is being fetched.
    pub(crate) fn is_of_use(&self, serves: impl Fn(&Landed<T>) -> bool) -> bool {
        match self.slot.try_lock() {
            Ok(slot) => slot.as_ref().is_some_and(serves),
            Err(_) => true,
        }
    }

    /// Takes the outcome out, after waiting for a fetch in progress.
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
    async fn concurrent_callers_share_one_fetch_and_the_next_fetches_again() {
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
    async fn who_waits_for_a_place_keeps_nobody_else_from_fetching() {
        let (flight, place) = (
            SingleFlight::<u64>::default(),
            tokio::sync::Semaphore::new(0),
        );
        let never = flight.get_in_place(|_| false, || place.acquire(), async |_| 1);
        let other = async {
            tokio::task::yield_now().await;
            let fetched = flight.get(|_| false, async |_| 2).await;
            place.add_permits(1);
            fetched.value
        };
        let (waited, other) = tokio::join!(never, other);
        assert_eq!(
            (waited.unwrap().value, other),
            (2, 2),
            "and it is served by that"
        );
        assert_eq!(place.available_permits(), 1, "its place is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_place_nothing_is_fetched() {
        let flight = SingleFlight::<u64>::default();
        let none = flight.get_in_place(|_| false, || ready(Err::<(), _>("none")), async |_| 1);
        assert_eq!(none.await.err(), Some("none"));
        assert_eq!(flight.take().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_caller_leaves_the_fetch_to_the_next() {
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
