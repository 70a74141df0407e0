//! One poll: sends one request at a time, when its schedule says so, and stops with its page.

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
    /// How old the answer already was when it was asked for, in milliseconds.
    pub(super) age: Millis,
    /// Shows the value; given the vendor's time, says whether it is in transition.
    pub(super) apply: Box<dyn FnOnce(DateTime<Utc>) -> bool>,
}

/// The longest that a `Retry-After` is obeyed which is not a vendor's: a proxy in front of the gateway may name a quarter
/// of an hour, and whether the gateway is back is known only by asking.
const WITHOUT_GATEWAY: Duration = Duration::from_secs(30);

fn retry_after(failure: &Failure) -> Option<Duration> {
    let wait = failure.retry_after();
    match failure {
        Failure::Vendor(_) => wait,
        _ => wait.map(|wait| wait.min(WITHOUT_GATEWAY)),
    }
}

type Request = Pin<Box<dyn Future<Output = Result<Received, Failure>>>>;

pub(super) struct Poll {
    pub(super) fetch: Box<dyn Fn(AbortController) -> Request>,
    pub(super) schedule: RefCell<Schedule>,
    /// The poll's own interval, in place of the one of the open page; such a poll does not pause.
    pub(super) interval: Option<Duration>,
    pub(super) timer: Cell<Option<TimeoutHandle>>,
    pub(super) under_way: RefCell<Option<AbortController>>,
    /// Counts the requests, so that the response to an abandoned one is ignored.
    pub(super) turn: Cell<u32>,
    pub(super) ended: Cell<bool>,
}

impl Poll {
    /// Does what the schedule says, and checks again when it says.
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
            Next::Now => self.ask(status),
            Next::At(due) => {
                let poll = Rc::clone(self);
                let wait = Duration::try_from_secs_f64((due - now) / 1_000.0).unwrap_or_default();
                // The timer has waited long enough, whatever has been done to the clock meanwhile.
                let again = move || poll.check_at(status, clock::now().max(due));
                self.timer.set(set_timeout_with_handle(again, wait).ok());
            }
            Next::Wait => {}
        }
    }

    fn ask(self: &Rc<Self>, status: Status) {
        let Ok(abort) = AbortController::new() else {
            return;
        };
        let requested_at = clock::now();
        let turn = self.turn.get().wrapping_add(1);
        self.turn.set(turn);
        self.schedule.borrow_mut().begun(requested_at);
        *self.under_way.borrow_mut() = Some(abort.clone());
        let poll = Rc::clone(self);
        leptos::task::spawn_local(async move {
            let result = (poll.fetch)(abort).await;
            if poll.ended.get() || poll.turn.get() != turn {
                return;
            }
            *poll.under_way.borrow_mut() = None;
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
                let moving = apply(status.vendor_time_at(received));
                self.schedule.borrow_mut().answered(received, moving);
                status.answered(requested_at - age, self.turn.get());
            }
            Err(failure) => {
                let retry_after = retry_after(&failure);
                let chance = js_sys::Math::random();
                self.schedule
                    .borrow_mut()
                    .failed(received, retry_after, chance);
                status.failed(failure);
            }
        }
    }

    /// Abandons the request in progress: its response will never arrive, or predates a sleep.
    pub(super) fn give_up(&self) {
        if let Some(abort) = self.under_way.borrow_mut().take() {
            self.turn.set(self.turn.get().wrapping_add(1));
            self.schedule.borrow_mut().given_up();
            abort.abort();
        }
    }

    /// The page was left.
    pub(super) fn end(&self) {
        self.ended.set(true);
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
        if let Some(abort) = self.under_way.borrow_mut().take() {
            abort.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::retry_after;
    use crate::api::{Failure, Problem};
    use std::time::Duration;
    use vendors::call::VendorError;

    #[test]
    fn only_a_vendor_keeps_the_console_waiting_for_as_long_as_it_says() {
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
