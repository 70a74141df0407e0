//! The status of a poll: how old the last good answer is, what went wrong since, and what the vendor's clock
//! shows.

use super::clock::{self, Clock};
use super::poll::Poll;
use super::poll_settings::PollSettings;
use super::schedule::{self, Millis, Schedule};
use crate::api::{Failure, VendorDate};
use crate::on_change::on_change_since;
use crate::subscribers::{clear_subscribers, resubscribe};
use chrono::{DateTime, TimeDelta, Utc};
use health::freshness::{Freshness, freshness};
use health::vendor_clock::VendorClock;
use leptos::prelude::*;
use std::rc::Rc;

/// The state of a poll.
#[derive(Clone, Copy)]
pub struct Status {
    requested_at: RwSignal<Option<Millis>>,
    /// The number of the last request that brought an answer.
    answered: RwSignal<u32>,
    server: RwSignal<VendorClock>,
    failure: RwSignal<Option<Failure>>,
    poll_settings: PollSettings,
    poll: StoredValue<Rc<Poll>, LocalStorage>,
}

impl Status {
    /// Begins to poll, follows the poll settings, and ends with the current owner.
    pub(super) fn new(
        poll: Rc<Poll>,
        poll_settings: PollSettings,
        answered: Option<Millis>,
    ) -> Self {
        let status = Self {
            requested_at: RwSignal::new(answered),
            answered: RwSignal::new(0),
            server: RwSignal::new(VendorClock::default()),
            failure: RwSignal::new(None),
            poll_settings,
            poll: StoredValue::new_local(Rc::clone(&poll)),
        };
        let on_end = send_wrapper::SendWrapper::new(Rc::clone(&poll));
        on_cleanup(move || on_end.end());
        let poll = send_wrapper::SendWrapper::new(poll);
        on_change_since(move |before: Option<(u32, u32, u32)>| {
            let counts = (
                poll_settings.slept.get(),
                poll_settings.woken.get(),
                poll_settings.refresh_requests.get(),
            );
            {
                let mut schedule = poll.schedule.borrow_mut();
                let (paused, hidden) = (poll_settings.paused.get(), poll_settings.hidden.get());
                match poll.interval {
                    Some(own) => schedule.set(own, false, hidden),
                    None => schedule.set(poll_settings.interval(), paused, hidden),
                }
                let (_, woken, requested) = before.unwrap_or(counts);
                let is_young = untrack(|| status.is_young(&poll)) && !schedule.is_under_way();
                if woken != counts.1 && !is_young {
                    schedule.wake();
                }
                if requested != counts.2 {
                    schedule.ask();
                }
            }
            if before.is_some_and(|(slept, ..)| slept != counts.0) {
                poll.give_up();
            }
            poll.check(status);
            counts
        });
        status
    }

    /// Whether the last answer of a poll with an interval of its own is as new as that wants it. Such a one is not old because
    /// nobody saw it: a report of a month is not made anew whenever its tab is shown.
    fn is_young(self, poll: &Poll) -> bool {
        let age = self
            .requested_at
            .get()
            .map(|requested_at| clock::now() - requested_at);
        let own = poll.interval.map(schedule::millis);
        self.failure.read().is_none()
            && age
                .zip(own)
                .is_some_and(|(age, own)| (0.0..own).contains(&age))
    }

    pub(super) fn observe_date(self, requested_at: Millis, received: Millis, dated: VendorDate) {
        let VendorDate { at, age, on_way } = dated;
        let updated = self.server.try_update(|clock| {
            *clock = clock.received(requested_at, received + on_way, clock::millis_of(at), age);
        });
        if updated.is_some() {
            clear_subscribers(&self.server);
        }
    }

    pub(super) fn answered(self, requested_at: Millis, request: u32) {
        if self.requested_at.try_set(Some(requested_at)).is_none() {
            clear_subscribers(&self.requested_at);
        }
        if self.answered.try_set(request).is_none() {
            clear_subscribers(&self.answered);
        }
        let _ = self.failure.try_maybe_update(|failure| {
            let had = failure.take().is_some();
            (had, ())
        });
    }

    pub(super) fn failed(self, failure: Failure) {
        // The same failure again is not a change: only ids differ, and the first one is as good to quote.
        let _ = self.failure.try_maybe_update(|held| {
            let news = held.as_ref().is_none_or(|held| {
                held.line() != failure.line() || held.status() != failure.status()
            });
            if news {
                *held = Some(failure);
            }
            (news, ())
        });
    }

    /// Drops subscribers on pages that were left, as [`resubscribe`].
    pub(super) fn resubscribe(self) {
        resubscribe(&[&self.failure]);
    }

    /// Asks now, or as soon as what is under way has ended. For what a person wants: nothing holds it up.
    pub fn refresh(self) {
        self.check_after(Schedule::ask);
    }

    /// Asks now, unless the vendor asked to be left alone, refresh is paused or nobody sees the page.
    pub(super) fn wake(self) {
        self.check_after(Schedule::wake);
    }

    fn check_after(self, tell: fn(&mut Schedule)) {
        let Some(poll) = self.poll.try_get_value() else {
            return;
        };
        tell(&mut poll.schedule.borrow_mut());
        poll.check(self);
    }

    /// What went wrong since the last good answer.
    #[must_use]
    pub fn failure(self) -> Option<Failure> {
        self.failure.get()
    }

    /// How old the last good answer is, negative where the clock was set back since; `None` when there never was one.
    #[must_use]
    pub fn age(self, clock: Clock) -> Option<TimeDelta> {
        let requested_at = self.requested_at.get()?;
        Some(clock::signed_span(clock.millis() - requested_at))
    }

    /// How far the last good answer can be believed.
    #[must_use]
    pub fn freshness(self, clock: Clock) -> Freshness {
        let own = self.poll.try_with_value(|poll| poll.interval).flatten();
        let interval = own.unwrap_or_else(|| self.poll_settings.interval());
        let interval = TimeDelta::from_std(interval).unwrap_or(TimeDelta::MAX);
        freshness(self.age(clock), interval)
    }

    /// The vendor's time now, as well as its answers tell it; the browser's before the first.
    #[must_use]
    pub fn vendor_time(self, clock: Clock) -> DateTime<Utc> {
        clock.at(self.server.read().offset())
    }

    /// The vendor's time at a moment of the browser's clock.
    #[must_use]
    pub fn vendor_time_of(self, browser: Millis) -> DateTime<Utc> {
        clock::time(browser + self.server.read().offset())
    }

    /// When the last good answer was asked for, by the vendor's clock.
    #[must_use]
    pub fn read_at(self) -> Option<DateTime<Utc>> {
        self.requested_at.get().map(|at| self.vendor_time_of(at))
    }

    /// The vendor's time at this moment, without following it; also after the page was left.
    #[must_use]
    pub fn vendor_now(self) -> DateTime<Utc> {
        self.vendor_time_at(clock::now())
    }

    pub(super) fn vendor_time_at(self, millis: Millis) -> DateTime<Utc> {
        let offset = self
            .server
            .try_with_untracked(|server| server.offset())
            .unwrap_or_default();
        clock::time(millis + offset)
    }

    /// How many requests have begun; also after the page was left.
    #[must_use]
    pub fn requests(self) -> u32 {
        let poll = self.poll.try_get_value();
        poll.map_or(0, |poll| poll.turn.get())
    }

    /// Whether a request that began after that many has brought an answer, tracked. No clock says that: it may
    /// be set meanwhile.
    #[must_use]
    pub fn has_answered_after(self, requests: u32) -> bool {
        self.answered.get() > requests
    }

    /// When the last good answer was asked for, by the browser's clock.
    #[must_use]
    pub fn requested_at(self) -> Option<DateTime<Utc>> {
        self.requested_at.get().map(clock::time)
    }
}
