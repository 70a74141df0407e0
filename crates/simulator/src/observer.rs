//! The clock of the observer, who watches the systems: the demo's gateway. It begins with the vendors' clock and can be
//! moved without moving theirs, as a computer that nothing reaches for a while.

use crate::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use tokio::sync::watch;

/// A handle on the observer's clock.
#[derive(Debug, Clone)]
pub struct Observer {
    clock: Clock,
    skips: watch::Sender<Skips>,
}

/// How the observer's clock was moved. Each change is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skips {
    /// How much time was skipped altogether.
    pub total: Duration,
    /// How often the world was built anew, which makes obsolete what was known of it.
    pub resets: u64,
}

impl Observer {
    pub(crate) fn new(start: DateTime<Utc>, speed: f64) -> Self {
        Self {
            clock: Clock::new(start, speed),
            skips: watch::Sender::default(),
        }
    }

    /// The observer's time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Observed seconds per real second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.clock.speed()
    }

    /// What was skipped, from now on.
    #[must_use]
    pub fn skips(&self) -> watch::Receiver<Skips> {
        self.skips.subscribe()
    }

    /// Lets this much time pass at once.
    pub fn advance(&self, by: Duration) {
        self.clock
            .advance(TimeDelta::from_std(by).unwrap_or_default());
        self.skips
            .send_modify(|skips| skips.total = skips.total.saturating_add(by));
    }

    /// Sets the time, the speed, or both.
    pub fn set(&self, now: Option<DateTime<Utc>>, speed: Option<f64>) {
        if let Some(now) = now {
            self.clock.set(now);
        }
        if let Some(speed) = speed {
            self.clock.set_speed(speed);
        }
        // Ages are others now.
        self.skips.send_modify(|_| ());
    }

    /// Begins anew with the world.
    pub(crate) fn reset(&self, now: DateTime<Utc>, speed: f64) {
        self.clock.set_speed(speed);
        self.clock.set(now);
        self.skips.send_modify(|skips| skips.resets += 1);
    }
}
