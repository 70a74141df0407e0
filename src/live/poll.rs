//! A poll: sends one request at a time by its schedule, and stops with its page.

use super::clock;
use super::schedule::{Millis, Next, Schedule};
use super::status::Status;
use crate::api::{Failure, VendorDate};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use web_sys::AbortController;

/// The answer to one request, independent of its type.
pub(super) struct Received {
    /// The vendor's clock.
    pub(super) date: Option<VendorDate>,
    /// The age of the answer when it was requested, in milliseconds.
    pub(super) age: Millis,
    /// Shows the value, and returns whether it is in transition at this vendor's time.
    pub(super) apply: Box<dyn FnOnce(DateTime<Utc>) -> bool>,
}

/// The maximum `Retry-After` that is honoured unless a vendor sent it. A proxy in front of the gateway may send a
/// quarter of an hour, and only a request shows whether the gateway is available again.
const MAX_GATEWAY_RETRY_AFTER: Duration = Duration::from_secs(30);

/// How long a response is awaited, in milliseconds, once a person asks for a refresh, the page becomes visible or the
/// network is back. Without these a request for a slow vendor may take longer.
const MAX_RENEWED_WAIT: Millis = 20_000.0;

fn retry_after(failure: &Failure) -> Option<Duration> {
    let wait = failure.retry_after();
    match failure {
        Failure::Vendor(_) => wait,
        _ => wait.map(|wait| wait.min(MAX_GATEWAY_RETRY_AFTER)),
    }
}

type Request = Pin<Box<dyn Future<Output = Result<Received, Failure>>>>;

pub(super) struct Poll {
    pub(super) fetch: Box<dyn Fn(AbortController) -> Request>,
    pub(super) schedule: RefCell<Schedule>,
    /// The poll's own interval, which replaces the one of the open page. Such a poll does not pause.
    pub(super) interval: Option<Duration>,
    pub(super) timer: Cell<Option<TimeoutHandle>>,
    /// The request in progress, and its time.
    pub(super) in_flight: RefCell<Option<(AbortController, Millis)>>,
    /// Counts the requests, so that the response to an abandoned one is ignored.
    pub(super) request_count: Cell<u32>,
    /// When a value that was read outside of the poll was requested: answers that are older do not replace it.
    pub(super) shown_at: Cell<Millis>,
    pub(super) ended: Cell<bool>,
}

impl Poll {
    /// Sends a request if the schedule says so, or sets a timer for the next check.
    pub(super) fn check(self: &Rc<Self>, status: Status) {
        self.check_at(status, clock::now());
    }

    fn check_at(self: &Rc<Self>, status: Status, now: Millis) {
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
        if self.ended.get() {
            return;
        }
        let next = self.schedule.borrow().next(now);
        match next {
            Next::Now => self.send(status),
            Next::At(due) => {
                let poll = Rc::clone(self);
                let wait = Duration::try_from_secs_f64((due - now) / 1_000.0).unwrap_or_default();
                // The timer has waited long enough, even if the clock was set back meanwhile.
                let again = move || poll.check_at(status, clock::now().max(due));
                self.timer.set(set_timeout_with_handle(again, wait).ok());
            }
            Next::Wait => {}
        }
    }

    fn send(self: &Rc<Self>, status: Status) {
        let Ok(abort) = AbortController::new() else {
            return;
        };
        let requested_at = clock::now();
        let number = self.request_count.get().wrapping_add(1);
        self.request_count.set(number);
        self.schedule.borrow_mut().started(requested_at);
        *self.in_flight.borrow_mut() = Some((abort.clone(), requested_at));
        let poll = Rc::clone(self);
        leptos::task::spawn_local(async move {
            let result = (poll.fetch)(abort).await;
            if poll.ended.get() || poll.request_count.get() != number {
                return;
            }
            *poll.in_flight.borrow_mut() = None;
            poll.receive(status, requested_at, result);
            poll.check(status);
        });
    }

    fn receive(&self, status: Status, requested_at: Millis, result: Result<Received, Failure>) {
        let received = clock::now();
        // The clock may have been set back since.
        let requested_at = requested_at.min(received);
        match result {
            Ok(Received { date, age, apply }) => {
                if let Some(dated) = date {
                    status.observe_date(requested_at, received, dated);
                }
                let at = requested_at - age;
                let newest = newest(at, self.shown_at.get(), received);
                let moving = at < newest || apply(status.vendor_time_at(received));
                self.schedule.borrow_mut().answered(received, moving);
                status.answered(newest);
            }
            Err(failure) => {
                let retry_after = retry_after(&failure);
                let random = js_sys::Math::random();
                self.schedule
                    .borrow_mut()
                    .failed(received, retry_after, random);
                status.failed(failure);
            }
        }
    }

    /// Abandons the request in progress: its response will never arrive, or predates a sleep.
    pub(super) fn abandon(&self) {
        if let Some((abort, _)) = self.in_flight.borrow_mut().take() {
            self.request_count
                .set(self.request_count.get().wrapping_add(1));
            self.schedule.borrow_mut().cancelled();
            abort.abort();
        }
    }

    /// Abandons a request that has taken so long that its response may be lost.
    pub(super) fn abandon_lost(&self) {
        let requested_at = self.in_flight.borrow().as_ref().map(|(_, at)| *at);
        if requested_at.is_some_and(|at| clock::now() - at > MAX_RENEWED_WAIT) {
            self.abandon();
        }
    }

    /// Stops the poll, when its page was left.
    pub(super) fn end(&self) {
        self.ended.set(true);
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
        if let Some((abort, _)) = self.in_flight.borrow_mut().take() {
            abort.abort();
        }
    }
}

/// When the newer one of an answer and the shown value was requested. A shown value from before the clock was set back
/// counts as older.
pub(super) fn newest(answer: Millis, shown_at: Millis, now: Millis) -> Millis {
    if shown_at <= now {
        answer.max(shown_at)
    } else {
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::{newest, retry_after};
    use crate::api::{Failure, Problem};
    use std::time::Duration;
    use vendors::call::VendorError;

    #[test]
    fn an_answer_that_was_requested_before_the_shown_value_does_not_replace_it() {
        for (answer, shown_at, now, expected) in [
            (50.0, f64::NEG_INFINITY, 60.0, 50.0),
            (50.0, 55.0, 60.0, 55.0),
            (55.0, 55.0, 60.0, 55.0),
            // The clock was set back.
            (50.0, 900.0, 60.0, 50.0),
        ] {
            let newest = newest(answer, shown_at, now);
            assert!((newest - expected).abs() < 1e-9, "{shown_at}: {newest}");
        }
    }

    #[test]
    fn only_a_vendors_retry_after_is_honoured_without_a_limit() {
        for seconds in [5, 900] {
            let problem = |status| {
                Failure::from_problem(Problem {
                    status,
                    retry_after: Some(seconds),
                    ..Problem::default()
                })
            };
            let own = Some(Duration::from_secs(seconds.min(30)));
            assert_eq!(retry_after(&problem(503)), own);
            assert_eq!(retry_after(&problem(429)), own);
            let vendor = VendorError {
                status: 429,
                retry_after: Some(seconds),
                ..VendorError::default()
            };
            let vendor = Failure::Vendor(Box::new(vendor));
            assert_eq!(retry_after(&vendor), Some(Duration::from_secs(seconds)));
        }
    }
}
