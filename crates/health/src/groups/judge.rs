//! The one verdict on a group: the worst of what is wrong with it. What it says is in `alarms`.

use super::alarms::Alarms;
use super::is_pinned;
use super::look::Look;
use super::pulse::{Beat, Pulse, pulse};
use super::roles::{Roles, roles};
use crate::verdict::Verdict;
use chrono::{DateTime, Utc};
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus};

/// Judges a group by its status and its sessions as they were last read.
///
/// The sessions' own roles are believed first; the status names a primary or a pending one where no
/// session claims either role, because the two are asked one after the other and may differ for one
/// poll. A primary that the status names and nobody lists is a warning for the same reason.
#[must_use]
pub fn judge_group(
    group: &GroupConfiguration,
    status: Option<&GroupStatus>,
    sessions: &[ClientSession],
    look: impl Into<Look>,
) -> Verdict {
    let look = look.into();
    let say = Alarms::new(group, sessions, look);
    if sessions.is_empty() {
        return say.no_sessions();
    }
    let of = |session: &ClientSession| pulse(session, group.failover_timeout.as_ref(), look);
    let roles = roles(status, sessions);
    if let Some(pinned) = silent_pin(&roles, sessions, of, look.now) {
        return say.pinned_silent(pinned, &of(pinned));
    }
    match (roles.primaries.as_slice(), roles.pending) {
        ([], None) => nobody(&say, &roles),
        ([_, _, ..], _) => say.several_primaries(&roles.primaries),
        (primary, Some(pending)) => {
            let primary = primary.first().copied();
            handing_over(&say, primary.map(of), pending, &of(pending))
        }
        ([primary], None) => led(&say, sessions, primary, of),
    }
}

/// The session that an override keeps Primary although it is silent: it, and nobody else, should be
/// collecting. While another live session still has the role, data flows.
fn silent_pin<'a>(
    roles: &Roles<'a>,
    sessions: &'a [ClientSession],
    of: impl Fn(&ClientSession) -> Pulse,
    now: DateTime<Utc>,
) -> Option<&'a ClientSession> {
    let collects = roles.primaries.iter().any(|primary| of(primary).is_live());
    let mut pinned = sessions.iter().filter(|session| is_pinned(session, now));
    pinned.find(|session| !collects && !of(session).is_live())
}

fn nobody(say: &Alarms<'_>, roles: &Roles<'_>) -> Verdict {
    match (roles.missing, roles.unknown) {
        (Some(missing), _) => say.primary_missing(missing),
        (None, Some(unknown)) => say.role_unknown(unknown),
        (None, None) => say.no_primary(),
    }
}

/// The handshake: the chosen client has to post one more heartbeat, which normally takes a second.
/// Nobody says when it was chosen. It has lingered for longer than the FailoverTimeout when its own
/// heartbeat is older than that, when the primary that it follows has been silent for twice that, or
/// when it has been seen to be chosen for that long.
fn handing_over(
    say: &Alarms<'_>,
    primary: Option<Pulse>,
    pending: &ClientSession,
    pulse: &Pulse,
) -> Verdict {
    let overdue = |primary: &Pulse| {
        let (age, timeout) = (primary.age?, primary.timeout?);
        Some(age > timeout.checked_mul(2)?)
    };
    let lingers = primary.as_ref().and_then(overdue).unwrap_or(false);
    let collects = primary.is_some_and(|primary| primary.is_live());
    let stuck = say.handover_stuck(pending, pulse, collects);
    if !pulse.is_live() || lingers {
        return stuck;
    }
    let moving = say.handing_over(pending, pulse);
    match pulse.timeout {
        Some(timeout) => moving.lingering(timeout, stuck),
        None => moving,
    }
}

/// One primary and nobody chosen to follow it.
fn led(
    say: &Alarms<'_>,
    sessions: &[ClientSession],
    primary: &ClientSession,
    of: impl Fn(&ClientSession) -> Pulse,
) -> Verdict {
    let pulse = of(primary);
    match pulse.beat {
        Beat::Stale | Beat::Never => return say.primary_silent(primary, &pulse),
        Beat::Late => return say.primary_late(primary, &pulse),
        Beat::Future => return say.clock_ahead(primary, &pulse),
        Beat::OnTime => {}
    }
    let others = sessions.iter().filter(|s| !std::ptr::eq(*s, primary));
    match others.filter(|session| of(session).is_live()).count() {
        0 => say.no_standby(primary, sessions.len() == 1),
        live => say.normal(primary, live),
    }
}
