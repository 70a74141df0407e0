//! One poll: sends one request at a time, when its schedule says so, and stops with its page.

use super::clock;
use super::live::millis_of;
use super::schedule::{Millis, Next, Schedule};
use super::status::Status;
use crate::api::Failure;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use web_sys::AbortController;

/// The result of one request, independent of its type.
pub(super) struct PollResult {
    /// The vendor's clock.
    pub(super) date: Option<DateTime<Utc>>,
    /// How long the answer was kept on the way, in milliseconds.
    pub(super) age: Millis,
    /// Why it is not whole.
    pub(super) failure: Option<Failure>,
    /// Shows the value; given the vendor's time, says whether it is in transition.
    pub(super) apply: Box<dyn FnOnce(DateTime<Utc>) -> bool>,
}

type Asking = Pin<Box<dyn Future<Output = PollResult>>>;

pub(super) struct Poll {
    pub(super) fetch: Box<dyn Fn(AbortController) -> Asking>,
    pub(super) schedule: RefCell<Schedule>,
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
                status.due(Some(due));
                let poll = Rc::clone(self);
                let wait = Duration::try_from_secs_f64((due - now) / 1_000.0).unwrap_or_default();
                // The timer has waited long enough, whatever has been done to the clock meanwhile.
                let again = move || poll.check_at(status, clock::now().max(due));
                self.timer.set(set_timeout_with_handle(again, wait).ok());
            }
            Next::Wait => {
                if !self.schedule.borrow().is_under_way() {
                    status.due(None);
                }
            }
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

    fn receive(&self, status: Status, requested_at: Millis, result: PollResult) {
        let received = clock::now();
        if let Some(date) = result.date {
            status.observe_date(requested_at, received, millis_of(date), result.age);
        }
        let moving = (result.apply)(status.vendor_time_at(received));
        let mut schedule = self.schedule.borrow_mut();
        match result.failure {
            None => {
                schedule.answered(received, moving);
                status.answered(requested_at - result.age);
            }
            Some(failure) => {
                schedule.failed(received, failure.retry_after(), js_sys::Math::random());
                status.failed(failure, received);
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
