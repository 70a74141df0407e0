//! Compares a session's heartbeat with the group's FailoverTimeout.

use super::observation::Observation;
use crate::doubt::any;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use vendors::aveva::{ClientSession, TimeSpan};
use vendors::from_json;

/// Tolerance before a heartbeat counts as late, because networks and clocks are not exact.
pub(super) const SLACK: TimeDelta = TimeDelta::seconds(2);

/// The fields that hold the time of a heartbeat.
const HEARTBEAT_FIELDS: [&str; 2] = ["Heartbeat", "Heartbeat.HeartbeatTime"];

/// The time between two heartbeats of an adapter: half of the timeout, but at least a second.
#[must_use]
pub fn heartbeat_period(timeout: TimeDelta) -> TimeDelta {
    (timeout / 2).max(TimeDelta::seconds(1))
}

/// The state of a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeartbeatState {
    /// No heartbeat has ever been posted.
    Never,
    /// The next heartbeat is not due yet.
    OnTime,
    /// The next heartbeat is overdue.
    Late,
    /// Older than the FailoverTimeout: the session is inactive.
    Stale,
    /// Its timestamp is in the future: the adapter's clock is ahead of the service's.
    Future,
}

from_json! { enum HeartbeatState {
    Never = "never", OnTime = "on_time", Late = "late", Stale = "stale", Future = "future",
} }

/// The timing of a heartbeat. Spans are `None` if the heartbeat or the FailoverTimeout is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatTiming {
    /// The age; zero if the heartbeat is in the future.
    pub age: Option<TimeDelta>,
    /// The state.
    pub state: HeartbeatState,
    /// The FailoverTimeout.
    pub timeout: Option<TimeDelta>,
    /// The time until the next heartbeat is due; negative when overdue.
    pub next_due: Option<TimeDelta>,
    /// The time until another session takes over; negative when overdue.
    pub takeover: Option<TimeDelta>,
    /// The number of heartbeats missed since the last one.
    pub missed: i64,
    /// The distance of its timestamp into the future.
    pub skew: Option<TimeDelta>,
}

impl HeartbeatTiming {
    /// Whether the session counts as live, so that it can be primary and can be elected.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(
            self.state,
            HeartbeatState::OnTime | HeartbeatState::Late | HeartbeatState::Future
        )
    }
}

/// The timing of a session's heartbeat. Without a FailoverTimeout no heartbeat is late.
#[must_use]
pub fn heartbeat_timing(
    session: &ClientSession,
    timeout: Option<&TimeSpan>,
    observation: impl Into<Observation>,
) -> HeartbeatTiming {
    let Observation { now, observed_at } = observation.into();
    let timeout = timeout
        .map(|timeout| timeout.delta())
        .filter(|timeout| *timeout > TimeDelta::zero());
    let none = HeartbeatTiming {
        age: None,
        state: HeartbeatState::Never,
        timeout,
        next_due: None,
        takeover: None,
        missed: 0,
        skew: None,
    };
    let Some(at) = heartbeat_time(session) else {
        return none;
    };
    let since = now.signed_duration_since(at);
    let skew = (since < -SLACK).then(|| -since);
    let age = since.max(TimeDelta::zero());
    let silence = observed_at.min(now).signed_duration_since(at);
    let state = match timeout {
        _ if skew.is_some() => HeartbeatState::Future,
        Some(timeout) if silence > timeout => HeartbeatState::Stale,
        Some(timeout) if silence > heartbeat_period(timeout) + SLACK => HeartbeatState::Late,
        _ => HeartbeatState::OnTime,
    };
    HeartbeatTiming {
        age: Some(age),
        state,
        timeout,
        next_due: timeout.map(|timeout| heartbeat_period(timeout) - age),
        takeover: timeout.map(|timeout| timeout - age),
        missed: timeout.map_or(0, |timeout| missed(silence, timeout)),
        skew,
    }
}

/// The time since a missed takeover was due: the primary had been silent for the FailoverTimeout, and the successor
/// has posted a heartbeat since, with which it should have taken over.
pub(super) fn missed_takeover(
    primary: &ClientSession,
    successor: &ClientSession,
    timeout: Option<&TimeSpan>,
    observation: Observation,
) -> Option<TimeDelta> {
    let timeout = heartbeat_timing(primary, timeout, observation).timeout?;
    let due = heartbeat_time(primary)?.checked_add_signed(timeout)?;
    // A clock that is ahead must not place the heartbeat after a takeover that is still to come.
    let heartbeat = heartbeat_time(successor)?.min(observation.now);
    (heartbeat.signed_duration_since(due) > SLACK)
        .then(|| observation.now.signed_duration_since(due))
}

/// Whether the time of a session's last heartbeat is unknown: unreadable, or not reported although one was posted.
#[must_use]
pub fn is_untimed(session: &ClientSession) -> bool {
    let is_unreadable = any(&session.unreadable, &HEARTBEAT_FIELDS);
    let is_posted = session
        .heartbeat_posted
        .unwrap_or(session.heartbeat.is_some());
    heartbeat_time(session).is_none() && (is_posted || is_unreadable)
}

pub(super) fn heartbeat_time(session: &ClientSession) -> Option<DateTime<Utc>> {
    session.heartbeat.as_ref()?.heartbeat_time
}

/// The number of missed heartbeats, with the tolerance of [`SLACK`].
fn missed(silence: TimeDelta, timeout: TimeDelta) -> i64 {
    let late = silence.max(TimeDelta::zero()) - SLACK;
    late.num_milliseconds().max(0) / heartbeat_period(timeout).num_milliseconds()
}

#[cfg(test)]
mod tests {
    use super::{HeartbeatState, Observation, heartbeat_timing};
    use crate::groups::fixtures::{NOW, silent_for};
    use chrono::{DateTime, TimeDelta, Utc};
    use proptest::prelude::*;
    use vendors::aveva::{ClientSession, Heartbeat, TimeSpan};

    #[test]
    fn a_heartbeat_is_late_after_half_and_stale_after_the_full_timeout() {
        for (millis, state) in [
            (0, HeartbeatState::OnTime),
            (30_000, HeartbeatState::OnTime),
            (32_000, HeartbeatState::OnTime),
            (32_001, HeartbeatState::Late),
            (60_000, HeartbeatState::Late),
            (60_001, HeartbeatState::Stale),
            (-2_000, HeartbeatState::OnTime),
            (-2_001, HeartbeatState::Future),
        ] {
            let session = silent_for("a", TimeDelta::milliseconds(millis));
            assert_eq!(
                heartbeat_timing(&session, Some(&TimeSpan::from_seconds(60)), NOW).state,
                state,
                "{millis} ms"
            );
        }
    }

    #[test]
    fn a_heartbeat_due_after_the_last_reading_is_not_late() {
        for (observed_ago, state) in [
            (0, HeartbeatState::Stale),
            (5, HeartbeatState::Late),
            (29, HeartbeatState::Late),
            (30, HeartbeatState::OnTime),
        ] {
            let observation = Observation {
                now: NOW,
                observed_at: NOW - TimeDelta::seconds(observed_ago),
            };
            let session = silent_for("a", TimeDelta::seconds(62));
            let timing = heartbeat_timing(&session, Some(&TimeSpan::from_seconds(60)), observation);
            assert_eq!(timing.state, state, "observed {observed_ago} s ago");
            assert_eq!(timing.age, Some(TimeDelta::seconds(62)));
        }
    }

    #[test]
    fn the_next_due_heartbeat_and_the_takeover_are_counted_from_the_last_heartbeat() {
        let timing = heartbeat_timing(
            &silent_for("a", TimeDelta::seconds(42)),
            Some(&TimeSpan::from_seconds(60)),
            NOW,
        );
        assert_eq!(timing.next_due, Some(TimeDelta::seconds(-12)));
        assert_eq!(timing.takeover, Some(TimeDelta::seconds(18)));
    }

    #[test]
    fn a_heartbeat_is_missed_every_half_timeout() {
        for (millis, missed) in [
            (0, 0),
            (31_999, 0),
            (32_000, 1),
            (61_999, 1),
            (62_000, 2),
            (300_000, 9),
            (-5_000, 0),
        ] {
            let session = silent_for("a", TimeDelta::milliseconds(millis));
            let timing = heartbeat_timing(&session, Some(&TimeSpan::from_seconds(60)), NOW);
            assert_eq!(timing.missed, missed, "{millis} ms");
        }
    }

    #[test]
    fn heartbeats_are_at_least_a_second_apart() {
        let timing = heartbeat_timing(
            &silent_for("a", TimeDelta::milliseconds(900)),
            Some(&TimeSpan::from_seconds(1)),
            NOW,
        );
        assert_eq!(timing.next_due, Some(TimeDelta::milliseconds(100)));
    }

    #[test]
    fn no_heartbeat_means_never_and_no_timeout_means_never_late() {
        assert_eq!(
            heartbeat_timing(
                &ClientSession::default(),
                Some(&TimeSpan::from_seconds(60)),
                NOW
            )
            .state,
            HeartbeatState::Never
        );
        assert_eq!(
            heartbeat_timing(&silent_for("a", TimeDelta::days(3)), None, NOW).state,
            HeartbeatState::OnTime
        );
        let zero = TimeSpan::from_seconds(0);
        assert_eq!(
            heartbeat_timing(&silent_for("a", TimeDelta::days(3)), Some(&zero), NOW).timeout,
            None
        );
    }

    proptest! {
        #[test]
        fn no_time_or_timeout_panics(at in any::<i64>(), ticks in any::<i64>()) {
            let heartbeat_time = DateTime::<Utc>::from_timestamp_millis(at);
            let heartbeat = Some(Heartbeat { heartbeat_time, ..Heartbeat::default() });
            let session = ClientSession { heartbeat, ..ClientSession::default() };
            let _ = heartbeat_timing(&session, Some(&TimeSpan { ticks }), NOW);
        }
    }
}
