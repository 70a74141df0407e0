//! Coalesces concurrent requests for the same thing into one fetch.

use std::convert::Infallible;
use std::future::ready;
use tokio::select;
use tokio::sync::watch;
use tokio::time::Instant;

/// The last outcome of a fetch, and whether there is a fetch.
///
/// Callers look at it without holding anything that others wait for: where each had to hold a lock to see that an
/// outcome is of no use to it, many that came at once kept one another from fetching the next.
#[derive(Debug)]
pub(crate) struct SingleFlight<T> {
    state: watch::Sender<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    landed: Option<Landed<T>>,
    /// How many fetches have ended.
    ended: u64,
    is_fetching: bool,
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

/// The only fetch. Dropping it leaves its outcome, if it has one, and lets another one begin.
struct Fetch<'s, T> {
    state: &'s watch::Sender<State<T>>,
    landed: Option<Landed<T>>,
}

impl<T> Drop for Fetch<'_, T> {
    fn drop(&mut self) {
        self.state.send_modify(|state| {
            if let Some(landed) = self.landed.take() {
                state.ended = landed.number;
                state.landed = Some(landed);
            }
            state.is_fetching = false;
        });
    }
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self {
            state: watch::Sender::new(State {
                landed: None,
                ended: 0,
                is_fetching: false,
            }),
        }
    }
}

impl<T: Clone> SingleFlight<T> {
    /// The last outcome if it still serves or arrived while this caller waited. Otherwise fetches a new one. If
    /// the caller that fetches is dropped, another one fetches.
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

    /// As [`Self::get`], but the caller that fetches holds a place, which `place` waits for. No other caller waits for
    /// that: of all that want the same, the first one with a place fetches, and those that wait for its outcome hold
    /// none.
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
        let arrived = self.state.borrow().ended;
        let of_use = |state: &State<T>| {
            let landed = state.landed.as_ref();
            landed.is_some_and(|landed| landed.number > arrived || serves(landed))
        };
        let _place = loop {
            self.wait_until(|state| !state.is_fetching || of_use(state))
                .await;
            let place = select! {
                biased;
                () = self.wait_until(&of_use) => {
                    let state = self.state.borrow();
                    // What served a moment ago may have grown old since.
                    match state.landed.as_ref().filter(|_| of_use(&state)) {
                        Some(landed) => return Ok(landed.clone()),
                        None => continue,
                    }
                }
                place = place() => place?,
            };
            let mut begins = false;
            self.state.send_if_modified(|state| {
                begins = !state.is_fetching && !of_use(state);
                state.is_fetching |= begins;
                // Nobody waits for a beginning.
                false
            });
            if begins {
                break place;
            }
        };
        let mut this = Fetch {
            state: &self.state,
            landed: None,
        };
        let last = self.state.borrow().landed.clone();
        let value = fetch(last).await;
        let landed = Landed {
            value,
            number: self.state.borrow().ended + 1,
            at: Instant::now(),
        };
        this.landed = Some(landed.clone());
        Ok(landed)
    }

    /// Whether an outcome serves or is being fetched.
    pub(crate) fn is_of_use(&self, serves: impl Fn(&Landed<T>) -> bool) -> bool {
        let state = self.state.borrow();
        state.is_fetching || state.landed.as_ref().is_some_and(serves)
    }

    /// Takes the outcome out, after waiting for a fetch in progress.
    pub(crate) async fn take(&self) -> Option<T> {
        let (mut waits, mut taken) = (true, None);
        while waits {
            self.wait_until(|state| !state.is_fetching).await;
            self.state.send_if_modified(|state| {
                waits = state.is_fetching;
                taken = if waits { None } else { state.landed.take() };
                false
            });
        }
        taken.map(|landed| landed.value)
    }

    async fn wait_until(&self, is: impl Fn(&State<T>) -> bool) {
        // It fails where the sender is gone, which is borrowed here.
        let _ = self.state.subscribe().wait_for(|state| is(state)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
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

    /// Each outcome serves nobody who comes later, so that all who ask want the next one at once.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_who_want_the_next_outcome_at_once_do_not_keep_one_another_from_it() {
        let flight = Arc::new(SingleFlight::<u64>::default());
        let places = Arc::new(tokio::sync::Semaphore::new(4));
        let ask = |_| {
            let (flight, places) = (flight.clone(), places.clone());
            tokio::spawn(async move {
                for _ in 0..2_000 {
                    let outcome = flight.get_in_place(
                        |_| false,
                        || places.acquire(),
                        async |_| {
                            tokio::task::yield_now().await;
                            1
                        },
                    );
                    outcome.await.unwrap();
                }
            })
        };
        let all = futures_util::future::join_all((0..64).map(ask));
        let ended = tokio::time::timeout(Duration::from_secs(20), all).await;
        assert!(ended.is_ok(), "nobody gets on");
    }
}
