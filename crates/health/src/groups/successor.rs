//! The order of succession, with reasons.

use super::observation::Observation;
use super::pulse::{Beat, pulse};
use super::{is_pinned, score, score_words, session_name};
use crate::words;
use vendors::aveva::{ClientSession, GroupConfiguration, Role};

/// A candidate for taking over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub session: String,
    /// Whether the service would elect it.
    pub eligible: bool,
    /// The reason for its position, in one sentence.
    pub reason: String,
}

/// A healthy cold standby reports a score of 0 to 1; this is normal for a Secondary.
#[must_use]
pub fn is_cold_standby(session: &ClientSession) -> bool {
    session.role == Some(Role::Secondary)
        && score(session).is_some_and(|score| (0.0..=1.0).contains(&score))
}

/// All sessions in the order of election: a pinned one first, then live sessions by descending score (the
/// contract documents no tie-break; equal scores are ordered by id). Sessions that cannot be elected
/// follow with the reason: they are silent, or a role override pins another session, which stays Primary
/// even when it falls silent.
#[must_use]
pub fn successor(
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    observation: impl Into<Observation>,
) -> Vec<Candidate> {
    let observation = observation.into();
    let ranked = ranked(group, sessions, observation);
    let pinned = ranked
        .iter()
        .copied()
        .find(|session| is_pinned(session, observation.now));
    let best = ranked
        .iter()
        .copied()
        .find(|session| session.role != Some(Role::Primary));
    let candidates = ranked.iter().map(|session| {
        let is = |other: Option<&ClientSession>| other.is_some_and(|o| std::ptr::eq(o, *session));
        let live = pulse(session, group.failover_timeout.as_ref(), observation).is_live();
        let blocker = pinned.filter(|_| live && !is(pinned));
        Candidate {
            session: session_name(session).to_owned(),
            eligible: live && blocker.is_none(),
            reason: match blocker {
                Some(pinned) => {
                    let who = session_name(pinned);
                    format!("Not eligible: a role override pins {who} as Primary.")
                }
                None => reason(session, group, is(best), observation),
            },
        }
    });
    candidates.collect()
}

/// The live session, except `but`, that the service would elect without overrides.
pub(super) fn next_primary<'a>(
    group: &GroupConfiguration,
    sessions: &'a [ClientSession],
    but: Option<&ClientSession>,
    observation: Observation,
) -> Option<&'a ClientSession> {
    let live =
        |s: &&ClientSession| pulse(s, group.failover_timeout.as_ref(), observation).is_live();
    let other = |s: &&ClientSession| but.is_none_or(|but| !std::ptr::eq(*s, but));
    ranked(group, sessions, observation)
        .into_iter()
        .filter(other)
        .find(live)
}

/// Orders live before silent, pinned before others, then by score.
fn ranked<'a>(
    group: &GroupConfiguration,
    sessions: &'a [ClientSession],
    observation: Observation,
) -> Vec<&'a ClientSession> {
    let rank = |session: &ClientSession| {
        let live = pulse(session, group.failover_timeout.as_ref(), observation).is_live();
        (live, is_pinned(session, observation.now))
    };
    // NaN counts as not reported, because sorting needs a total order.
    let worth = |session| score(session).filter(|s| !s.is_nan()).unwrap_or(-1.0);
    let mut ranked: Vec<&ClientSession> = sessions.iter().collect();
    ranked.sort_by(|a, b| {
        let by = rank(b).cmp(&rank(a));
        let by = by.then_with(|| worth(b).total_cmp(&worth(a)));
        by.then_with(|| a.id.cmp(&b.id))
    });
    ranked
}

fn reason(
    session: &ClientSession,
    group: &GroupConfiguration,
    best: bool,
    observation: Observation,
) -> String {
    let pulse = pulse(session, group.failover_timeout.as_ref(), observation);
    let last_heartbeat = pulse.age.map(words::ago).unwrap_or_default();
    match (pulse.beat, score(session).map(score_words)) {
        (Beat::Never, _) => "Not eligible: it has not posted a heartbeat yet.".to_owned(),
        (Beat::Stale, score) => {
            let silent = pulse.age.map(words::span).unwrap_or_default();
            let score = score.map(|score| format!(" Its score of {score} does not count."));
            let score = score.unwrap_or_default();
            format!("Not eligible: silent for {silent}.{score}")
        }
        _ if is_pinned(session, observation.now) => {
            format!("Pinned as Primary by a role override. Last heartbeat {last_heartbeat}.")
        }
        (_, None) => format!("It reports no score. Last heartbeat {last_heartbeat}."),
        (_, Some(score)) if is_cold_standby(session) => {
            format!(
                "Cold standby: score {score}, needs time to warm up. Last heartbeat {last_heartbeat}."
            )
        }
        (_, Some(score)) if best => {
            format!("Highest live score, {score}. Last heartbeat {last_heartbeat}.")
        }
        (_, Some(score)) => format!("Score {score}. Last heartbeat {last_heartbeat}."),
    }
}

#[cfg(test)]
mod tests;
