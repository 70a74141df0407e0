//! The one verdict on a group: the worst of what is wrong with it.

use super::pulse::{Beat, Pulse, pulse};
use super::{group_name, session_name, successor};
use crate::severity::Severity::{Critical, Moving, Normal, Unknown, Warning};
use crate::verdict::Verdict;
use crate::words::{ago, span};
use chrono::{DateTime, Utc};
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role, RoleOverride};

/// Judges a group. The sessions' own roles are believed first; the status names a primary where no
/// session claims the role, because the two are asked one after the other and may differ for one poll.
#[must_use]
pub fn judge_group(
    group: &GroupConfiguration,
    status: Option<&GroupStatus>,
    sessions: &[ClientSession],
    now: DateTime<Utc>,
) -> Verdict {
    let name = group_name(group);
    let of = |session: &ClientSession| pulse(session, group.failover_timeout.as_ref(), now);
    if sessions.is_empty() {
        return Verdict::new(
            Unknown,
            "No sessions",
            format!("{name} has no sessions: no adapter has registered in it."),
        )
        .advise("Start an adapter of this group, or delete the group if it is no longer used.");
    }
    let primaries = primaries(status, sessions);
    let pending = sessions
        .iter()
        .find(|session| session.role == Some(Role::PendingPrimary));
    if let Some(pinned) = sessions.iter().find(|s| is_pinned(s) && !of(s).is_live()) {
        return pinned_silent(name, group, sessions, pinned, &of(pinned), now);
    }
    match (primaries.as_slice(), pending) {
        ([], Some(pending)) => handing_over(name, pending, &of(pending), now),
        ([], None) => Verdict::new(
            Critical,
            "No primary",
            format!("{name} has no primary: nobody collects data."),
        )
        .advise(next_sentence(group, sessions, None, now)),
        ([primary], _) => match of(primary) {
            pulse if matches!(pulse.beat, Beat::Stale | Beat::Never) => {
                primary_silent(name, group, sessions, primary, &pulse, now)
            }
            pulse if pulse.beat == Beat::Late => {
                primary_late(name, group, sessions, primary, &pulse, now)
            }
            pulse if pulse.beat == Beat::Future => Verdict::new(
                Warning,
                "Clock ahead",
                format!(
                    "{name}: the clock of {} is {} ahead, so its silence would be seen late.",
                    session_name(primary),
                    pulse.skew.map(span).unwrap_or_default()
                ),
            )
            .advise(format!(
                "Set the clock of the host of {}.",
                session_name(primary)
            )),
            _ if pending.is_some() => {
                handing_over(name, pending.unwrap_or(primary), &of(primary), now)
            }
            _ => standbys(name, sessions, primary, of),
        },
        (several, _) => {
            let ids: Vec<&str> = several
                .iter()
                .map(|session| session_name(session))
                .collect();
            Verdict::new(
                Critical,
                "Two primaries",
                format!(
                    "{name} has {} primaries: {}. Data may arrive twice.",
                    ids.len(),
                    ids.join(", ")
                ),
            )
            .advise(
                "Check the network between the adapters and the service, then stop all but one.",
            )
        }
    }
}

fn is_pinned(session: &ClientSession) -> bool {
    session.role_override == Some(RoleOverride::Primary)
}

fn primaries<'a>(
    status: Option<&GroupStatus>,
    sessions: &'a [ClientSession],
) -> Vec<&'a ClientSession> {
    let by_role: Vec<&ClientSession> = sessions
        .iter()
        .filter(|session| session.role == Some(Role::Primary))
        .collect();
    if !by_role.is_empty() {
        return by_role;
    }
    let named = status.and_then(|status| status.primary.as_ref());
    let waiting = |session: &&ClientSession| session.role != Some(Role::PendingPrimary);
    sessions
        .iter()
        .filter(|session| named.is_some() && session.id.as_ref() == named)
        .filter(waiting)
        .collect()
}

fn last(pulse: &Pulse, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    pulse.age.and_then(|age| now.checked_sub_signed(age))
}

/// Who takes over, in a sentence; but for `but`.
fn next_sentence(
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    but: Option<&ClientSession>,
    now: DateTime<Utc>,
) -> String {
    let but = but.map(session_name);
    let next = successor(group, sessions, now)
        .into_iter()
        .find(|c| c.eligible && Some(c.session.as_str()) != but);
    match next {
        Some(next) => format!(
            "{} is live and takes over at its next heartbeat.",
            next.session
        ),
        None => "No other session is live: check the adapters and their network.".to_owned(),
    }
}

/// The highest alarm there is: the service keeps it primary although it is silent, and no data flows.
fn pinned_silent(
    name: &str,
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    pinned: &ClientSession,
    pulse: &Pulse,
    now: DateTime<Utc>,
) -> Verdict {
    let who = session_name(pinned);
    let sentence =
        format!("{name} has no working primary: an override pins {who}, and it has gone silent.");
    let next = next_sentence(group, sessions, Some(pinned), now);
    Verdict::new(Critical, "Override silent", sentence)
        .advise(format!("Turn the override off. {next}"))
        .since(last(pulse, now))
}

fn primary_silent(
    name: &str,
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    primary: &ClientSession,
    pulse: &Pulse,
    now: DateTime<Utc>,
) -> Verdict {
    let silent = pulse.age.map_or_else(
        || "has never posted a heartbeat".to_owned(),
        |age| format!("has been silent for {}", span(age)),
    );
    let sentence = format!("{name}: its primary {} {silent}.", session_name(primary));
    Verdict::new(Critical, "Primary silent", sentence)
        .advise(next_sentence(group, sessions, Some(primary), now))
        .since(last(pulse, now))
}

fn primary_late(
    name: &str,
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    primary: &ClientSession,
    pulse: &Pulse,
    now: DateTime<Utc>,
) -> Verdict {
    let who = session_name(primary);
    let left = pulse.takeover.map(span).unwrap_or_default();
    let next = successor(group, sessions, now)
        .into_iter()
        .find(|c| c.eligible && c.session != who);
    let advice = match next {
        Some(next) => format!(
            "Nothing to do if {} may take over. Otherwise check the adapter of {who} now.",
            next.session
        ),
        None => format!("No other session is live: check the adapter of {who} now."),
    };
    let due = pulse.next_due.and_then(|due| now.checked_add_signed(due));
    Verdict::new(
        Warning,
        "Heartbeat late",
        format!("{name} loses its primary in {left} unless {who} reports again."),
    )
    .advise(advice)
    .since(due)
}

/// The handshake: the chosen client has to post one more heartbeat. It normally lasts a second.
fn handing_over(name: &str, pending: &ClientSession, pulse: &Pulse, now: DateTime<Utc>) -> Verdict {
    let who = session_name(pending);
    if matches!(pulse.beat, Beat::Stale | Beat::Never) {
        let sentence = format!(
            "{name}: {who} was chosen as primary and has not confirmed, longer than the FailoverTimeout."
        );
        return Verdict::new(Critical, "Handover stuck", sentence)
            .advise(format!(
                "Check the adapter of {who}: nobody collects data until it posts a heartbeat."
            ))
            .since(last(pulse, now));
    }
    let heard = pulse.age.map(ago).unwrap_or_default();
    Verdict::new(
        Moving,
        "Handing over",
        format!("{name} is handing over to {who}, heard {heard}."),
    )
}

fn standbys(
    name: &str,
    sessions: &[ClientSession],
    primary: &ClientSession,
    of: impl Fn(&ClientSession) -> Pulse,
) -> Verdict {
    let who = session_name(primary);
    let others = || {
        sessions
            .iter()
            .filter(|session| !std::ptr::eq(*session, primary))
    };
    let live = others().filter(|session| of(session).is_live()).count();
    if others().count() > 0 && live == 0 {
        return Verdict::new(
            Warning,
            "No standby",
            format!("{name} has no live standby: if {who} fails, nobody takes over."),
        )
        .advise("Check the adapters of the other sessions.");
    }
    let standbys = match live {
        0 => "no standby".to_owned(),
        1 => "1 standby".to_owned(),
        live => format!("{live} standbys"),
    };
    Verdict::new(
        Normal,
        "Normal",
        format!("{name}: {who} is primary, {standbys}."),
    )
}

#[cfg(test)]
mod tests {
    use super::judge_group;
    use crate::groups::tests::{NOW, group, scored, silent_for};
    use crate::severity::Severity;
    use chrono::TimeDelta;
    use vendors::aveva::{ClientSession, GroupStatus, Role, RoleOverride};

    fn aged(id: &str, role: Role, seconds: i64) -> ClientSession {
        ClientSession {
            role: Some(role),
            ..silent_for(id, TimeDelta::seconds(seconds))
        }
    }

    fn word(sessions: &[ClientSession]) -> (Severity, &'static str) {
        let verdict = judge_group(&group(), None, sessions, NOW);
        assert!(verdict.sentence.contains("Kiln 2"), "{}", verdict.sentence);
        (verdict.severity, verdict.word)
    }

    #[test]
    fn each_trouble_has_its_word() {
        use Role::{PendingPrimary, Primary, Secondary};
        let pin = |session| ClientSession {
            role_override: Some(RoleOverride::Primary),
            ..session
        };
        for (sessions, expected) in [
            (vec![], (Severity::Unknown, "No sessions")),
            (
                vec![aged("a", Primary, 5), aged("b", Secondary, 5)],
                (Severity::Normal, "Normal"),
            ),
            (vec![aged("a", Primary, 5)], (Severity::Normal, "Normal")),
            (
                vec![aged("a", Primary, 32), aged("b", Secondary, 5)],
                (Severity::Normal, "Normal"),
            ),
            (
                vec![aged("a", Primary, 33), aged("b", Secondary, 5)],
                (Severity::Warning, "Heartbeat late"),
            ),
            (
                vec![aged("a", Primary, 60), aged("b", Secondary, 5)],
                (Severity::Warning, "Heartbeat late"),
            ),
            (
                vec![aged("a", Primary, 61), aged("b", Secondary, 5)],
                (Severity::Critical, "Primary silent"),
            ),
            (
                vec![pin(aged("a", Primary, 61)), aged("b", Secondary, 5)],
                (Severity::Critical, "Override silent"),
            ),
            (
                vec![pin(aged("a", Primary, 5)), aged("b", Secondary, 5)],
                (Severity::Normal, "Normal"),
            ),
            (
                vec![aged("a", Secondary, 5)],
                (Severity::Critical, "No primary"),
            ),
            (
                vec![aged("a", Primary, 5), aged("b", Primary, 5)],
                (Severity::Critical, "Two primaries"),
            ),
            (
                vec![aged("a", PendingPrimary, 3), aged("b", Secondary, 5)],
                (Severity::Moving, "Handing over"),
            ),
            (
                vec![aged("a", PendingPrimary, 61), aged("b", Secondary, 5)],
                (Severity::Critical, "Handover stuck"),
            ),
            (
                vec![aged("a", Primary, 5), aged("b", Secondary, 61)],
                (Severity::Warning, "No standby"),
            ),
            (
                vec![aged("a", Primary, -40), aged("b", Secondary, 5)],
                (Severity::Warning, "Clock ahead"),
            ),
        ] {
            assert_eq!(word(&sessions), expected, "{sessions:?}");
        }
    }

    #[test]
    fn a_cold_standby_is_no_alarm() {
        let sessions = [
            aged("a", Role::Primary, 5),
            scored("b", Role::Secondary, 1.0),
        ];
        assert_eq!(word(&sessions), (Severity::Normal, "Normal"));
    }

    #[test]
    fn the_status_names_the_primary_where_no_session_claims_to_be() {
        let status = GroupStatus {
            primary: Some("a".into()),
            ..GroupStatus::default()
        };
        let sessions = [aged("a", Role::Secondary, 5), aged("b", Role::Secondary, 5)];
        assert_eq!(
            judge_group(&group(), Some(&status), &sessions, NOW).word,
            "Normal"
        );
    }

    #[test]
    fn advice_names_who_takes_over() {
        let sessions = [aged("a", Role::Primary, 61), aged("b", Role::Secondary, 5)];
        let verdict = judge_group(&group(), None, &sessions, NOW);
        assert_eq!(
            verdict.advice.as_deref(),
            Some("b is live and takes over at its next heartbeat.")
        );
        assert_eq!(verdict.since, Some(NOW - TimeDelta::seconds(61)));
    }
}
