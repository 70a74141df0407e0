//! The heartbeat of one session against the group's FailoverTimeout.

use super::look::Look;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use vendors::aveva::{ClientSession, TimeSpan};

/// A heartbeat that is this much over its time is not late yet: networks and clocks are not exact.
const SLACK: TimeDelta = TimeDelta::seconds(2);

/// How a heartbeat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beat {
    /// None was ever posted.
    Never,
    /// Within half of the FailoverTimeout, when the next one is due.
    OnTime,
    /// The next one is overdue.
    Late,
    /// Older than the FailoverTimeout: the session is inactive.
    Stale,
    /// Stamped in the future: the adapter's clock is ahead of the service's.
    Future,
}

/// A heartbeat's facts. Spans are `None` where the heartbeat or the FailoverTimeout is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// How long ago it was; zero when it is in the future.
    pub age: Option<TimeDelta>,
    /// How it stands.
    pub beat: Beat,
    /// The FailoverTimeout.
    pub timeout: Option<TimeDelta>,
    /// Until the next one is due; negative once it is overdue.
    pub next_due: Option<TimeDelta>,
    /// Until another session takes over; negative once that is overdue.
    pub takeover: Option<TimeDelta>,
    /// How many heartbeats have been due since and did not come: one a half FailoverTimeout.
    pub missed: i64,
    /// How far in the future it is stamped.
    pub skew: Option<TimeDelta>,
}

impl Pulse {
    /// Whether the session counts as live: it can be primary, and can be elected.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.beat, Beat::OnTime | Beat::Late | Beat::Future)
    }
}

/// The pulse of a session. Without a FailoverTimeout nothing can be late.
#[must_use]
pub fn pulse(session: &ClientSession, timeout: Option<&TimeSpan>, look: impl Into<Look>) -> Pulse {
    let Look { now, read } = look.into();
    let timeout = timeout
        .map(|timeout| timeout.delta())
        .filter(|timeout| *timeout > TimeDelta::zero());
    let none = Pulse {
        age: None,
        beat: Beat::Never,
        timeout,
        next_due: None,
        takeover: None,
        missed: 0,
        skew: None,
    };
    let Some(at) = session
        .heartbeat
        .as_ref()
        .and_then(|heartbeat| heartbeat.heartbeat_time)
    else {
        return none;
    };
    let since = now.signed_duration_since(at);
    let skew = (since < -SLACK).then(|| -since);
    let age = since.max(TimeDelta::zero());
    let silent = read.min(now).signed_duration_since(at);
    let beat = match timeout {
        _ if skew.is_some() => Beat::Future,
        Some(timeout) if silent > timeout => Beat::Stale,
        Some(timeout) if silent > timeout / 2 + SLACK => Beat::Late,
        _ => Beat::OnTime,
    };
    Pulse {
        age: Some(age),
        beat,
        timeout,
        next_due: timeout.map(|timeout| timeout / 2 - age),
        takeover: timeout.map(|timeout| timeout - age),
        missed: timeout.map_or(0, |timeout| missed(silent, timeout)),
        skew,
    }
}

/// Within the slack a heartbeat is not missed yet.
fn missed(silent: TimeDelta, timeout: TimeDelta) -> i64 {
    let half = (timeout / 2).num_milliseconds().max(1);
    (silent.max(TimeDelta::zero()) - SLACK)
        .num_milliseconds()
        .max(0)
        / half
}

#[cfg(test)]
mod tests {
    use super::{Beat, Look, pulse};
    use crate::groups::fixtures::{NOW, silent_for};
    use chrono::{DateTime, TimeDelta, Utc};
    use proptest::prelude::*;
    use vendors::aveva::{ClientSession, Heartbeat, TimeSpan};

    #[test]
    fn a_heartbeat_is_late_over_half_and_stale_over_the_whole_timeout() {
        for (millis, beat) in [
            (0, Beat::OnTime),
            (30_000, Beat::OnTime),
            (32_000, Beat::OnTime),
            (32_001, Beat::Late),
            (60_000, Beat::Late),
            (60_001, Beat::Stale),
            (-2_000, Beat::OnTime),
            (-2_001, Beat::Future),
        ] {
            let session = silent_for("a", TimeDelta::milliseconds(millis));
            assert_eq!(
                pulse(&session, Some(&TimeSpan::from_seconds(60)), NOW).beat,
                beat,
                "{millis} ms"
            );
        }
    }

    #[test]
    fn a_heartbeat_that_was_due_after_the_last_look_is_not_late() {
        for (read_ago, beat) in [
            (0, Beat::Stale),
            (5, Beat::Late),
            (29, Beat::Late),
            (30, Beat::OnTime),
        ] {
            let look = Look {
                now: NOW,
                read: NOW - TimeDelta::seconds(read_ago),
            };
            let session = silent_for("a", TimeDelta::seconds(62));
            let pulse = pulse(&session, Some(&TimeSpan::from_seconds(60)), look);
            assert_eq!(pulse.beat, beat, "read {read_ago} s ago");
            assert_eq!(pulse.age, Some(TimeDelta::seconds(62)));
        }
    }

    #[test]
    fn the_next_due_beat_and_the_takeover_are_counted_from_the_last_heartbeat() {
        let pulse = pulse(
            &silent_for("a", TimeDelta::seconds(42)),
            Some(&TimeSpan::from_seconds(60)),
            NOW,
        );
        assert_eq!(pulse.next_due, Some(TimeDelta::seconds(-12)));
        assert_eq!(pulse.takeover, Some(TimeDelta::seconds(18)));
    }

    #[test]
    fn a_heartbeat_is_missed_each_half_timeout_that_passes() {
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
            let pulse = pulse(&session, Some(&TimeSpan::from_seconds(60)), NOW);
            assert_eq!(pulse.missed, missed, "{millis} ms");
        }
    }

    #[test]
    fn without_a_heartbeat_there_is_no_pulse_and_without_a_timeout_nothing_is_late() {
        assert_eq!(
            pulse(
                &ClientSession::default(),
                Some(&TimeSpan::from_seconds(60)),
                NOW
            )
            .beat,
            Beat::Never
        );
        assert_eq!(
            pulse(&silent_for("a", TimeDelta::days(3)), None, NOW).beat,
            Beat::OnTime
        );
        let zero = TimeSpan::from_seconds(0);
        assert_eq!(
            pulse(&silent_for("a", TimeDelta::days(3)), Some(&zero), NOW).timeout,
            None
        );
    }

    proptest! {
        #[test]
        fn no_time_and_no_timeout_make_it_panic(at in any::<i64>(), ticks in any::<i64>()) {
            let heartbeat_time = DateTime::<Utc>::from_timestamp_millis(at);
            let heartbeat = Some(Heartbeat { heartbeat_time, ..Heartbeat::default() });
            let session = ClientSession { heartbeat, ..ClientSession::default() };
            let _ = pulse(&session, Some(&TimeSpan { ticks }), NOW);
        }
    }
}
