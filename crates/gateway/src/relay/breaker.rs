//! A vendor that does not answer is left alone for a moment, so that neither it nor those who wait
//! here are burdened with questions that will not be answered. Says again what was wrong last, because
//! that is what people need to know. A vendor that says no has answered.

use crate::metrics::Meter;
use crate::problem::{Kind, Problem};
use crate::wire::Answer;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// So many calls in a row without an answer open it.
const FAILURES: u32 = 5;
/// How long it stays open at first; each time that the one call after it fails, twice as long.
const FIRST: Duration = Duration::from_secs(2);
/// And never longer: people look at a screen and wait.
const LONGEST: Duration = Duration::from_secs(10);

/// The breaker of one connection.
#[derive(Debug)]
pub(crate) struct Breaker {
    state: Mutex<State>,
    meter: Arc<Meter>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    wait: Duration,
    /// Whether the one call that tries again is under way.
    trying: bool,
    last: Problem,
}

/// Leave to make one call.
#[derive(Debug)]
pub(crate) struct Leave<'a> {
    breaker: &'a Breaker,
    tries: bool,
    told: bool,
}

impl Breaker {
    pub(crate) fn new(meter: Arc<Meter>) -> Self {
        Self {
            state: Mutex::default(),
            meter,
        }
    }

    /// Leave to call, unless the vendor is left alone.
    ///
    /// # Errors
    /// What was wrong last, and when it is tried again.
    pub(crate) fn enter(&self) -> Result<Leave<'_>, Problem> {
        let mut state = self.state();
        let tries = match &mut state.open {
            None => false,
            Some(open) => {
                let left = open.until.saturating_duration_since(Instant::now());
                if open.trying || !left.is_zero() {
                    let seconds = left.as_millis().div_ceil(1000).max(1);
                    let detail = format!("{}; it is asked again in {seconds} s", open.last.detail);
                    return Err(Problem {
                        detail,
                        retry_after: u32::try_from(seconds).ok(),
                        ..open.last.clone()
                    });
                }
                open.trying = true;
                true
            }
        };
        Ok(Leave {
            breaker: self,
            tries,
            told: false,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave<'_> {
    /// What came of the call.
    pub(crate) fn tell(mut self, outcome: &Result<Answer, Problem>) {
        self.told = true;
        let mut state = self.breaker.state();
        let failure = match outcome {
            Err(problem) if matches!(problem.kind, Kind::Unreachable | Kind::Timeout) => problem,
            _ => {
                *state = State::default();
                self.breaker.meter.breaker(false);
                return;
            }
        };
        state.failures = state.failures.saturating_add(1);
        let wait = match &state.open {
            // Calls from before it opened say nothing new.
            Some(_) if !self.tries => return,
            Some(open) => (open.wait * 2).min(LONGEST),
            None if state.failures >= FAILURES => FIRST,
            None => return,
        };
        state.open = Some(Open {
            until: Instant::now() + wait,
            wait,
            trying: false,
            last: failure.clone(),
        });
        self.breaker.meter.breaker(true);
    }
}

impl Drop for Leave<'_> {
    /// A caller that went away tells nothing: the next one may try.
    fn drop(&mut self) {
        if self.tries && !self.told {
            let mut state = self.breaker.state();
            if let Some(open) = &mut state.open {
                open.trying = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use axum::http::{HeaderMap, StatusCode};

    fn breaker() -> Breaker {
        Breaker::new(Arc::default())
    }

    fn silence() -> Result<Answer, Problem> {
        Err(Problem::new(
            Kind::Timeout,
            "Plant A did not answer in time",
        ))
    }

    fn answer(status: u16) -> Result<Answer, Problem> {
        Ok(Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            at: Instant::now(),
        })
    }

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.enter().unwrap().tell(&silence());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn five_silences_open_it_and_one_call_at_a_time_tries_again() {
        let breaker = breaker();
        fail(&breaker, FAILURES);
        let refused = breaker.enter().unwrap_err();
        assert_eq!(
            (refused.kind, refused.retry_after),
            (Kind::Timeout, Some(2))
        );
        assert_eq!(
            refused.detail,
            "Plant A did not answer in time; it is asked again in 2 s"
        );
        for wait in [2, 4, 8, 10, 10] {
            tokio::time::advance(Duration::from_millis(wait * 1000 - 1)).await;
            assert!(breaker.enter().is_err(), "{wait}");
            tokio::time::advance(Duration::from_millis(1)).await;
            let leave = breaker.enter().unwrap();
            assert!(breaker.enter().is_err(), "one at a time");
            leave.tell(&silence());
        }
        tokio::time::advance(LONGEST).await;
        breaker.enter().unwrap().tell(&answer(503));
        fail(&breaker, FAILURES - 1);
        assert!(
            breaker.enter().is_ok(),
            "closed, and counting from the start"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_that_says_no_has_answered() {
        let breaker = breaker();
        for status in [200, 400, 404, 429, 500, 503] {
            fail(&breaker, FAILURES - 1);
            breaker.enter().unwrap().tell(&answer(status));
        }
        let ours = Err(Problem::new(Kind::Credentials, "x"));
        fail(&breaker, FAILURES - 1);
        breaker.enter().unwrap().tell(&ours);
        fail(&breaker, FAILURES - 1);
        assert!(breaker.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_goes_away_leaves_the_try_to_the_next() {
        let breaker = breaker();
        fail(&breaker, FAILURES);
        tokio::time::advance(FIRST).await;
        drop(breaker.enter().unwrap());
        breaker.enter().unwrap().tell(&answer(200));
        assert!(breaker.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_began_before_it_opened_do_not_keep_it_open() {
        let breaker = breaker();
        let late: Vec<_> = (0..20).map(|_| breaker.enter().unwrap()).collect();
        fail(&breaker, FAILURES);
        tokio::time::advance(Duration::from_secs(1)).await;
        for leave in late {
            leave.tell(&silence());
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(breaker.enter().is_ok());
    }
}
