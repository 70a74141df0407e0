//! What is changing at this moment, and so worth asking for more often. Not a judgement: a handover
//! that lingers is in transition and an alarm as well.

use crate::failover_sessions::{LONG, is_running};
use chrono::{DateTime, TimeDelta, Utc};
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role, TimeSpan};
use vendors::uplynk::FailoverGroup;
use vendors::veeam::Session;

/// How long after its active slicer has changed a group is still settling.
const SETTLING: TimeDelta = TimeDelta::minutes(1);

/// Somebody has been chosen as primary and has not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The id of the session.
    to: String,
    /// When that was first read.
    since: DateTime<Utc>,
}

/// AVEVA: somebody has been chosen as primary and has not confirmed, for three timeouts at most. A handover that is stuck
/// would be asked for quickly for ever, by everybody who looks at it. `handover` is kept by the reader, from one reading to
/// the next: the service does not say when somebody was chosen.
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
    // Not later than now, whose clock may have been set back.
    let since = known.map_or(at, |known| known.since.min(at));
    *handover = Some(Handover {
        to: to.to_owned(),
        since,
    });
    let lasts = at.signed_duration_since(since);
    let timeout = configuration.failover_timeout.map(TimeSpan::delta);
    let timeout = timeout.filter(|timeout| *timeout > TimeDelta::zero());
    lasts / 3 <= timeout.unwrap_or(SETTLING)
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
    use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role, TimeSpan};
    use vendors::uplynk::FailoverGroup;
    use vendors::veeam::{Session, State};

    const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

    #[test]
    fn a_group_is_in_transition_while_somebody_is_pending_and_not_for_ever() {
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
