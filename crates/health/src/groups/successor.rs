//! The order of election among a group's sessions, with reasons.

use super::heartbeat::{HeartbeatState, heartbeat_timing, is_untimed, missed_takeover};
use super::observation::Observation;
use super::roles::leading_primary;
use super::{is_candidate, is_pinned, role_held, score, score_words, session_name};
use crate::{sort, words};
use std::cmp::Ordering;
use vendors::aveva::{ClientSession, GroupConfiguration, Role};

/// A session in the order of election.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The session's id.
    pub session: String,
    /// Whether the service would elect the session.
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

/// The sessions of a group in the order of election: a pinned session first, then live sessions by descending score.
/// The contract documents no tie-break, so among equal scores the Primary comes first, then the others by id. Sessions
/// that cannot be elected follow: they are silent, their role is not in the contract, or a role override pins another
/// session, which stays Primary even when it falls silent.
///
/// Silence is judged for the time of the reading, so the order changes only with a reading or when an override expires.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Succession {
    /// Indexes into the list of sessions.
    order: Vec<usize>,
    /// Number of live sessions, which come first.
    live: usize,
    /// Number of live sessions that may be elected, which come first among them.
    eligible: usize,
    /// Index of the session that a role override keeps Primary.
    pinned: Option<usize>,
    /// Whether an override in effect has an expiration time.
    can_expire: bool,
}

impl Succession {
    /// The order of election among these sessions.
    #[must_use]
    pub fn of(
        group: &GroupConfiguration,
        sessions: &[ClientSession],
        observation: impl Into<Observation>,
    ) -> Self {
        let observation = observation.into();
        let mut ranked: Vec<_> = sessions
            .iter()
            .map(|session| Rank::of(session, group, observation))
            .zip(0..)
            .collect();
        sort(&mut ranked, |(a, _), (b, _)| a.order(b));
        let pinned = ranked.iter().filter(|(rank, _)| rank.is_pinned);
        let can_expire = |(_, index): &(_, usize)| {
            let session: &ClientSession = &sessions[*index];
            session.role_override_expiration_time.is_some()
        };
        Self {
            live: ranked.iter().filter(|(rank, _)| rank.is_live).count(),
            eligible: ranked.iter().filter(|(rank, _)| rank.is_eligible()).count(),
            pinned: pinned.clone().next().map(|(_, index)| *index),
            can_expire: pinned.clone().any(can_expire),
            order: ranked.into_iter().map(|(_, index)| index).collect(),
        }
    }

    /// The number of live sessions.
    #[must_use]
    pub fn live(&self) -> usize {
        self.live
    }

    /// Whether the order may change without a new reading, because an override expires.
    #[must_use]
    pub fn can_expire(&self) -> bool {
        self.can_expire
    }

    /// Indexes into the list of sessions in the order of election, each with whether it is eligible.
    pub fn indexes(&self) -> impl Iterator<Item = (usize, bool)> + '_ {
        let is_free = |index: &usize| self.pinned.is_none_or(|pinned| pinned == *index);
        let indexes = self.order.iter().enumerate();
        indexes.map(move |(rank, index)| (*index, rank < self.eligible && is_free(index)))
    }

    /// The candidates in the order of election, each described on demand. Pass the same group and sessions.
    pub fn candidates<'a>(
        &'a self,
        group: &'a GroupConfiguration,
        sessions: &'a [ClientSession],
        observation: impl Into<Observation>,
    ) -> impl Iterator<Item = Candidate> + 'a {
        let observation = observation.into();
        self.indexes().map(move |(index, eligible)| {
            let reason = self.reason(index, group, sessions, observation);
            Candidate {
                session: session_name(&sessions[index]).to_owned(),
                eligible,
                reason,
            }
        })
    }

    fn reason(
        &self,
        index: usize,
        group: &GroupConfiguration,
        sessions: &[ClientSession],
        observation: Observation,
    ) -> String {
        let session = &sessions[index];
        let live =
            heartbeat_timing(session, group.failover_timeout.as_ref(), observation).is_live();
        let best = self
            .order
            .iter()
            .find(|index| sessions[**index].role != Some(Role::Primary));
        match self.pinned.filter(|pinned| live && *pinned != index) {
            Some(pinned) => {
                let pinned = session_name(&sessions[pinned]);
                format!("Not eligible: a role override pins {pinned} as Primary.")
            }
            None if live && !is_candidate(session, observation.now) => {
                format!("Not known to be eligible: it {}.", role_held(session))
            }
            None if best == Some(&index) => {
                let timeout = group.failover_timeout.as_ref();
                let primaries = sessions
                    .iter()
                    .filter(|one| one.role == Some(Role::Primary));
                let primary = leading_primary(primaries, timeout, observation);
                let due = primary
                    .filter(|_| live)
                    .and_then(|primary| missed_takeover(primary, session, timeout, observation));
                let due = due.map(words::ago).map_or_else(String::new, |due| {
                    format!(" The takeover was due {due} and has not happened.")
                });
                let reason = reason(session, group, true, observation);
                format!("{reason}{due}")
            }
            None => reason(session, group, false, observation),
        }
    }
}

/// The properties of a session that decide the order of election.
struct Rank<'a> {
    is_live: bool,
    is_candidate: bool,
    is_pinned: bool,
    /// NaN counts as not reported, because sorting needs a total order.
    score: f64,
    is_primary: bool,
    id: Option<&'a str>,
}

impl<'a> Rank<'a> {
    fn of(
        session: &'a ClientSession,
        group: &GroupConfiguration,
        observation: Observation,
    ) -> Self {
        let timing = heartbeat_timing(session, group.failover_timeout.as_ref(), observation);
        Self {
            is_live: timing.is_live(),
            is_candidate: is_candidate(session, observation.now),
            is_pinned: is_pinned(session, observation.now),
            score: score(session).filter(|s| !s.is_nan()).unwrap_or(-1.0),
            is_primary: session.role == Some(Role::Primary),
            id: session.id.as_deref(),
        }
    }

    /// Whether the service would elect the session.
    fn is_eligible(&self) -> bool {
        self.is_live && self.is_candidate
    }

    /// Orders live before silent sessions, then eligible before other ones, then pinned ones first, then by score.
    fn order(&self, other: &Self) -> Ordering {
        let precedence = |rank: &Self| (rank.is_live, rank.is_eligible(), rank.is_pinned);
        let order = precedence(other).cmp(&precedence(self));
        order.then_with(|| self.order_by_score(other))
    }

    /// Orders by descending score. Among equal scores the Primary comes first, then the lowest id.
    fn order_by_score(&self, other: &Self) -> Ordering {
        let order = other.score.total_cmp(&self.score);
        let order = order.then_with(|| other.is_primary.cmp(&self.is_primary));
        order.then_with(|| self.id.cmp(&other.id))
    }
}

/// The reason why the service would elect no session other than `but`, in words.
pub(super) fn no_successor(
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    but: Option<&ClientSession>,
    observation: Observation,
) -> &'static str {
    let timeout = group.failover_timeout.as_ref();
    let is_other = |session: &ClientSession| but.is_none_or(|but| !std::ptr::eq(session, but));
    let is_live =
        |session: &ClientSession| heartbeat_timing(session, timeout, observation).is_live();
    if sessions.iter().any(|one| is_other(one) && is_live(one)) {
        "No other live session is known to be able to take over"
    } else {
        "No other session is live"
    }
}

/// The session other than `but` that the service would elect: a pinned one first.
pub(super) fn next_primary<'a>(
    group: &GroupConfiguration,
    sessions: &'a [ClientSession],
    but: Option<&ClientSession>,
    observation: Observation,
) -> Option<&'a ClientSession> {
    first_by(Rank::order, group, sessions, but, observation)
}

/// The successor of a silent primary that should have taken over already, and since when, in a clause; `None` if none is
/// overdue. An override that this version of the API does not show may keep the primary.
pub(super) fn overdue(
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    primary: &ClientSession,
    observation: Observation,
) -> Option<String> {
    let next = next_primary(group, sessions, Some(primary), observation)?;
    let timeout = group.failover_timeout.as_ref();
    let due = words::ago(missed_takeover(primary, next, timeout, observation)?);
    let id = session_name(next);
    Some(format!(
        "{id} is live and has posted a heartbeat since the takeover was due {due}, but has not taken over"
    ))
}

/// The eligible session other than `but` with the highest score, regardless of overrides.
pub(super) fn best_score<'a>(
    group: &GroupConfiguration,
    sessions: &'a [ClientSession],
    but: Option<&ClientSession>,
    observation: Observation,
) -> Option<&'a ClientSession> {
    first_by(Rank::order_by_score, group, sessions, but, observation)
}

fn first_by<'a>(
    order: fn(&Rank<'a>, &Rank<'a>) -> Ordering,
    group: &GroupConfiguration,
    sessions: &'a [ClientSession],
    but: Option<&ClientSession>,
    observation: Observation,
) -> Option<&'a ClientSession> {
    let others = sessions
        .iter()
        .filter(|session| but.is_none_or(|but| !std::ptr::eq(*session, but)));
    let ranked = others.map(|session| (Rank::of(session, group, observation), session));
    let first = ranked
        .filter(|(rank, _)| rank.is_eligible())
        .min_by(|(a, _), (b, _)| order(a, b));
    first.map(|(_, session)| session)
}

fn reason(
    session: &ClientSession,
    group: &GroupConfiguration,
    best: bool,
    observation: Observation,
) -> String {
    let timing = heartbeat_timing(session, group.failover_timeout.as_ref(), observation);
    let last_heartbeat = timing.age.map(words::ago).unwrap_or_default();
    match (timing.state, score(session).map(score_words)) {
        (HeartbeatState::Never, _) if is_untimed(session) => {
            "Not known to be eligible: the time of its last heartbeat is not known.".to_owned()
        }
        (HeartbeatState::Never, _) => "Not eligible: it has not posted a heartbeat yet.".to_owned(),
        (HeartbeatState::Stale, score) => {
            let silent = timing.age.map(words::span).unwrap_or_default();
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
