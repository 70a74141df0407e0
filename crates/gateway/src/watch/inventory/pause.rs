//! After a time in which the process stood still, everything that is known is old, and yet no connection is silent. What is
//! an alarm is judged again once there was time to read.

use super::state::State;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::{Duration, SystemTime};

/// The clock is looked at each second. If that comes so late, the process was suspended.
const PAUSED_AFTER: Duration = Duration::from_secs(10);

/// The time to read a connection, in its intervals.
const INTERVALS_TO_READ: i32 = 2;

/// The longest that all wait for the one that is read most seldom, which does not count as silent so soon.
const MAX_CATCH_UP: TimeDelta = TimeDelta::seconds(30);

/// When the process last went on, if what was known then is still waited for.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// When the process last ran, by the computer's clock.
    last_run_at: Option<SystemTime>,
    /// When it went on after a pause.
    resumed_at: Option<DateTime<Utc>>,
}

impl State {
    /// Notes that the process runs, and whether it was suspended before.
    pub(super) fn detect_pause(&mut self, computer: SystemTime, now: DateTime<Utc>) {
        let last = self.pause.last_run_at.replace(computer);
        // A clock that was set back says nothing.
        let passed = last.and_then(|last| computer.duration_since(last).ok());
        // One that is held up again and again is to come to a judgement all the same.
        if passed.is_some_and(|passed| passed > PAUSED_AFTER) && self.pause.resumed_at.is_none() {
            self.pause.resumed_at = Some(now);
        }
    }

    /// Whether connections have yet to be read after a pause, and there was no time for it.
    pub(super) fn catches_up(&mut self, now: DateTime<Utc>) -> bool {
        let Some(resumed) = self.pause.resumed_at else {
            return false;
        };
        let waits = self.connections.iter().any(|connection| {
            let reading = connection.reading();
            // One that was silent before is not waited for.
            let was_read = connection.freshness.is_believable();
            let is_old = reading.observed_at.is_some_and(|at| at < resumed);
            let time = reading
                .interval
                .checked_mul(INTERVALS_TO_READ)
                .unwrap_or(MAX_CATCH_UP);
            was_read && is_old && now.signed_duration_since(resumed) < time.min(MAX_CATCH_UP)
        });
        if !waits {
            self.pause.resumed_at = None;
        }
        waits
    }
}
