//! The time of day as a value that tests can replace, and elapsed time.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Returns the time since 1970.
pub(crate) type UnixClock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The clock for request signatures: the computer's, or in the demo a simulated one that may run faster.
#[derive(Clone)]
pub(crate) struct SigningClock {
    now: UnixClock,
    /// The clock's seconds per real second.
    speed: f64,
}

impl SigningClock {
    pub(crate) fn new(now: UnixClock, speed: f64) -> Self {
        Self { now, speed }
    }

    /// The time since 1970.
    pub(crate) fn now(&self) -> Duration {
        (self.now)()
    }

    /// Waits until the clock shows `then`, a time since 1970.
    pub(crate) async fn sleep_until(&self, then: Duration) {
        let left = then.saturating_sub(self.now()).as_secs_f64() / self.speed;
        tokio::time::sleep(Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX)).await;
    }
}

impl From<UnixClock> for SigningClock {
    fn from(now: UnixClock) -> Self {
        Self::new(now, 1.0)
    }
}

/// The seconds of a duration, rounded up.
pub(crate) fn seconds_rounded_up(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX)
}

/// The computer's clock.
pub(crate) fn wall_clock() -> UnixClock {
    Arc::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    })
}

/// A moment on two clocks: the monotonic clock, which stops while the computer sleeps, and the system clock, which can
/// be set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(pub(crate) Instant, pub(crate) SystemTime);

impl Moment {
    pub(crate) fn now() -> Self {
        Self(Instant::now(), SystemTime::now())
    }

    /// The time elapsed from this moment until `now`, by the clock that shows more; `None` if the system clock was set
    /// back.
    pub(crate) fn until(self, now: Self) -> Option<Duration> {
        let passed = now.1.duration_since(self.1).ok()?;
        Some(passed.max(now.0.saturating_duration_since(self.0)))
    }
}
