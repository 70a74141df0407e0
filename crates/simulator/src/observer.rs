//! The clock of the observer, which is the demo's gateway. It starts with the vendors' clock and can be moved without
//! moving theirs, so that a test can simulate a gateway that receives no data for a while.

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

/// The changes of the observer's clock. Subscribers are notified of each change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skips {
    /// The total time skipped.
    pub total: Duration,
    /// The number of times the world was rebuilt, which makes all earlier data obsolete.
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

    /// Subscribes to changes of the clock.
    #[must_use]
    pub fn skips(&self) -> watch::Receiver<Skips> {
        self.skips.subscribe()
    }

    /// Skips this much time at once.
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
        // Notifies subscribers, because all ages have changed.
        self.skips.send_modify(|_| ());
    }

    /// Restarts the clock after the world was rebuilt.
    pub(crate) fn reset(&self, now: DateTime<Utc>, speed: f64) {
        self.clock.set_speed(speed);
        self.clock.set(now);
        self.skips.send_modify(|skips| skips.resets += 1);
    }
}
