//! A circuit breaker per connection: after several calls without an answer, calls fail at once for a while,
//! with the last failure as the reason. An error status is an answer and does not count, and neither does a slow call
//! while the vendor answers others.

use crate::clock::seconds_rounded_up;
use crate::lock::lock;
use crate::metrics::{BreakerState, Meter};
use crate::problem::{Kind, Problem};
use crate::vendor_http::Answer;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// The number of consecutive calls without an answer that opens the breaker.
const FAILURES_TO_OPEN: u32 = 5;
/// How long it stays open at first. The time doubles with each failed trial call.
const MIN_OPEN_TIME: Duration = Duration::from_secs(2);
/// The longest time that it stays open, because people are waiting at a screen.
const MAX_OPEN_TIME: Duration = Duration::from_secs(10);

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
    answered_at: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    wait: Duration,
    /// Whether the trial call is in progress.
    trying: bool,
    last: Problem,
}

/// Permission to make one call.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    began: Instant,
    /// Whether this is the trial call of an open breaker.
    is_trial: bool,
    recorded: bool,
}

impl Breaker {
    pub(crate) fn new(meter: Arc<Meter>) -> Self {
        Self {
            state: Mutex::default(),
            meter,
        }
    }

    /// Permits a call, unless the breaker is open.
    ///
    /// # Errors
    /// The last failure, and when the next call is permitted.
    pub(crate) fn enter(&self) -> Result<Permit<'_>, Problem> {
        let mut state = lock(&self.state);
        let is_trial = match &mut state.open {
            None => false,
            Some(open) => {
                let left = open.until.saturating_duration_since(Instant::now());
                if open.trying || !left.is_zero() {
                    return Err(Problem {
                        retry_after: Some(seconds_rounded_up(left).max(1)),
                        ..open.last.clone()
                    });
                }
                open.trying = true;
                self.meter.breaker(BreakerState::Trial);
                true
            }
        };
        Ok(self.permit(is_trial))
    }

    /// Permits a call even while the breaker is open. An answer closes it.
    pub(crate) fn enter_anyway(&self) -> Permit<'_> {
        self.permit(false)
    }

    fn permit(&self, is_trial: bool) -> Permit<'_> {
        Permit {
            breaker: self,
            began: Instant::now(),
            is_trial,
            recorded: false,
        }
    }
}

impl Permit<'_> {
    /// Records the outcome of the call.
    pub(crate) fn record(mut self, outcome: &Result<Answer, Problem>) {
        self.recorded = true;
        let mut state = lock(&self.breaker.state);
        let failure = match outcome {
            Err(problem) if matches!(problem.kind, Kind::Unreachable | Kind::Timeout) => problem,
            _ => {
                *state = State {
                    answered_at: Some(Instant::now()),
                    ..State::default()
                };
                self.breaker.meter.breaker(BreakerState::Closed);
                return;
            }
        };
        // Other calls were answered in the meantime, so only this one was slow.
        if state.answered_at > Some(self.began) {
            return;
        }
        state.failures = state.failures.saturating_add(1);
        let wait = match &state.open {
            // Calls that began before it opened do not extend it.
            Some(_) if !self.is_trial => return,
            Some(open) => (open.wait * 2).min(MAX_OPEN_TIME),
            None if state.failures >= FAILURES_TO_OPEN => MIN_OPEN_TIME,
            None => return,
        };
        let until = Instant::now() + wait;
        state.open = Some(Open {
            until,
            wait,
            trying: false,
            last: failure.clone(),
        });
        self.breaker.meter.breaker(BreakerState::Open(until));
    }
}

impl Drop for Permit<'_> {
    /// A dropped call has no outcome, so the next one becomes the trial.
    fn drop(&mut self) {
        if self.is_trial && !self.recorded {
            let mut state = lock(&self.breaker.state);
            if let Some(open) = &mut state.open {
                open.trying = false;
                self.breaker.meter.breaker(BreakerState::Open(open.until));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use axum::body::Bytes;
    use axum::http::{HeaderMap, StatusCode};

    fn breaker() -> Breaker {
        Breaker::new(Arc::default())
    }

    fn no_answer() -> Result<Answer, Problem> {
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
            breaker.enter().unwrap().record(&no_answer());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn five_failures_open_the_breaker_and_one_trial_at_a_time_follows() {
        let breaker = breaker();
        fail(&breaker, FAILURES_TO_OPEN);
        let refused = breaker.enter().unwrap_err();
        assert_eq!(
            (refused.kind, refused.retry_after),
            (Kind::Timeout, Some(2))
        );
        assert_eq!(refused.detail, "Plant A did not answer in time");
        for wait in [2, 4, 8, 10, 10] {
            tokio::time::advance(Duration::from_millis(wait * 1000 - 1)).await;
            assert!(breaker.enter().is_err(), "{wait}");
            tokio::time::advance(Duration::from_millis(1)).await;
            let permit = breaker.enter().unwrap();
            assert!(breaker.enter().is_err(), "one at a time");
            permit.record(&no_answer());
        }
        tokio::time::advance(MAX_OPEN_TIME).await;
        breaker.enter().unwrap().record(&answer(503));
        fail(&breaker, FAILURES_TO_OPEN - 1);
        assert!(
            breaker.enter().is_ok(),
            "closed, and counting from the start"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_status_does_not_open_the_breaker() {
        let breaker = breaker();
        for status in [200, 400, 404, 429, 500, 503] {
            fail(&breaker, FAILURES_TO_OPEN - 1);
            breaker.enter().unwrap().record(&answer(status));
        }
        let ours = Err(Problem::new(Kind::Credentials, "x"));
        fail(&breaker, FAILURES_TO_OPEN - 1);
        breaker.enter().unwrap().record(&ours);
        fail(&breaker, FAILURES_TO_OPEN - 1);
        assert!(breaker.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_sent_while_the_breaker_is_open_and_its_answer_closes_it() {
        let breaker = breaker();
        fail(&breaker, FAILURES_TO_OPEN);
        breaker.enter_anyway().record(&no_answer());
        assert_eq!(
            breaker.enter().unwrap_err().retry_after,
            Some(2),
            "as before"
        );
        breaker.enter_anyway().record(&answer(503));
        assert!(breaker.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn slow_calls_do_not_open_the_breaker_while_others_are_answered() {
        let breaker = breaker();
        let slow: Vec<_> = (0..20).map(|_| breaker.enter().unwrap()).collect();
        tokio::time::advance(Duration::from_secs(1)).await;
        breaker.enter().unwrap().record(&answer(200));
        tokio::time::advance(Duration::from_secs(1)).await;
        for permit in slow {
            permit.record(&no_answer());
        }
        fail(&breaker, FAILURES_TO_OPEN - 1);
        assert!(breaker.enter().is_ok(), "only the last calls count");
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_trial_leaves_the_trial_to_the_next_call() {
        let breaker = breaker();
        fail(&breaker, FAILURES_TO_OPEN);
        tokio::time::advance(MIN_OPEN_TIME).await;
        drop(breaker.enter().unwrap());
        breaker.enter().unwrap().record(&answer(200));
        assert!(breaker.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_began_before_the_breaker_opened_do_not_extend_it() {
        let breaker = breaker();
        let late: Vec<_> = (0..20).map(|_| breaker.enter().unwrap()).collect();
        fail(&breaker, FAILURES_TO_OPEN);
        tokio::time::advance(Duration::from_secs(1)).await;
        for permit in late {
            permit.record(&no_answer());
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(breaker.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn the_metrics_show_the_breaker_open_while_it_refuses_calls() {
        let metrics = Metrics::default();
        let breaker = Breaker::new(metrics.meter("plant-a"));
        let shows = |open: u8, opened: u8| {
            let page = metrics.counters_as_text();
            for (name, value) in [("breaker_open", open), ("breaker_opened_total", opened)] {
                let line = format!("failover_console_{name}{{connection=\"plant-a\"}} {value}\n");
                assert!(page.contains(&line), "{line}{page}");
            }
        };
        shows(0, 0);
        fail(&breaker, FAILURES_TO_OPEN);
        shows(1, 1);
        tokio::time::advance(MIN_OPEN_TIME - Duration::from_millis(1)).await;
        shows(1, 1);
        tokio::time::advance(Duration::from_millis(1)).await;
        shows(0, 1);
        let trial = breaker.enter().unwrap();
        tokio::time::advance(Duration::from_secs(30)).await;
        shows(1, 1);
        drop(trial);
        shows(0, 1);
        breaker.enter().unwrap().record(&no_answer());
        shows(1, 1);
        tokio::time::advance(MIN_OPEN_TIME * 2).await;
        shows(0, 1);
        breaker.enter().unwrap().record(&answer(200));
        shows(0, 1);
        fail(&breaker, FAILURES_TO_OPEN);
        shows(1, 2);
        // A reload of the configuration replaces the breaker by a new one.
        let another = Breaker::new(metrics.meter("plant-a"));
        fail(&another, FAILURES_TO_OPEN);
        shows(1, 3);
    }
}
