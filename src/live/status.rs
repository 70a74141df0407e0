//! The status of a poll: the age of the last good answer, the failure since then, and the vendor's clock.

use super::clock::{self, Clock};
use super::poll::{Poll, newest};
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

/// The status of a poll.
#[derive(Clone, Copy)]
pub struct Status {
    requested_at: RwSignal<Option<Millis>>,
    server: RwSignal<VendorClock>,
    failure: RwSignal<Option<Failure>>,
    poll_settings: PollSettings,
    poll: StoredValue<Rc<Poll>, LocalStorage>,
}

impl Status {
    /// Starts the poll, follows the poll settings, and stops when the current owner is cleaned up.
    pub(super) fn new(
        poll: Rc<Poll>,
        poll_settings: PollSettings,
        answered: Option<Millis>,
    ) -> Self {
        let status = Self {
            requested_at: RwSignal::new(answered),
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
                let is_recent = untrack(|| status.is_recent(&poll)) && !schedule.is_under_way();
                if woken != counts.1 && !is_recent {
                    schedule.wake();
                }
                if requested != counts.2 {
                    schedule.request();
                }
            }
            match before {
                Some((slept, ..)) if slept != counts.0 => poll.abandon(),
                Some(before) if before != counts => poll.abandon_lost(),
                _ => {}
            }
            poll.check(status);
            counts
        });
        status
    }

    /// Whether the last answer of a poll with its own interval is younger than that interval. Such a poll is not
    /// repeated when the page becomes visible: a monthly report is not created again whenever its tab is shown.
    fn is_recent(self, poll: &Poll) -> bool {
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
        let VendorDate {
            at,
            age,
            round_trip,
        } = dated;
        let updated = self.server.try_update(|clock| {
            *clock = clock.received(
                requested_at,
                received + round_trip,
                clock::millis_of(at),
                age,
            );
        });
        if updated.is_some() {
            clear_subscribers(&self.server);
        }
    }

    /// Notes that a value is to be shown that was read outside of the poll, and when it was requested. False if the
    /// shown value was requested later.
    pub(super) fn shown(self, requested_at: Millis) -> bool {
        let held = self.requested_at.try_get_untracked().flatten();
        if held.is_some_and(|held| requested_at < newest(requested_at, held, clock::now())) {
            return false;
        }
        let _ = self
            .poll
            .try_with_value(|poll| poll.shown_at.set(requested_at));
        self.answered(requested_at);
        true
    }

    pub(super) fn answered(self, requested_at: Millis) {
        if self.requested_at.try_set(Some(requested_at)).is_none() {
            clear_subscribers(&self.requested_at);
        }
        let _ = self.failure.try_maybe_update(|failure| {
            let had = failure.take().is_some();
            (had, ())
        });
    }

    pub(super) fn failed(self, failure: Failure) {
        // A repeated failure with only a different id is not a change: the first id is as useful to quote.
        let _ = self.failure.try_maybe_update(|held| {
            let is_new = held.as_ref().is_none_or(|held| {
                held.line() != failure.line() || held.status() != failure.status()
            });
            if is_new {
                *held = Some(failure);
            }
            (is_new, ())
        });
    }

    /// Drops the subscribers of pages that were left, see [`resubscribe`].
    pub(super) fn resubscribe(self) {
        resubscribe(&[&self.failure]);
    }

    /// Polls now, or as soon as the request in progress ends, for a refresh that the user requests. Nothing delays it.
    pub fn refresh(self) {
        self.check_after(Schedule::request);
    }

    /// Polls now, unless a `Retry-After` applies, refresh is paused or the page is hidden.
    pub(super) fn wake(self) {
        self.check_after(Schedule::wake);
    }

    fn check_after(self, change: fn(&mut Schedule)) {
        let Some(poll) = self.poll.try_get_value() else {
            return;
        };
        change(&mut poll.schedule.borrow_mut());
        poll.abandon_lost();
        poll.check(self);
    }

    /// The failure since the last good answer.
    #[must_use]
    pub fn failure(self) -> Option<Failure> {
        self.failure.get()
    }

    /// The age of the last good answer, negative if the clock was set back since; `None` if there was none.
    #[must_use]
    pub fn age(self, clock: Clock) -> Option<TimeDelta> {
        let requested_at = self.requested_at.get()?;
        Some(clock::signed_span(clock.millis() - requested_at))
    }

    /// How fresh the last good answer is.
    #[must_use]
    pub fn freshness(self, clock: Clock) -> Freshness {
        let own = self.poll.try_with_value(|poll| poll.interval).flatten();
        let interval = own.unwrap_or_else(|| self.poll_settings.interval());
        let interval = TimeDelta::from_std(interval).unwrap_or(TimeDelta::MAX);
        freshness(self.age(clock), interval)
    }

    /// The vendor's time, estimated from its answers; the browser's time before the first answer.
    #[must_use]
    pub fn vendor_time(self, clock: Clock) -> DateTime<Utc> {
        clock.at(self.server.read().offset())
    }

    /// The vendor's time at a moment of the browser's clock.
    #[must_use]
    pub fn vendor_time_of(self, browser: Millis) -> DateTime<Utc> {
        clock::time(browser + self.server.read().offset())
    }

    /// The time of the request for the last good answer, by the vendor's clock.
    #[must_use]
    pub fn read_at(self) -> Option<DateTime<Utc>> {
        self.requested_at.get().map(|at| self.vendor_time_of(at))
    }

    /// The vendor's time, untracked. Works after the page was left.
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

    /// The time of the request for the last good answer, by the browser's clock.
    #[must_use]
    pub fn requested_at(self) -> Option<DateTime<Utc>> {
        self.requested_at.get().map(clock::time)
    }
}
