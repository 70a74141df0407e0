//! `Live<T>`: the last good value with its age, what failed since, and the poll behind it.

use super::clock::{self, Clock};
use super::schedule;
use crate::backend::{Arrived, Failure};
use chrono::{DateTime, TimeDelta, Utc};
use health::freshness::{Freshness, freshness};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use web_sys::AbortController;

/// A value as it last arrived.
#[derive(Debug)]
pub struct Reading<T> {
    /// What the vendor held.
    pub value: Arc<T>,
    /// When the vendor said so, by the browser's clock in milliseconds since 1970.
    pub asked: f64,
    /// The vendor's clock less the browser's, in milliseconds.
    pub offset: f64,
}

impl<T> Clone for Reading<T> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            asked: self.asked,
            offset: self.offset,
        }
    }
}

/// Something on the screen that refreshes by itself: the last good value stays when a poll fails.
pub struct Live<T: Send + Sync + 'static> {
    last: RwSignal<Option<Reading<T>>>,
    failure: RwSignal<Option<Failure>>,
    next: RwSignal<Option<f64>>,
    poll: StoredValue<Rc<Poll<T>>, LocalStorage>,
}

impl<T: Send + Sync + 'static> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Live<T> {}

type Fetched<T> = Pin<Box<dyn Future<Output = Result<Arrived<T>, Failure>>>>;

struct Poll<T> {
    fetch: Box<dyn Fn(AbortController) -> Fetched<T>>,
    timer: Cell<Option<TimeoutHandle>>,
    under_way: RefCell<Option<AbortController>>,
    failures: Cell<u32>,
    ended: Cell<bool>,
}

impl<T: Send + Sync + 'static> Live<T> {
    /// Begins to poll at once and then every [`schedule::INTERVAL`], never twice at a time, until the
    /// current owner is cleaned up. A hidden page does not poll and catches up when it is shown.
    #[must_use]
    pub fn new<F>(fetch: impl Fn(AbortController) -> F + 'static) -> Self
    where
        F: Future<Output = Result<Arrived<T>, Failure>> + 'static,
    {
        let poll = Rc::new(Poll {
            fetch: Box::new(move |abort| Box::pin(fetch(abort))),
            timer: Cell::new(None),
            under_way: RefCell::new(None),
            failures: Cell::new(0),
            ended: Cell::new(false),
        });
        let live = Self {
            last: RwSignal::new(None),
            failure: RwSignal::new(None),
            next: RwSignal::new(None),
            poll: StoredValue::new_local(Rc::clone(&poll)),
        };
        let shown = window_event_listener_untyped("visibilitychange", move |_| {
            if !document().hidden() {
                live.refresh();
            }
        });
        let online = window_event_listener_untyped("online", move |_| live.refresh());
        on_cleanup({
            let poll = send_wrapper::SendWrapper::new(poll);
            move || {
                shown.remove();
                online.remove();
                poll.end();
            }
        });
        live.refresh();
        live
    }

    /// Asks now, unless an answer is already on its way.
    pub fn refresh(self) {
        let Some(poll) = self.poll.try_get_value() else {
            return;
        };
        if poll.ended.get() || poll.under_way.borrow().is_some() {
            return;
        }
        if let Some(timer) = poll.timer.take() {
            timer.clear();
        }
        let Ok(abort) = AbortController::new() else {
            return;
        };
        *poll.under_way.borrow_mut() = Some(abort.clone());
        let _ = self.next.try_set(None);
        leptos::task::spawn_local(async move {
            let asked = clock::now();
            let result = (poll.fetch)(abort).await;
            *poll.under_way.borrow_mut() = None;
            if !poll.ended.get() {
                self.arrived(&poll, asked, result);
                self.plan(&poll);
            }
        });
    }

    fn arrived(self, poll: &Poll<T>, asked: f64, result: Result<Arrived<T>, Failure>) {
        match result {
            Ok(arrived) => {
                poll.failures.set(0);
                // The vendor read its clock somewhere between the question and the answer.
                let middle = f64::midpoint(asked, clock::now());
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "milliseconds since 1970 are exact in an f64"
                )]
                let offset = arrived
                    .date
                    .map_or(0.0, |date| date.timestamp_millis() as f64 - middle);
                let reading = Reading {
                    value: Arc::new(arrived.value),
                    asked: asked - arrived.age,
                    offset,
                };
                let _ = self.last.try_set(Some(reading));
                let _ = self.failure.try_set(None);
            }
            Err(failure) => {
                poll.failures.set(poll.failures.get().saturating_add(1));
                let _ = self.failure.try_set(Some(failure));
            }
        }
    }

    fn plan(self, poll: &Poll<T>) {
        let wait = schedule::wait(poll.failures.get());
        #[expect(clippy::cast_precision_loss, reason = "at most 30,000 ms")]
        let _ = self
            .next
            .try_set(Some(clock::now() + wait.as_millis() as f64));
        let again = move || {
            if !document().hidden() {
                self.refresh();
            }
        };
        poll.timer.set(set_timeout_with_handle(again, wait).ok());
    }

    /// The last good value, however old.
    #[must_use]
    pub fn value(self) -> Option<Arc<T>> {
        self.last
            .read()
            .as_ref()
            .map(|reading| Arc::clone(&reading.value))
    }

    /// What went wrong since the last good value.
    #[must_use]
    pub fn failure(self) -> Option<Failure> {
        self.failure.get()
    }

    /// How old the last good value is; `None` when there never was one.
    #[must_use]
    pub fn age(self, clock: Clock) -> Option<TimeDelta> {
        let asked = self.last.read().as_ref().map(|reading| reading.asked)?;
        Some(clock::span(clock.millis() - asked))
    }

    /// How far the last good value can be believed.
    #[must_use]
    pub fn freshness(self, clock: Clock) -> Freshness {
        let interval = TimeDelta::from_std(schedule::INTERVAL).unwrap_or_default();
        freshness(self.age(clock), interval)
    }

    /// The vendor's time now, as well as its last answer allows; the browser's before the first.
    #[must_use]
    pub fn vendor_time(self, clock: Clock) -> DateTime<Utc> {
        clock.at(self
            .last
            .read()
            .as_ref()
            .map_or(0.0, |reading| reading.offset))
    }

    /// When the last good value was asked for, by the browser's clock.
    #[must_use]
    pub fn asked(self) -> Option<DateTime<Utc>> {
        self.last
            .read()
            .as_ref()
            .map(|reading| clock::time(reading.asked))
    }

    /// How long until the next poll; `None` while one is under way.
    #[must_use]
    pub fn next_in(self, clock: Clock) -> Option<TimeDelta> {
        let next = self.next.get()?;
        Some(clock::span(next - clock.millis()))
    }
}

impl<T> Poll<T> {
    fn end(&self) {
        self.ended.set(true);
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
        if let Some(abort) = self.under_way.borrow_mut().take() {
            abort.abort();
        }
    }
}
