//! Suspension of the process. After it, all readings are old although no connection is silent. Alarms are judged again
//! once there was time to read.

use super::state::State;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::{Duration, SystemTime};

/// The clock ticks every second. A tick that is this late means that the process was suspended.
const PAUSED_AFTER: Duration = Duration::from_secs(10);

/// The time for reading a connection, in its intervals.
const INTERVALS_TO_READ: i32 = 2;

/// The longest wait. After a long suspension, every connection is read at once, whatever its interval.
const MAX_CATCH_UP: TimeDelta = TimeDelta::seconds(30);

/// When the process resumed, while connections are still to be read.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// The last time at which the process ran, by the computer's clock.
    last_run_at: Option<SystemTime>,
    /// When it resumed after a suspension.
    resumed_at: Option<DateTime<Utc>>,
}

impl State {
    /// Notes that the process runs, and detects a suspension.
    pub(super) fn detect_pause(&mut self, computer: SystemTime, now: DateTime<Utc>) {
        let last = self.pause.last_run_at.replace(computer);
        // A clock that was set back gives no duration.
        let passed = last.and_then(|last| computer.duration_since(last).ok());
        // Repeated suspensions must not postpone judgement forever.
        if passed.is_some_and(|passed| passed > PAUSED_AFTER) && self.pause.resumed_at.is_none() {
            self.pause.resumed_at = Some(now);
        }
    }

    /// Whether to wait for readings after a suspension. Once it is over, another one may begin.
    pub(super) fn waits_for_readings(&mut self, now: DateTime<Utc>) -> bool {
        let waits = self.is_catching_up(now);
        if !waits {
            self.pause.resumed_at = None;
        }
        waits
    }

    /// Whether connections are still to be read after a suspension.
    pub(super) fn is_catching_up(&self, now: DateTime<Utc>) -> bool {
        let Some(resumed) = self.pause.resumed_at else {
            return false;
        };
        self.connections.iter().any(|connection| {
            let reading = connection.reading();
            // Connections that were silent before are not waited for.
            let was_read = connection.freshness.is_believable();
            let is_old = reading.observed_at.is_some_and(|at| at < resumed);
            let time = reading
                .interval
                .checked_mul(INTERVALS_TO_READ)
                .unwrap_or(MAX_CATCH_UP);
            let since = now.signed_duration_since(resumed);
            was_read && is_old && (TimeDelta::zero()..time.min(MAX_CATCH_UP)).contains(&since)
        })
    }
}
