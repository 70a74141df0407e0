//! The page's clock: one tick per second for every age on the page.

use super::poll_settings::PollSettings;
use crate::provided::provided;
use crate::subscribers::clear_subscribers;
use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use std::time::Duration;

/// The browser's clock as a signal.
#[derive(Clone, Copy)]
pub struct Clock {
    millis: RwSignal<f64>,
    /// Counts the timers: only the newest one acts. Clearing a timer instead would keep its closure in memory.
    timers: StoredValue<u32>,
    /// Whether a pending request will tick when its answer arrives.
    awaits_answer: StoredValue<bool>,
    poll_settings: PollSettings,
}

/// The interval between two ticks.
const TICK: Duration = Duration::from_secs(1);

/// The maximum delay of a tick for a pending answer, which ticks as well, so that the page is drawn only once.
const MAX_TICK_DELAY: Duration = Duration::from_millis(250);

/// The page's clock. Call it inside the owner of [`provide`].
#[must_use]
pub fn use_clock() -> Clock {
    provided()
}

/// Starts the page's clock, which also detects when the computer has slept.
pub fn provide(poll_settings: PollSettings) -> Clock {
    let clock = Clock {
        millis: RwSignal::new(now()),
        timers: StoredValue::new(0),
        awaits_answer: StoredValue::new(false),
        poll_settings,
    };
    provide_context(clock);
    clock.tick();
    clock
}

impl Clock {
    /// Announces an answer that will tick when it arrives.
    pub(super) fn await_answer(self) {
        let _ = self.awaits_answer.try_set_value(true);
    }

    /// Ticks when the announced answer has arrived or failed, so that it and the ages are drawn together.
    pub(super) fn answer_arrived(self) {
        let _ = self.awaits_answer.try_set_value(false);
        self.tick();
    }

    fn tick(self) {
        let Some(last) = self.millis.try_get_untracked() else {
            return;
        };
        if self.millis.try_set(now()).is_none() {
            clear_subscribers(&self.millis);
        }
        self.poll_settings.ticked(last);
        let due = move || {
            if self.awaits_answer.try_get_value() == Some(true) {
                self.after(MAX_TICK_DELAY, move || self.tick());
            } else {
                self.tick();
            }
        };
        self.after(TICK, due);
    }

    fn after(self, wait: Duration, due: impl FnOnce() + 'static) {
        let Some(timer) = self.timers.try_get_value().map(|last| last.wrapping_add(1)) else {
            return;
        };
        let _ = self.timers.try_set_value(timer);
        let due = move || {
            if self.timers.try_get_value() == Some(timer) {
                due();
            }
        };
        set_timeout(due, wait);
    }

    /// Milliseconds since 1970 by the browser's clock; notifies subscribers once per second.
    #[must_use]
    pub fn millis(self) -> f64 {
        // Not the time of the tick: an answer may be newer than the last tick, and its age must not be negative.
        let _ = self.millis.get();
        now()
    }

    /// The browser's time, corrected by an offset in milliseconds.
    #[must_use]
    pub fn at(self, offset: f64) -> DateTime<Utc> {
        time(self.millis() + offset)
    }
}

/// Milliseconds since 1970 by the browser's clock, now.
#[must_use]
pub fn now() -> f64 {
    js_sys::Date::now()
}

/// Milliseconds since 1970 as a time; the epoch if out of range.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 fit an i64 for 292 million years"
)]
pub fn time(millis: f64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis as i64).unwrap_or_default()
}

/// Milliseconds as a duration.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "an age in milliseconds fits an i64"
)]
pub fn signed_span(millis: f64) -> TimeDelta {
    TimeDelta::try_milliseconds(millis as i64).unwrap_or_default()
}

/// Milliseconds since 1970 of a time.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are exact in an f64"
)]
pub fn millis_of(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64
}
