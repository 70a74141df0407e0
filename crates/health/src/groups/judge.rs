//! Selects the verdict on a group: the most severe problem. `verdicts` has the texts.

use super::assumed::{self, Assumed};
use super::heartbeat::{HeartbeatState, HeartbeatTiming, heartbeat_timing};
use super::observation::Observation;
use super::roles::{Roles, leading, roles};
use super::verdicts::Verdicts;
use super::{group_name, is_pinned};
use crate::doubt::between;
use crate::verdict::Verdict;
use chrono::TimeDelta;
use vendors::LeftOut;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role};

/// Judges a group by its status and its sessions as they were last read; `out` is what else the list of sessions held.
///
/// Status and sessions are read one after the other and may differ for one poll. The sessions' own roles
/// therefore take precedence, and the status counts only when no session has the role Primary or
/// PendingPrimary. For the same reason, a primary that only the status names is a warning.
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
    let say = Verdicts::new(group, sessions, observation);
    if sessions.is_empty() {
        return say.no_sessions();
    }
    let of = |session: &ClientSession| {
        heartbeat_timing(session, group.failover_timeout.as_ref(), observation)
    };
    let roles = roles(status, sessions);
    // No other session may collect data while an override pins a silent one; but while another live session still
    // has the role, data flows.
    let collects = roles.primaries.iter().any(|primary| of(primary).is_live());
    let mut pinned = sessions
        .iter()
        .filter(|session| is_pinned(session, observation.now));
    let pinned = pinned.find(|session| !of(session).is_live());
    if let Some(pinned) = pinned.filter(|_| !collects) {
        return say.pinned_silent(pinned, &of(pinned), None);
    }
    let primaries = roles.primaries.iter().copied();
    let primary = leading(primaries, group.failover_timeout.as_ref(), observation);
    match (primary, roles.pending) {
        _ if collects && roles.primaries.len() > 1 => say.several_primaries(&roles.primaries),
        (None, None) => without_primary(&say, &roles),
        (primary, Some(pending)) => {
            let since_read = observation.now - observation.observed_at.min(observation.now);
            handing_over(&say, primary.map(of), pending, &of(pending), since_read)
        }
        (Some(primary), None) => with_primary(&say, sessions, primary, pinned, of),
    }
}

fn without_primary(say: &Verdicts<'_>, roles: &Roles<'_>) -> Verdict {
    match (roles.missing, roles.unknown) {
        (Some(missing), _) => say.primary_missing(missing),
        (None, Some(unknown)) => say.role_unknown(unknown),
        (None, None) => say.no_primary(),
    }
}

/// The handshake: the elected session has to post one more heartbeat, which normally takes a second. The
/// API does not report when it was elected. The handover is stuck when the session's own heartbeat is
/// older than the FailoverTimeout, when the old primary has been silent for twice that time, or when the
/// session has been observed as pending for that long. All of it is decided for the time of reading: the handover may
/// have ended since.
fn handing_over(
    say: &Verdicts<'_>,
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
    let stuck = say.handover_stuck(pending, timing, silent.as_ref(), collects);
    if !timing.is_live() || lingers {
        return stuck;
    }
    let moving = say.handing_over(pending, timing);
    match timing.timeout {
        Some(timeout) => moving.lingering(timeout, stuck),
        None => moving,
    }
}

/// One primary and no pending session. `pinned` is silent, and an override keeps it Primary.
fn with_primary(
    say: &Verdicts<'_>,
    sessions: &[ClientSession],
    primary: &ClientSession,
    pinned: Option<&ClientSession>,
    of: impl Fn(&ClientSession) -> HeartbeatTiming,
) -> Verdict {
    let timing = of(primary);
    if let Some(pinned) = pinned {
        return say.pinned_silent(pinned, &of(pinned), Some(primary));
    }
    match timing.state {
        HeartbeatState::Stale | HeartbeatState::Never => {
            return say.primary_silent(primary, &timing);
        }
        HeartbeatState::Late => return say.primary_late(primary, &timing),
        HeartbeatState::Future | HeartbeatState::OnTime => {}
    }
    let others = sessions.iter().filter(|s| !std::ptr::eq(*s, primary));
    let (standbys, unknown): (Vec<_>, Vec<_>) = others
        .filter(|session| of(session).is_live())
        .partition(|session| session.role == Some(Role::Secondary));
    // Of a heartbeat that is less ahead it shows within the FailoverTimeout whether others follow.
    let is_far_ahead = |session: &&ClientSession| {
        let HeartbeatTiming { skew, timeout, .. } = of(session);
        skew.is_some_and(|skew| timeout.is_none_or(|timeout| skew > timeout))
    };
    // Without a standby a clock that is ahead is the lesser trouble.
    match (standbys.first(), unknown.first()) {
        (None, Some(unknown)) => say.with_clock(say.no_known_standby(unknown), primary, &timing),
        (None, None) => {
            let alone = say.no_standby(primary, sessions.len() == 1);
            say.with_clock(alone, primary, &timing)
        }
        (Some(_), _) if timing.skew.is_some() => say.clock_ahead(primary, &timing),
        (Some(standby), _) if standbys.iter().all(is_far_ahead) => {
            say.clock_ahead(standby, &of(standby))
        }
        (Some(_), _) => say.normal(primary, standbys.len()),
    }
}

#[cfg(test)]
mod tests;
