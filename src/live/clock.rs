//! One tick a second for every age on the page, and the vendors' clocks.

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
    /// Counts the timers: one that is not the newest does nothing. A timer that is cleared would keep its
    /// closure for as long as the page is open.
    timers: StoredValue<u32>,
    /// Whether an answer is under way that will tick.
    awaits: StoredValue<bool>,
    poll_settings: PollSettings,
}

/// From one tick to the next.
const TICK: Duration = Duration::from_secs(1);

/// How long a tick waits for a pending answer, which ticks as well, so that the page is drawn once.
const PATIENCE: Duration = Duration::from_millis(250);

/// The page's clock. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_clock() -> Clock {
    provided()
}

/// Starts the page's one clock, which also notices when the computer has slept.
pub fn provide(poll_settings: PollSettings) -> Clock {
    let clock = Clock {
        millis: RwSignal::new(now()),
        timers: StoredValue::new(0),
        awaits: StoredValue::new(false),
        poll_settings,
    };
    provide_context(clock);
    clock.tick();
    clock
}

impl Clock {
    /// An answer is asked for that ticks when it arrives.
    pub(super) fn await_answer(self) {
        let _ = self.awaits.try_set_value(true);
    }

    /// An answer has arrived, or will not: ticks now, so that it and the ages beside it are drawn in one go.
    pub(super) fn answer_arrived(self) {
        let _ = self.awaits.try_set_value(false);
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
            if self.awaits.try_get_value() == Some(true) {
                self.after(PATIENCE, move || self.tick());
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

    /// Milliseconds since 1970 by the browser; changes once a second.
    #[must_use]
    pub fn millis(self) -> f64 {
        // The tick only says when to look again: between two ticks an answer may arrive that is
        // newer than the last tick, and its age must not come out negative.
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

/// Milliseconds since 1970 as a time; the epoch when out of range.
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
