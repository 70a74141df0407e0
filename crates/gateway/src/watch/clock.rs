//! The clock of the watch. A demo can skip time, so everything here that waits or judges uses this clock.

use chrono::{DateTime, Utc};
use health::schedule::Millis;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// The skips and resets of the clock, as the simulator's observer reports them.
pub(crate) use simulator::Skips;

/// The source of the gateway's time.
#[derive(Clone)]
pub(crate) struct Clock {
    now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    computer: fn() -> SystemTime,
    began: Instant,
    skips: watch::Receiver<Skips>,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

impl Clock {
    /// The computer's clock, without skips.
    pub(crate) fn system() -> Self {
        let (_, skips) = watch::channel(Skips::default());
        Self::new(Utc::now, skips)
    }

    /// A clock with this time source and these skips.
    pub(crate) fn new(
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        skips: watch::Receiver<Skips>,
    ) -> Self {
        Self {
            now: Arc::new(now),
            computer: SystemTime::now,
            began: Instant::now(),
            skips,
        }
    }

    /// The gateway's time, for judgement and ages.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    /// The same clock with another clock of the computer.
    #[cfg(test)]
    pub(crate) fn beside(self, computer: fn() -> SystemTime) -> Self {
        Self { computer, ..self }
    }

    /// The computer's time. Unlike the time of schedules, it continues while the computer sleeps.
    pub(super) fn computer(&self) -> SystemTime {
        (self.computer)()
    }

    /// The time of schedules: the elapsed time plus the skipped time, in milliseconds.
    pub(crate) fn millis(&self) -> Millis {
        let passed = self.began.elapsed() + self.skipped();
        passed.as_secs_f64() * 1_000.0
    }

    /// The total skipped time.
    pub(crate) fn skipped(&self) -> Duration {
        self.skips.borrow().total
    }

    /// The number of resets, each of which makes all earlier readings obsolete.
    pub(crate) fn resets(&self) -> u64 {
        self.skips.borrow().resets
    }

    /// Waits until this time of the schedules, or until the clock is moved.
    pub(crate) async fn sleep_until(&self, at: Millis) {
        let mut skips = self.skips.clone();
        // Marks earlier skips as seen.
        skips.borrow_and_update();
        let left = (at - self.millis()).max(0.0);
        let left = Duration::try_from_secs_f64(left / 1_000.0).unwrap_or(Duration::MAX);
        tokio::select! {
            () = sleep(left) => {}
            () = moved(&mut skips) => {}
        }
    }
}

/// Returns once the clock is moved; never if the sender is gone.
async fn moved(skips: &mut watch::Receiver<Skips>) {
    if skips.changed().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_skip_moves_the_schedules_time_and_ends_a_wait() {
        let (sender, skips) = watch::channel(Skips::default());
        let clock = Clock::new(|| DateTime::UNIX_EPOCH, skips);
        let waiting = {
            let clock = clock.clone();
            tokio::spawn(async move {
                clock.sleep_until(60_000.0).await;
                clock.millis()
            })
        };
        tokio::task::yield_now().await;
        sender.send_modify(|skips| skips.total += Duration::from_secs(60));
        assert!((waiting.await.unwrap() - 60_000.0).abs() < 1.0);
        clock.sleep_until(62_000.0).await;
        assert!((clock.millis() - 62_000.0).abs() < 2.0);
        drop(sender);
        clock.sleep_until(63_000.0).await;
        assert!((clock.millis() - 63_000.0).abs() < 2.0, "without skips");
    }
}
