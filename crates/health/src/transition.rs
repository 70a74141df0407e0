//! What is changing at this moment, and so worth asking for more often. Not a judgement: a handover
//! that lingers is in transition and an alarm as well.

use crate::failover_sessions::{LONG, is_running};
use chrono::{DateTime, TimeDelta, Utc};
use vendors::aveva::{ClientSession, GroupStatus, Role};
use vendors::uplynk::FailoverGroup;
use vendors::veeam::Session;

/// So long after its active slicer changed a group is still settling.
const SETTLING: TimeDelta = TimeDelta::minutes(1);

/// AVEVA: somebody has been chosen as primary and has not confirmed.
#[must_use]
pub fn group(status: Option<&GroupStatus>, sessions: &[ClientSession]) -> bool {
    let pending = |session: &ClientSession| session.role == Some(Role::PendingPrimary);
    let named = status.and_then(|status| status.pending_primary.as_deref());
    named.is_some_and(|id| !id.is_empty()) || sessions.iter().any(pending)
}

/// Uplynk: the active slicer changed within the last minute (`failover_time`). A time that lies further
/// in the future than that is a wrong clock and says nothing.
#[must_use]
pub fn slicers(group: &FailoverGroup, now: DateTime<Utc>) -> bool {
    group
        .failover_time
        .is_some_and(|at| now.signed_duration_since(at).abs() <= SETTLING)
}

/// Veeam: it runs. One that has been running for longer than is normal would be asked for quickly for
/// ever.
#[must_use]
pub fn session(session: &Session, now: DateTime<Utc>) -> bool {
    let long = |started: DateTime<Utc>| now.signed_duration_since(started) > LONG;
    is_running(session.state.as_ref()) && !session.creation_time.is_some_and(long)
}

#[cfg(test)]
mod tests {
    use super::{group, session, slicers};
    use chrono::{DateTime, TimeDelta, Utc};
    use vendors::aveva::{ClientSession, GroupStatus, Role};
    use vendors::uplynk::FailoverGroup;
    use vendors::veeam::{Session, State};

    const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

    #[test]
    fn a_group_is_in_transition_while_somebody_is_pending() {
        for (named, role, expected) in [
            (None, Role::Primary, false),
            (Some(""), Role::Secondary, false),
            (Some("a"), Role::Secondary, true),
            (None, Role::PendingPrimary, true),
        ] {
            let status = GroupStatus {
                pending_primary: named.map(str::to_owned),
                ..GroupStatus::default()
            };
            let session = ClientSession {
                role: Some(role),
                ..ClientSession::default()
            };
            assert_eq!(group(Some(&status), &[session]), expected, "{named:?}");
        }
        assert!(!group(None, &[]));
    }

    #[test]
    fn a_slicer_group_settles_for_a_minute() {
        for (ago, expected) in [
            (Some(0), true),
            (Some(60_000), true),
            (Some(60_001), false),
            (Some(-60_000), true),
            (Some(-60_001), false),
            (None, false),
        ] {
            let group = FailoverGroup {
                failover_time: ago.map(|ago| NOW - TimeDelta::milliseconds(ago)),
                ..FailoverGroup::default()
            };
            assert_eq!(slicers(&group, NOW), expected, "{ago:?}");
        }
    }

    #[test]
    fn a_session_that_runs_is_in_transition_until_it_runs_too_long() {
        let day = 86_400_000;
        for (state, ago, expected) in [
            (State::Working, Some(0), true),
            (State::Starting, Some(day), true),
            (State::Stopping, Some(day + 1), false),
            (State::Working, None, true),
            (State::Stopped, Some(0), false),
        ] {
            let run = Session {
                state: Some(state),
                creation_time: ago.map(|ago| NOW - TimeDelta::milliseconds(ago)),
                ..Session::default()
            };
            assert_eq!(session(&run, NOW), expected, "{ago:?}");
        }
    }
}
