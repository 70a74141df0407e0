//! Who would take over, and why.

use super::pulse::{Beat, pulse};
use super::session_name;
use crate::words;
use chrono::{DateTime, Utc};
use std::cmp::Ordering;
use vendors::aveva::{ClientSession, GroupConfiguration, Role, RoleOverride};

/// A session that would or would not take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub session: String,
    /// Whether the service would elect it.
    pub eligible: bool,
    /// Why it stands where it stands, in a sentence.
    pub reason: String,
}

/// A healthy cold standby reports a score of 0 to 1: on a Secondary that is no alarm.
#[must_use]
pub fn is_cold_standby(session: &ClientSession) -> bool {
    let score = session
        .heartbeat
        .as_ref()
        .and_then(|heartbeat| heartbeat.score);
    session.role == Some(Role::Secondary) && score.is_some_and(|score| (0.0..=1.0).contains(&score))
}

/// Every session, the one that would be elected first: a pinned one, then the highest score among
/// live sessions (the contract documents no tie-break; equal ones stand by their id). Those that
/// cannot be elected stand last, with the reason.
#[must_use]
pub fn successor(
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    now: DateTime<Utc>,
) -> Vec<Candidate> {
    let rank = |session: &ClientSession| {
        let live = pulse(session, group.failover_timeout.as_ref(), now).is_live();
        let pinned = session.role_override == Some(RoleOverride::Primary);
        let score = session
            .heartbeat
            .as_ref()
            .and_then(|heartbeat| heartbeat.score)
            .unwrap_or(-1.0);
        (live, pinned, score)
    };
    let mut ranked: Vec<(&ClientSession, (bool, bool, f64))> = sessions
        .iter()
        .map(|session| (session, rank(session)))
        .collect();
    ranked.sort_by(
        |(a, (a_live, a_pinned, a_score)), (b, (b_live, b_pinned, b_score))| {
            let by = b_live.cmp(a_live).then(b_pinned.cmp(a_pinned));
            let by = by.then(b_score.partial_cmp(a_score).unwrap_or(Ordering::Equal));
            by.then_with(|| a.id.cmp(&b.id))
        },
    );
    let best = ranked
        .iter()
        .find(|(session, (live, ..))| *live && session.role != Some(Role::Primary));
    let best = best.map(|(session, _)| session.id.clone());
    ranked
        .iter()
        .map(|(session, (live, pinned, _))| Candidate {
            session: session_name(session).to_owned(),
            eligible: *live,
            reason: reason(
                session,
                group,
                *pinned,
                best.as_ref() == Some(&session.id),
                now,
            ),
        })
        .collect()
}

fn reason(
    session: &ClientSession,
    group: &GroupConfiguration,
    pinned: bool,
    best: bool,
    now: DateTime<Utc>,
) -> String {
    let pulse = pulse(session, group.failover_timeout.as_ref(), now);
    let heard = pulse.age.map(words::ago).unwrap_or_default();
    let score = session
        .heartbeat
        .as_ref()
        .and_then(|heartbeat| heartbeat.score);
    match (pulse.beat, score) {
        (Beat::Never, _) => "Not eligible: it has not posted a heartbeat yet.".to_owned(),
        (Beat::Stale, score) => {
            let silent = pulse.age.map(words::span).unwrap_or_default();
            let score = score
                .map(|score| format!(" Its score of {score} does not count."))
                .unwrap_or_default();
            format!("Not eligible: silent for {silent}.{score}")
        }
        _ if pinned => format!("Pinned as Primary by a role override. Heard {heard}."),
        (_, None) => format!("It reports no score. Heard {heard}."),
        (_, Some(score)) if is_cold_standby(session) => {
            format!("Cold standby: score {score}, needs time to warm up. Heard {heard}.")
        }
        (_, Some(score)) if best => format!("Highest live score, {score}. Heard {heard}."),
        (_, Some(score)) => format!("Score {score}. Heard {heard}."),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_cold_standby, successor};
    use crate::groups::tests::{NOW, group, scored, silent_for};
    use chrono::TimeDelta;
    use vendors::aveva::{ClientSession, Role, RoleOverride};

    #[test]
    fn the_highest_live_score_is_next_and_the_silent_do_not_count() {
        let mut silent = scored("lab", Role::Secondary, 99.0);
        silent.heartbeat = silent_for("lab", TimeDelta::days(3)).heartbeat;
        let sessions = [
            scored("b", Role::Secondary, 1.0),
            silent,
            scored("a", Role::Secondary, 97.0),
        ];
        let next = successor(&group(), &sessions, NOW);
        let order: Vec<(&str, bool)> = next
            .iter()
            .map(|c| (c.session.as_str(), c.eligible))
            .collect();
        assert_eq!(order, [("a", true), ("b", true), ("lab", false)]);
        assert!(
            next[0].reason.starts_with("Highest live score, 97."),
            "{}",
            next[0].reason
        );
        assert!(
            next[1].reason.starts_with("Cold standby"),
            "{}",
            next[1].reason
        );
        assert!(
            next[2].reason.starts_with("Not eligible: silent for 3 d."),
            "{}",
            next[2].reason
        );
    }

    #[test]
    fn a_pinned_live_session_comes_before_a_higher_score() {
        let pinned = ClientSession {
            role_override: Some(RoleOverride::Primary),
            ..scored("p", Role::Secondary, 10.0)
        };
        let next = successor(&group(), &[scored("a", Role::Secondary, 97.0), pinned], NOW);
        assert_eq!(next[0].session, "p");
    }

    #[test]
    fn equal_scores_stand_by_id() {
        let next = successor(
            &group(),
            &[
                scored("b", Role::Secondary, 50.0),
                scored("a", Role::Secondary, 50.0),
            ],
            NOW,
        );
        assert_eq!(next[0].session, "a");
    }

    #[test]
    fn one_on_a_secondary_is_a_cold_standby_and_on_a_primary_is_not() {
        for (role, score, cold) in [
            (Role::Secondary, 0.0, true),
            (Role::Secondary, 1.0, true),
            (Role::Secondary, 1.1, false),
            (Role::Primary, 1.0, false),
        ] {
            assert_eq!(is_cold_standby(&scored("a", role, score)), cold);
        }
    }
}
