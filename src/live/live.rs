//! `Live<T>`: the last good value of one thing, with the status of its poll.

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

/// Something on the screen that refreshes by itself: the last good value stays when a poll fails.
/// Everything that shows the same thing is given the same `Live`, and so shares its poll.
pub struct Live<T: Send + Sync + 'static> {
    value: RwSignal<Option<Arc<T>>>,
    /// How old the value is, what went wrong, and when it is asked for next.
    pub status: Status,
}

impl<T: Send + Sync + 'static> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Live<T> {}

impl<T: PartialEq + Send + Sync + 'static> Live<T> {
    /// Polls at once and then by its [`Schedule`] until the current owner is cleaned up.
    /// `in_transition` says, with the vendor's time, whether the value is worth asking for more often.
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

    /// The same, of which the first value is known, and when it was asked for, in milliseconds since 1970 by the
    /// browser's clock.
    #[must_use]
    pub fn starting_with<F>(
        first: T,
        requested_at: f64,
        fetch: impl Fn(AbortController) -> F + 'static,
        in_transition: impl Fn(&T, DateTime<Utc>) -> bool + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Arrived<T>, Failure>> + 'static,
    {
        Self::begin(Some((first, requested_at)), None, fetch, in_transition)
    }

    /// Polls at an interval of its own, whichever page is open, and does not pause.
    #[must_use]
    pub fn every<F>(interval: Duration, fetch: impl Fn(AbortController) -> F + 'static) -> Self
    where
        F: Future<Output = Result<Arrived<T>, Failure>> + 'static,
    {
        Self::begin(None, Some(interval), fetch, |_, _| false)
    }

    fn begin<F>(
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
            // Counted from the request, so that an old first answer is replaced soon.
            schedule.begun(requested_at.min(now));
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
                            put(value, arrived.value);
                            moving
                        }),
                    })
                })
            }),
            schedule: RefCell::new(schedule),
            interval,
            timer: Cell::new(None),
            under_way: RefCell::new(None),
            turn: Cell::new(0),
            ended: Cell::new(false),
        });
        let status = Status::new(poll, use_poll_settings(), requested_at);
        Self { value, status }
    }
}

impl<T: Send + Sync + 'static> Live<T> {
    /// The last good value, however old.
    #[must_use]
    pub fn value(self) -> Option<Arc<T>> {
        self.value.get()
    }

    /// The last good value without following it.
    #[must_use]
    pub fn value_untracked(self) -> Option<Arc<T>> {
        self.value.get_untracked()
    }
}

/// An unchanged value notifies nobody.
fn put<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<Option<Arc<T>>>, value: T) {
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
