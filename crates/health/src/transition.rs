//! Decides whether a resource is in transition, so that it is polled more often. This is independent of its verdict: a
//! stuck handover is in transition and an alarm.

use crate::failover_sessions::{LONG, is_running};
use chrono::{DateTime, TimeDelta, Utc};
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role, TimeSpan};
use vendors::uplynk::FailoverGroup;
use vendors::veeam::Session;

/// The time for which a group counts as in transition after its active slicer changed.
const SETTLING: TimeDelta = TimeDelta::minutes(1);

/// A handover: a session was chosen as primary and has not confirmed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The id of the chosen session.
    to: String,
    /// The time of the first reading that showed it.
    since: DateTime<Utc>,
}

/// AVEVA: whether a handover is under way, for at most three timeouts, because a stuck handover would cause frequent
/// polls for ever. The caller keeps `handover` from one reading to the next, because the service does not report the
/// choice.
#[must_use]
pub fn group(
    handover: &mut Option<Handover>,
    configuration: &GroupConfiguration,
    status: &GroupStatus,
    sessions: &[ClientSession],
    at: DateTime<Utc>,
) -> bool {
    let pending = |session: &ClientSession| session.role == Some(Role::PendingPrimary);
    let named = status.pending_primary.as_deref();
    let named = named.filter(|named| !named.is_empty());
    let listed = || sessions.iter().find(|session| pending(session));
    let to = named.or_else(|| listed()?.id.as_deref().or(Some("")));
    let Some(to) = to else {
        *handover = None;
        return false;
    };
    let known = handover.take().filter(|known| known.to == to);
    // The clock may have been set back since the first reading.
    let since = known.map_or(at, |known| known.since.min(at));
    *handover = Some(Handover {
        to: to.to_owned(),
        since,
    });
    let lasted = at.signed_duration_since(since);
    let timeout = configuration.failover_timeout.map(TimeSpan::delta);
    let timeout = timeout.filter(|timeout| *timeout > TimeDelta::zero());
    lasted / 3 <= timeout.unwrap_or(SETTLING)
}

/// Uplynk: whether the active slicer changed within the last minute (`failover_time`). A time more than a minute in
/// the future comes from a wrong clock and is ignored.
#[must_use]
pub fn slicers(group: &FailoverGroup, now: DateTime<Utc>) -> bool {
    group
        .failover_time
        .is_some_and(|at| now.signed_duration_since(at).abs() <= SETTLING)
}

/// Veeam: whether the session is running, and not for so long that frequent polls would never end.
#[must_use]
pub fn session(session: &Session, now: DateTime<Utc>) -> bool {
    let long = |started: DateTime<Utc>| now.signed_duration_since(started) > LONG;
    is_running(session.state.as_ref()) && !session.creation_time.is_some_and(long)
}

#[cfg(test)]
mod tests {
    use super::{group, session, slicers};
    use chrono::{DateTime, TimeDelta, Utc};
    use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role, TimeSpan};
    use vendors::uplynk::FailoverGroup;
    use vendors::veeam::{Session, State};

    const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

    #[test]
    fn a_group_is_in_transition_during_a_handover_of_limited_duration() {
        let configuration = GroupConfiguration {
            failover_timeout: Some(TimeSpan::from_seconds(30)),
            ..GroupConfiguration::default()
        };
        let timeless = GroupConfiguration::default();
        let pending = GroupStatus {
            pending_primary: Some("a".to_owned()),
            ..GroupStatus::default()
        };
        let done = GroupStatus::default();
        let mut since = None;
        for (configuration, status, seconds, expected) in [
            (&configuration, &pending, 0, true),
            (&configuration, &pending, 90, true),
            (&configuration, &pending, 91, false),
            (&timeless, &pending, 180, true),
            (&timeless, &pending, 181, false),
            (&configuration, &done, 200, false),
            (&configuration, &pending, 210, true),
        ] {
            let at = NOW + TimeDelta::seconds(seconds);
            let moves = group(&mut since, configuration, status, &[], at);
            assert_eq!(moves, expected, "{seconds} s");
        }
    }

    #[test]
    fn a_group_is_in_transition_by_its_status_or_by_its_sessions() {
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
            let group = group(
                &mut None,
                &GroupConfiguration::default(),
                &status,
                &[session],
                NOW,
            );
            assert_eq!(group, expected, "{named:?}");
        }
    }

    #[test]
    fn a_slicer_group_is_in_transition_for_a_minute() {
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
    fn a_running_session_is_in_transition_until_it_runs_too_long() {
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
