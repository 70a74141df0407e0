//! The simulated clock: it can be set, run at any speed, or be frozen.
//! All times in the simulator come from it, except the delay of a latency fault.

use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A handle on one shared clock.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Setting>>);

#[derive(Debug)]
struct Setting {
    /// The simulated time at `since`.
    from: DateTime<Utc>,
    since: Instant,
    /// Simulated seconds per real second; 0 is frozen.
    speed: f64,
}

impl Setting {
    fn now(&self) -> DateTime<Utc> {
        let micros = self.since.elapsed().as_secs_f64() * self.speed * 1e6;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float that is too large becomes i64::MAX, which the checked addition rejects"
        )]
        let passed = TimeDelta::microseconds(micros as i64);
        self.from.checked_add_signed(passed).unwrap_or(self.from)
    }
}

impl Clock {
    /// A clock that shows `start` now and runs `speed` simulated seconds per real second.
    /// A speed that is negative or not a number counts as 0, frozen.
    #[must_use]
    pub fn new(start: DateTime<Utc>, speed: f64) -> Self {
        Self(Arc::new(Mutex::new(Setting {
            from: start,
            since: Instant::now(),
            speed: valid_speed(speed),
        })))
    }

    fn setting(&self) -> MutexGuard<'_, Setting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The simulated time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.setting().now()
    }

    /// Simulated seconds per real second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.setting().speed
    }

    /// Sets the time; the speed stays.
    pub fn set(&self, now: DateTime<Utc>) {
        let mut setting = self.setting();
        setting.from = now;
        setting.since = Instant::now();
    }

    /// Sets the speed; the time continues from its current value. 0 freezes it.
    pub fn set_speed(&self, speed: f64) {
        let mut setting = self.setting();
        setting.from = setting.now();
        setting.since = Instant::now();
        setting.speed = valid_speed(speed);
    }

    /// Advances the time by `by` and returns the new time.
    pub fn advance(&self, by: TimeDelta) -> DateTime<Utc> {
        let mut setting = self.setting();
        let now = setting.now();
        setting.from = now.checked_add_signed(by).unwrap_or(now);
        setting.since = Instant::now();
        setting.from
    }
}

fn valid_speed(speed: f64) -> f64 {
    if speed.is_finite() && speed > 0.0 {
        speed
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_frozen_clock_moves_only_when_it_is_set_or_advanced() {
        let clock = Clock::new(at("2026-11-21T14:32:08Z"), 0.0);
        assert_eq!(clock.now(), at("2026-11-21T14:32:08Z"));
        assert_eq!(
            clock.advance(TimeDelta::seconds(60)),
            at("2026-11-21T14:33:08Z")
        );
        assert_eq!(clock.now(), at("2026-11-21T14:33:08Z"));
        clock.set(at("2020-01-01T00:00:00Z"));
        assert_eq!(clock.now(), at("2020-01-01T00:00:00Z"));
    }

    #[test]
    fn a_running_clock_never_goes_back_when_its_speed_changes() {
        let clock = Clock::new(at("2026-11-21T14:32:08Z"), 1e6);
        let before = clock.now();
        clock.set_speed(0.0);
        let frozen = clock.now();
        assert!(frozen >= before);
        assert_eq!(clock.now(), frozen);
    }

    #[test]
    fn an_invalid_speed_freezes_the_clock() {
        for speed in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(
                Clock::new(at("2026-11-21T14:32:08Z"), speed).speed() <= 0.0,
                "{speed}"
            );
        }
    }

    #[test]
    fn an_advance_beyond_the_calendar_is_ignored() {
        let clock = Clock::new(DateTime::<Utc>::MAX_UTC, 0.0);
        assert_eq!(clock.advance(TimeDelta::days(1)), DateTime::<Utc>::MAX_UTC);
    }
}
