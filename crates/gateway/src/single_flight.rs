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
    fetched: Option<Fetched<T>>,
    /// How many fetches have ended.
    ended: u64,
    is_fetching: bool,
}

/// The outcome of a fetch.
#[derive(Debug, Clone)]
pub(crate) struct Fetched<T> {
    pub(crate) value: T,
    /// Counts fetches from 1 and so identifies the outcome.
    pub(crate) number: u64,
    /// When the fetch ended.
    pub(crate) at: Instant,
}

/// The only fetch. Dropping it leaves its outcome, if it has one, and lets another one begin.
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
    /// The last outcome if it still serves or arrived while this caller waited. Otherwise fetches a new one. If
    /// the caller that fetches is dropped, another one fetches.
    pub(crate) async fn get<F: Future<Output = T>>(
        &self,
        serves: impl Fn(&Fetched<T>) -> bool,
        fetch: impl FnOnce(Option<Fetched<T>>) -> F,
    ) -> Fetched<T> {
        let no_wait = || ready(Ok::<(), Infallible>(()));
        match self.get_with_permit(false, serves, no_wait, fetch).await {
            Ok(fetched) => fetched,
            Err(never) => match never {},
        }
    }

    /// As [`Self::get`], but the caller that fetches holds a permit, which `permit` waits for. No other caller waits for
    /// a permit: of all that want the same, the first one that has one fetches, and those that wait for its outcome hold
    /// none. With `anew`, the outcome of a fetch that had begun before this call does not serve.
    ///
    /// # Errors
    /// What `permit` failed with.
    pub(crate) async fn get_with_permit<P, E, G, F>(
        &self,
        anew: bool,
        serves: impl Fn(&Fetched<T>) -> bool,
        permit: impl Fn() -> G,
        fetch: impl FnOnce(Option<Fetched<T>>) -> F,
    ) -> Result<Fetched<T>, E>
    where
        G: Future<Output = Result<P, E>>,
        F: Future<Output = T>,
    {
        let begun = {
            let state = self.state.borrow();
            state.ended + u64::from(anew && state.is_fetching)
        };
        let of_use = |state: &State<T>| {
            let fetched = state.fetched.as_ref();
            fetched.is_some_and(|fetched| fetched.number > begun || serves(fetched))
        };
        let _permit = loop {
            self.wait_until(|state| !state.is_fetching || of_use(state))
                .await;
            let permit = select! {
                biased;
                () = self.wait_until(&of_use) => {
                    let state = self.state.borrow();
                    // What served a moment ago may have grown old since.
                    match state.fetched.as_ref().filter(|_| of_use(&state)) {
                        Some(fetched) => return Ok(fetched.clone()),
                        None => continue,
                    }
                }
                permit = permit() => permit?,
            };
            let mut begins = false;
            self.state.send_if_modified(|state| {
                begins = !state.is_fetching && !of_use(state);
                state.is_fetching |= begins;
                // Nobody waits for a beginning.
                false
            });
            if begins {
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

    /// Whether an outcome serves or is being fetched.
    pub(crate) fn is_of_use(&self, serves: impl Fn(&Fetched<T>) -> bool) -> bool {
        let state = self.state.borrow();
        state.is_fetching || state.fetched.as_ref().is_some_and(serves)
    }

    /// Takes the outcome out, after waiting for a fetch in progress.
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
            "and it is served by that"
        );
        assert_eq!(permit.available_permits(), 1, "its permit is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn who_wants_it_anew_gets_no_outcome_of_a_fetch_that_had_begun_before() {
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
            let anew =
                [3, 4].map(|n| flight.get_with_permit(true, |_| false, permit, move |_| fetch(n)));
            let [one, other] = anew;
            tokio::join!(any, one, other)
        };
        let (_, (any, one, other)) = tokio::join!(first, others);
        let anew = [one, other].map(|fetched| fetched.unwrap().value);
        assert_eq!((any.value, anew), (1, [3, 3]));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_place_nothing_is_fetched() {
        let flight = SingleFlight::<u64>::default();
        let refuse = || ready(Err::<(), _>("none"));
        let none = flight.get_with_permit(false, |_| false, refuse, async |_| 1);
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
                    let outcome = flight.get_with_permit(
                        false,
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
