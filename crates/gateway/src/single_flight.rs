//! Coalesces concurrent requests for the same thing into one fetch.

use std::convert::Infallible;
use std::future::ready;
use tokio::select;
use tokio::sync::watch;
use tokio::time::Instant;

/// The latest outcome, and whether a fetch is in progress.
///
/// Callers inspect the state without a lock. With one, many concurrent callers that cannot use the latest outcome would
/// delay one another, and with that the next fetch.
#[derive(Debug)]
pub(crate) struct SingleFlight<T> {
    state: watch::Sender<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    fetched: Option<Fetched<T>>,
    /// The number of completed fetches.
    ended: u64,
    is_fetching: bool,
}

/// The outcome of a fetch.
#[derive(Debug, Clone)]
pub(crate) struct Fetched<T> {
    pub(crate) value: T,
    /// The sequence number of the fetch, from 1. Identifies the outcome.
    pub(crate) number: u64,
    /// The time at which the fetch ended.
    pub(crate) at: Instant,
}

/// The fetch in progress. Dropping it publishes its outcome, if there is one, and allows the next fetch.
struct Fetch<'s, T> {
    state: &'s watch::Sender<State<T>>,
    fetched: Option<Fetched<T>>,
}

impl<T> Drop for Fetch<'_, T> {
    fn drop(&mut self) {
        self.state.send_modify(|state| {
            if let Some(fetched) = self.fetched.take() {
                state.ended = fetched.number;
                state.fetched = Some(fetched);
            }
            state.is_fetching = false;
        });
    }
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self {
            state: watch::Sender::new(State {
                fetched: None,
                ended: 0,
                is_fetching: false,
            }),
        }
    }
}

impl<T: Clone> SingleFlight<T> {
    /// Returns the latest outcome if it `is_usable` or arrived while this caller waited. Otherwise fetches a new one.
    /// If the caller that fetches is dropped, another caller fetches.
    pub(crate) async fn get<F: Future<Output = T>>(
        &self,
        is_usable: impl Fn(&Fetched<T>) -> bool,
        fetch: impl FnOnce(Option<Fetched<T>>) -> F,
    ) -> Fetched<T> {
        let no_wait = || ready(Ok::<(), Infallible>(()));
        match self.get_with_permit(false, is_usable, no_wait, fetch).await {
            Ok(fetched) => fetched,
            Err(never) => match never {},
        }
    }

    /// Like [`Self::get`], but the caller that fetches holds a permit, which `permit` waits for. Of the callers that
    /// wait for a permit, the first one that gets it fetches; the callers that wait for its outcome hold none. With
    /// `fresh`, the outcome of a fetch that started before this call is not used.
    ///
    /// # Errors
    /// The error of `permit`.
    pub(crate) async fn get_with_permit<P, E, G, F>(
        &self,
        fresh: bool,
        is_usable: impl Fn(&Fetched<T>) -> bool,
        permit: impl Fn() -> G,
        fetch: impl FnOnce(Option<Fetched<T>>) -> F,
    ) -> Result<Fetched<T>, E>
    where
        G: Future<Output = Result<P, E>>,
        F: Future<Output = T>,
    {
        let too_old = {
            let state = self.state.borrow();
            state.ended + u64::from(fresh && state.is_fetching)
        };
        let is_ready = |state: &State<T>| {
            let fetched = state.fetched.as_ref();
            fetched.is_some_and(|fetched| fetched.number > too_old || is_usable(fetched))
        };
        let _permit = loop {
            self.wait_until(|state| !state.is_fetching || is_ready(state))
                .await;
            let permit = select! {
                biased;
                () = self.wait_until(&is_ready) => {
                    let state = self.state.borrow();
                    // The outcome may have become too old meanwhile.
                    match state.fetched.as_ref().filter(|_| is_ready(&state)) {
                        Some(fetched) => return Ok(fetched.clone()),
                        None => continue,
                    }
                }
                permit = permit() => permit?,
            };
            let mut starts = false;
            self.state.send_if_modified(|state| {
                starts = !state.is_fetching && !is_ready(state);
                state.is_fetching |= starts;
                // No caller waits for the start of a fetch.
                false
            });
            if starts {
                break permit;
            }
        };
        let mut this = Fetch {
            state: &self.state,
            fetched: None,
        };
        let last = self.state.borrow().fetched.clone();
        let value = fetch(last).await;
        let fetched = Fetched {
            value,
            number: self.state.borrow().ended + 1,
            at: Instant::now(),
        };
        this.fetched = Some(fetched.clone());
        Ok(fetched)
    }

    /// Whether the latest outcome is usable, or a fetch is in progress.
    pub(crate) fn is_usable_or_fetching(&self, is_usable: impl Fn(&Fetched<T>) -> bool) -> bool {
        let state = self.state.borrow();
        state.is_fetching || state.fetched.as_ref().is_some_and(is_usable)
    }

    /// Removes and returns the outcome, after waiting for a fetch in progress.
    pub(crate) async fn take(&self) -> Option<T> {
        let (mut waits, mut taken) = (true, None);
        while waits {
            self.wait_until(|state| !state.is_fetching).await;
            self.state.send_if_modified(|state| {
                waits = state.is_fetching;
                taken = if waits { None } else { state.fetched.take() };
                false
            });
        }
        taken.map(|fetched| fetched.value)
    }

    async fn wait_until(&self, condition: impl Fn(&State<T>) -> bool) {
        // Cannot fail: that would need the sender to be dropped, which is borrowed here.
        let mut receiver = self.state.subscribe();
        let _ = receiver.wait_for(|state| condition(state)).await;
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
        let request = || {
            let (flight, fetched) = (flight.clone(), fetched.clone());
            tokio::spawn(async move {
                let fetch = |_| async {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    fetched.fetch_add(1, Ordering::SeqCst) + 1
                };
                flight.get(|_| false, fetch).await.value
            })
        };
        let together = [request(), request(), request()];
        for one in together {
            assert_eq!(one.await.unwrap(), 1);
        }
        assert_eq!(request().await.unwrap(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_waits_for_a_permit_does_not_block_other_fetches() {
        let (flight, permit) = (
            SingleFlight::<u64>::default(),
            tokio::sync::Semaphore::new(0),
        );
        let never = flight.get_with_permit(false, |_| false, || permit.acquire(), async |_| 1);
        let other = async {
            tokio::task::yield_now().await;
            let fetched = flight.get(|_| false, async |_| 2).await;
            permit.add_permits(1);
            fetched.value
        };
        let (waited, other) = tokio::join!(never, other);
        assert_eq!(
            (waited.unwrap().value, other),
            (2, 2),
            "the waiting caller gets the other's outcome"
        );
        assert_eq!(permit.available_permits(), 1, "its permit is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_request_ignores_the_outcome_of_a_fetch_in_progress() {
        let flight = SingleFlight::<u64>::default();
        let fetch = async |number: u64| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            number
        };
        let permit = || ready(Ok::<(), Infallible>(()));
        let first = flight.get(|_| false, |_| fetch(1));
        let others = async {
            tokio::task::yield_now().await;
            let any = flight.get(|_| false, |_| fetch(2));
            let fresh =
                [3, 4].map(|n| flight.get_with_permit(true, |_| false, permit, move |_| fetch(n)));
            let [one, other] = fresh;
            tokio::join!(any, one, other)
        };
        let (_, (any, one, other)) = tokio::join!(first, others);
        let fresh = [one, other].map(|fetched| fetched.unwrap().value);
        assert_eq!((any.value, fresh), (1, [3, 3]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_permit_fetches_nothing() {
        let flight = SingleFlight::<u64>::default();
        let refuse = || ready(Err::<(), _>("none"));
        let none = flight.get_with_permit(false, |_| false, refuse, async |_| 1);
        assert_eq!(none.await.err(), Some("none"));
        assert_eq!(flight.take().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_fetching_caller_is_dropped_the_next_one_fetches() {
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

    /// No outcome is usable for a later caller, so that all callers want the next fetch at once.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_callers_that_want_the_next_outcome_do_not_block_one_another() {
        let flight = Arc::new(SingleFlight::<u64>::default());
        let permits = Arc::new(tokio::sync::Semaphore::new(4));
        let request = |_| {
            let (flight, permits) = (flight.clone(), permits.clone());
            tokio::spawn(async move {
                for _ in 0..2_000 {
                    let outcome = flight.get_with_permit(
                        false,
                        |_| false,
                        || permits.acquire(),
                        async |_| {
                            tokio::task::yield_now().await;
                            1
                        },
                    );
                    outcome.await.unwrap();
                }
            })
        };
        let all = futures_util::future::join_all((0..64).map(request));
        let ended = tokio::time::timeout(Duration::from_secs(20), all).await;
        assert!(ended.is_ok(), "no progress");
    }
}
