//! Selects the verdict on a group: its most severe problem. The module `verdicts` has the texts.

use super::assumed::{self, Assumed};
use super::heartbeat::{HeartbeatState, HeartbeatTiming, heartbeat_timing};
use super::observation::Observation;
use super::roles::{Roles, leading_primary, roles};
use super::verdicts::Verdicts;
use super::{group_name, is_pinned};
use crate::doubt::between;
use crate::verdict::Verdict;
use chrono::TimeDelta;
use vendors::LeftOut;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role};

/// Judges a group by its last reading. `out` counts the unreadable and repeated entries of its list of sessions.
///
/// Status and sessions are read one after the other and may differ for one poll. The sessions' own roles therefore take
/// precedence, and the status counts only if no session is Primary or PendingPrimary. For the same reason, a primary
/// that only the status names is a warning.
#[must_use]
pub fn judge_group(
    group: &GroupConfiguration,
    status: Option<&GroupStatus>,
    sessions: &[ClientSession],
    out: LeftOut,
    observation: Observation,
) -> Verdict {
    let Some(why) = assumed::doubt(group, status, sessions, out) else {
        return judge(group, status, sessions, observation);
    };
    let judged = |Assumed {
                      group,
                      status,
                      sessions,
                  }| { judge(&group, status.as_ref(), &sessions, observation) };
    let worst = judged(assumed::worst(group, status, sessions));
    let best = judged(assumed::best(group, status, sessions, out, observation.now));
    between(worst, best, group_name(group), &why)
}

fn judge(
    group: &GroupConfiguration,
    status: Option<&GroupStatus>,
    sessions: &[ClientSession],
    observation: Observation,
) -> Verdict {
    let verdicts = Verdicts::new(group, sessions, observation);
    if sessions.is_empty() {
        return verdicts.no_sessions();
    }
    let of = |session: &ClientSession| {
        heartbeat_timing(session, group.failover_timeout.as_ref(), observation)
    };
    let roles = roles(status, sessions);
    // While an override pins a silent session, no other session takes over. Data flows only if a live one is primary,
    // too.
    let collects = roles.primaries.iter().any(|primary| of(primary).is_live());
    let mut pinned = sessions
        .iter()
        .filter(|session| is_pinned(session, observation.now));
    let pinned = pinned.find(|session| !of(session).is_live());
    if let Some(pinned) = pinned.filter(|_| !collects) {
        return verdicts.pinned_silent(pinned, &of(pinned), None);
    }
    let primaries = roles.primaries.iter().copied();
    let primary = leading_primary(primaries, group.failover_timeout.as_ref(), observation);
    match (primary, roles.pending) {
        _ if collects && roles.primaries.len() > 1 => verdicts.several_primaries(&roles.primaries),
        (None, None) => without_primary(&verdicts, &roles),
        (primary, Some(pending)) => {
            let since_read = observation.now - observation.observed_at.min(observation.now);
            handing_over(
                &verdicts,
                primary.map(of),
                pending,
                &of(pending),
                since_read,
            )
        }
        (Some(primary), None) => with_primary(&verdicts, sessions, primary, pinned, of),
    }
}

fn without_primary(verdicts: &Verdicts<'_>, roles: &Roles<'_>) -> Verdict {
    match (roles.missing, roles.unknown) {
        (Some(missing), _) => verdicts.primary_missing(missing),
        (None, Some(unknown)) => verdicts.role_unknown(unknown),
        (None, None) => verdicts.no_primary(),
    }
}

/// The verdict on a handover: the elected session has to confirm with one more heartbeat, which normally takes a
/// second. The API does not report the time of the election. The handover is stuck if the session's own heartbeat is
/// older than the FailoverTimeout, if the old primary has been silent for twice that time, or if the session has been
/// observed as pending for that long. All of this is judged for the time of the reading.
fn handing_over(
    verdicts: &Verdicts<'_>,
    primary: Option<HeartbeatTiming>,
    pending: &ClientSession,
    timing: &HeartbeatTiming,
    since_read: TimeDelta,
) -> Verdict {
    let overdue = |primary: &HeartbeatTiming| {
        let (age, timeout) = (primary.age?, primary.timeout?);
        Some(age - since_read > timeout.checked_mul(2)?)
    };
    let lingers = primary.as_ref().and_then(overdue).unwrap_or(false);
    let collects = primary.as_ref().is_some_and(HeartbeatTiming::is_live);
    let silent = primary.filter(|_| lingers);
    let stuck = verdicts.handover_stuck(pending, timing, silent.as_ref(), collects);
    if !timing.is_live() || lingers {
        return stuck;
    }
    let moving = verdicts.handing_over(pending, timing);
    match timing.timeout {
        Some(timeout) => moving.lingering(timeout, stuck),
        None => moving,
    }
}

/// The verdict on a group with a primary and no pending session. `pinned` is a silent session that an override pins.
fn with_primary(
    verdicts: &Verdicts<'_>,
    sessions: &[ClientSession],
    primary: &ClientSession,
    pinned: Option<&ClientSession>,
    of: impl Fn(&ClientSession) -> HeartbeatTiming,
) -> Verdict {
    let timing = of(primary);
    if let Some(pinned) = pinned {
        return verdicts.pinned_silent(pinned, &of(pinned), Some(primary));
    }
    match timing.state {
        HeartbeatState::Stale | HeartbeatState::Never => {
            return verdicts.primary_silent(primary, &timing);
        }
        HeartbeatState::Late => return verdicts.primary_late(primary, &timing),
        HeartbeatState::Future | HeartbeatState::OnTime => {}
    }
    let others = sessions.iter().filter(|s| !std::ptr::eq(*s, primary));
    let (standbys, unknown): (Vec<_>, Vec<_>) = others
        .filter(|session| of(session).is_live())
        .partition(|session| session.role == Some(Role::Secondary));
    // A heartbeat that is less far ahead becomes stale within the FailoverTimeout if no others follow.
    let is_far_ahead = |session: &&ClientSession| {
        let HeartbeatTiming { skew, timeout, .. } = of(session);
        skew.is_some_and(|skew| timeout.is_none_or(|timeout| skew > timeout))
    };
    // A missing standby is more severe than a clock that is ahead.
    match (standbys.first(), unknown.first()) {
        (None, Some(unknown)) => {
            verdicts.with_clock(verdicts.no_known_standby(unknown), primary, &timing)
        }
        (None, None) => {
            let alone = verdicts.no_standby(primary, sessions.len() == 1);
            verdicts.with_clock(alone, primary, &timing)
        }
        (Some(_), _) if timing.skew.is_some() => verdicts.clock_ahead(primary, &timing),
        (Some(standby), _) if standbys.iter().all(is_far_ahead) => {
            verdicts.clock_ahead(standby, &of(standby))
        }
        (Some(_), _) => verdicts.normal(primary, standbys.len()),
    }
}

#[cfg(test)]
mod tests;
