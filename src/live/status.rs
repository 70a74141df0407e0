//! The status of a poll: how old the last good answer is, what went wrong, when it asks next, and what the
//! vendor's clock shows.

use super::clock::{self, Clock};
use super::poll::Poll;
use super::poll_settings::PollSettings;
use super::schedule::Millis;
use super::server_clock::ServerClock;
use crate::api::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use health::freshness::{Freshness, freshness};
use leptos::prelude::*;
use std::rc::Rc;

/// The state of a poll.
#[derive(Clone, Copy)]
pub struct Status {
    requested_at: RwSignal<Option<Millis>>,
    server: RwSignal<ServerClock>,
    failure: RwSignal<Option<Failure>>,
    last_error: RwSignal<Option<LastError>>,
    due: RwSignal<Option<Millis>>,
    poll_settings: PollSettings,
    poll: StoredValue<Rc<Poll>, LocalStorage>,
}

/// The last failure, whether or not it has been resolved since.
#[derive(Debug, Clone, PartialEq)]
pub struct LastError {
    /// What.
    pub failure: Failure,
    /// When, by the browser's clock.
    pub at: DateTime<Utc>,
}

/// When the next poll is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextPoll {
    /// In so long; zero while one is under way.
    In(TimeDelta),
    /// When somebody resumes it.
    Paused,
}

impl Status {
    /// Begins to poll, follows the poll settings, and ends with the current owner.
    pub(super) fn new(poll: Rc<Poll>, poll_settings: PollSettings) -> Self {
        let status = Self {
            requested_at: RwSignal::new(None),
            server: RwSignal::new(ServerClock::default()),
            failure: RwSignal::new(None),
            last_error: RwSignal::new(None),
            due: RwSignal::new(None),
            poll_settings,
            poll: StoredValue::new_local(Rc::clone(&poll)),
        };
        let on_end = send_wrapper::SendWrapper::new(Rc::clone(&poll));
        on_cleanup(move || on_end.end());
        let poll = send_wrapper::SendWrapper::new(poll);
        Effect::new(move |before: Option<(u32, u32, u32)>| {
            let counts = (
                poll_settings.slept.get(),
                poll_settings.woken.get(),
                poll_settings.refresh_requests.get(),
            );
            {
                let mut schedule = poll.schedule.borrow_mut();
                schedule.set(
                    poll_settings.interval.get(),
                    poll_settings.paused.get(),
                    poll_settings.hidden.get(),
                );
                let (_, woken, requested) = before.unwrap_or(counts);
                if woken != counts.1 {
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

    pub(super) fn due(self, due: Option<Millis>) {
        let _ = self.due.try_set(due);
    }

    pub(super) fn observe_date(
        self,
        requested_at: Millis,
        received: Millis,
        date: Millis,
        cached_for: Millis,
    ) {
        let _ = self
            .server
            .try_update(|clock| *clock = clock.observe(requested_at, received, date, cached_for));
    }

    pub(super) fn answered(self, requested_at: Millis) {
        let _ = self.requested_at.try_set(Some(requested_at));
        let _ = self.failure.try_maybe_update(|failure| {
            let had = failure.take().is_some();
            (had, ())
        });
    }

    pub(super) fn failed(self, failure: Failure, at: Millis) {
        let _ = self.last_error.try_set(Some(LastError {
            failure: failure.clone(),
            at: clock::time(at),
        }));
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

    /// Asks now, or as soon as what is under way has ended.
    pub fn refresh(self) {
        let Some(poll) = self.poll.try_get_value() else {
            return;
        };
        poll.schedule.borrow_mut().ask();
        poll.check(self);
    }

    /// What went wrong since the last good answer.
    #[must_use]
    pub fn failure(self) -> Option<Failure> {
        self.failure.get()
    }

    /// The last failure, even if it has been resolved.
    #[must_use]
    pub fn last_error(self) -> Option<LastError> {
        self.last_error.get()
    }

    /// How old the last good answer is; `None` when there never was one.
    #[must_use]
    pub fn age(self, clock: Clock) -> Option<TimeDelta> {
        let requested_at = self.requested_at.get()?;
        Some(clock::span(clock.millis() - requested_at))
    }

    /// How far the last good answer can be believed.
    #[must_use]
    pub fn freshness(self, clock: Clock) -> Freshness {
        self.judged(self.age(clock))
    }

    /// How far something of this poll can be believed that was asked for then.
    #[must_use]
    pub fn freshness_of(self, requested_at: Millis, clock: Clock) -> Freshness {
        self.judged(Some(clock::span(clock.millis() - requested_at)))
    }

    fn judged(self, age: Option<TimeDelta>) -> Freshness {
        let interval =
            TimeDelta::from_std(self.poll_settings.interval.get()).unwrap_or(TimeDelta::MAX);
        freshness(age, interval)
    }

    /// Whether there has been a good answer, or part of one.
    #[must_use]
    pub fn has_answered(self) -> bool {
        self.requested_at.read().is_some()
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

    /// How far the vendor's clock is ahead of the browser's (negative: behind), where it is worth
    /// telling.
    #[must_use]
    pub fn skew(self) -> Option<TimeDelta> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an f64 of milliseconds saturates at what an i64 holds"
        )]
        let whole = |millis: Millis| TimeDelta::try_milliseconds(millis as i64);
        self.server.read().skew().and_then(whole)
    }

    /// When the last good answer was asked for, by the browser's clock.
    #[must_use]
    pub fn requested_at(self) -> Option<DateTime<Utc>> {
        self.requested_at.get().map(clock::time)
    }

    /// When the next poll is.
    #[must_use]
    pub fn next(self, clock: Clock) -> NextPoll {
        match self.due.get() {
            None if self.poll_settings.paused.get() => NextPoll::Paused,
            None => NextPoll::In(TimeDelta::zero()),
            Some(due) => NextPoll::In(clock::span(due - clock.millis())),
        }
    }
}
