//! `Live<T>`: the last good value of one item, with the status of its poll.

use super::clock;
use super::poll::{Poll, Received};
use super::poll_settings::use_poll_settings;
use super::schedule::Schedule;
use super::status::Status;
use crate::api::{Arrived, Failure};
use crate::subscribers::clear_subscribers;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use web_sys::AbortController;

/// A value on the screen that refreshes by itself: the last good value stays when a poll fails.
/// All views of the same item use the same `Live`, and so share its poll.
pub struct Live<T: Send + Sync + 'static> {
    value: RwSignal<Option<Arc<T>>>,
    /// The age of the value, the last failure, and the schedule.
    pub status: Status,
}

impl<T: Send + Sync + 'static> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Live<T> {}

impl<T: PartialEq + Send + Sync + 'static> Live<T> {
    /// Polls immediately and then by its [`Schedule`] until the current owner is cleaned up.
    /// `in_transition` decides, with the vendor's time, whether the value is polled more often.
    #[must_use]
    pub fn new<F>(
        fetch: impl Fn(AbortController) -> F + 'static,
        in_transition: impl Fn(&T, DateTime<Utc>) -> bool + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Arrived<T>, Failure>> + 'static,
    {
        Self::begin(None, None, fetch, in_transition)
    }

    /// Polls at its own interval, whichever page is open, and does not pause.
    #[must_use]
    pub fn every<F>(interval: Duration, fetch: impl Fn(AbortController) -> F + 'static) -> Self
    where
        F: Future<Output = Result<Arrived<T>, Failure>> + 'static,
    {
        Self::begin(None, Some(interval), fetch, |_, _| false)
    }

    /// As [`Self::new`], or with a first value and the time of its request, in milliseconds by the browser's clock, or
    /// at an interval of its own.
    pub(super) fn begin<F>(
        first: Option<(T, f64)>,
        interval: Option<Duration>,
        fetch: impl Fn(AbortController) -> F + 'static,
        in_transition: impl Fn(&T, DateTime<Utc>) -> bool + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Arrived<T>, Failure>> + 'static,
    {
        let now = clock::now();
        let mut schedule = Schedule::default();
        if let Some((first, requested_at)) = &first {
            // The interval counts from the request, so that an old first answer is replaced soon.
            schedule.started(requested_at.min(now));
            schedule.answered(now, in_transition(first, clock::time(now)));
        }
        let requested_at = first.as_ref().map(|(_, requested_at)| *requested_at);
        let value: RwSignal<Option<Arc<T>>> =
            RwSignal::new(first.map(|(first, _)| Arc::new(first)));
        let in_transition = Rc::new(in_transition);
        let poll = Rc::new(Poll {
            fetch: Box::new(move |abort| {
                let (request, in_transition) = (fetch(abort), Rc::clone(&in_transition));
                Box::pin(async move {
                    let arrived = request.await?;
                    Ok(Received {
                        date: arrived.date,
                        age: arrived.age,
                        apply: Box::new(move |now| {
                            let moving = in_transition(&arrived.value, now);
                            set_if_changed(value, arrived.value);
                            moving
                        }),
                    })
                })
            }),
            schedule: RefCell::new(schedule),
            interval,
            timer: Cell::new(None),
            in_flight: RefCell::new(None),
            request_count: Cell::new(0),
            shown_at: Cell::new(f64::NEG_INFINITY),
            ended: Cell::new(false),
        });
        let status = Status::new(poll, use_poll_settings(), requested_at);
        Self { value, status }
    }

    /// Shows a value that was read outside of the poll, such as after a change, and requested at this time, unless the
    /// shown value was requested later. Also works after the page was closed.
    pub fn show(self, value: T, requested_at: f64) {
        if self.status.shown(requested_at) {
            set_if_changed(self.value, value);
        }
    }
}

impl<T: Send + Sync + 'static> Live<T> {
    /// The last good value, of any age.
    #[must_use]
    pub fn value(self) -> Option<Arc<T>> {
        self.value.get()
    }

    /// The last good value, untracked.
    #[must_use]
    pub fn value_untracked(self) -> Option<Arc<T>> {
        self.value.get_untracked()
    }
}

/// Sets the value. An unchanged one does not notify subscribers.
fn set_if_changed<T: PartialEq + Send + Sync + 'static>(
    signal: RwSignal<Option<Arc<T>>>,
    value: T,
) {
    let changed = signal.try_maybe_update(|held| {
        if held.as_deref() == Some(&value) {
            return (false, false);
        }
        *held = Some(Arc::new(value));
        (true, true)
    });
    if changed == Some(true) {
        clear_subscribers(&signal);
    }
}
