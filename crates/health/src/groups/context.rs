//! The context of an action on a group: its live sessions, the session that would be elected, and the required
//! confirmation. The module `effects` describes the effect of an action.

use super::actions::Action;
use super::heartbeat::{HeartbeatTiming, heartbeat_period, heartbeat_timing};
use super::observation::Observation;
use super::roles::leaders;
use super::successor::{best_score, next_primary};
use super::{is_candidate, is_pinned, score, score_words, session_name};
use crate::effect::Confirm;
use crate::freshness::Freshness;
use crate::words::span;
use chrono::TimeDelta;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role};

/// The group and sessions that an action applies to.
#[derive(Debug, Clone, Copy)]
pub struct GroupContext<'a> {
    /// The group.
    pub group: &'a GroupConfiguration,
    /// Its status.
    pub status: &'a GroupStatus,
    /// Its sessions.
    pub sessions: &'a [ClientSession],
    /// The time of the reading and the current time.
    pub observation: Observation,
}

impl<'a> GroupContext<'a> {
    pub(super) fn timeout(&self) -> Option<TimeDelta> {
        let timeout = self.group.failover_timeout.map(|timeout| timeout.delta());
        timeout.filter(|timeout| *timeout > TimeDelta::zero())
    }

    pub(super) fn heartbeat_timing(&self, session: &ClientSession) -> HeartbeatTiming {
        heartbeat_timing(
            session,
            self.group.failover_timeout.as_ref(),
            self.observation,
        )
    }

    /// Whether a session counts as live.
    #[must_use]
    pub fn is_live(&self, session: &ClientSession) -> bool {
        self.heartbeat_timing(session).is_live()
    }

    /// Whether there is another live session that may be elected.
    #[must_use]
    pub fn has_other(&self, but: &ClientSession) -> bool {
        self.eligible(Some(but)) > 0
    }

    /// The sessions, live ones first.
    #[must_use]
    pub fn live_first(&self) -> Vec<&'a ClientSession> {
        let all = self.sessions.iter();
        let (mut first, silent): (Vec<_>, Vec<_>) = all.partition(|one| self.is_live(one));
        first.extend(silent);
        first
    }

    /// The number of live sessions without `but`.
    pub(super) fn live(&self, but: Option<&ClientSession>) -> usize {
        let counts = |s: &&ClientSession| self.is_live(s) && !is_same(but, s);
        self.sessions.iter().filter(counts).count()
    }

    /// The number of live sessions that may be elected, without `but`.
    pub(super) fn eligible(&self, but: Option<&ClientSession>) -> usize {
        let counts = |s: &&ClientSession| self.is_eligible(s) && !is_same(but, s);
        self.sessions.iter().filter(counts).count()
    }

    fn is_eligible(&self, session: &ClientSession) -> bool {
        self.is_live(session) && is_candidate(session, self.observation.now)
    }

    /// The role of a session according to [`leaders`]. `None` if it may be Primary: its role is missing or unknown,
    /// and no session is known to be Primary.
    pub(super) fn role(&self, session: &ClientSession) -> Option<Role> {
        let (primary, pending) = leaders(self.group, self.status, self.sessions, self.observation);
        match session.role {
            Some(Role::Primary) => Some(Role::Primary),
            _ if is_same(primary, session) => Some(Role::Primary),
            Some(Role::PendingPrimary) => Some(Role::PendingPrimary),
            _ if is_same(pending, session) => Some(Role::PendingPrimary),
            None | Some(Role::Other(_)) if primary.is_none() => None,
            _ => Some(Role::Secondary),
        }
    }

    /// The verb of "… Primary" for a session: "is", "may be", "is about to become"; `None` if it is not Primary.
    pub(super) fn is_primary(&self, session: &ClientSession) -> Option<&'static str> {
        match self.role(session) {
            None => Some("may be"),
            Some(Role::Primary) => Some("is"),
            Some(Role::PendingPrimary) => Some("is about to become"),
            Some(_) => None,
        }
    }

    /// Another session that an override keeps Primary, even if it is silent.
    pub(super) fn pinned(&self, but: Option<&ClientSession>) -> Option<&'a ClientSession> {
        let now = self.observation.now;
        let mut others = self.sessions.iter().filter(|s| !is_same(but, s));
        others.find(|session| is_pinned(session, now))
    }

    /// The live session with the highest score among those that may be elected, regardless of overrides.
    pub(super) fn leader(&self) -> Option<&'a ClientSession> {
        self.best(None)
    }

    /// The same, without `but`.
    pub(super) fn best(&self, but: Option<&ClientSession>) -> Option<&'a ClientSession> {
        best_score(self.group, self.sessions, but, self.observation)
    }

    /// The time of a running adapter's next heartbeat, in words.
    pub(super) fn next_heartbeat(&self) -> String {
        self.timeout().map_or_else(
            || "at its next heartbeat".to_owned(),
            |timeout| format!("within {}", span(heartbeat_period(timeout))),
        )
    }

    /// The Primary without `but`, with the reason, as a sentence without full stop; `None` if no other may be elected.
    pub(super) fn succession(&self, but: &ClientSession) -> Option<String> {
        if let Some(pinned) = self.pinned(Some(but)) {
            let id = session_name(pinned);
            let verb = verb(pinned);
            return Some(format!("{id} {verb} Primary: a role override pins it"));
        }
        let next_primary = next_primary(self.group, self.sessions, Some(but), self.observation)?;
        Some(self.elected(next_primary, Some(but)))
    }

    /// Describes the election of `best`, the best session without `but`. Ties are not documented.
    pub(super) fn elected(&self, best: &ClientSession, but: Option<&ClientSession>) -> String {
        let id = session_name(best);
        let live = self.eligible(but);
        let top = number(best);
        let is_even =
            |s: &&ClientSession| self.is_eligible(s) && !is_same(but, s) && number(s) == top;
        let even = self.sessions.iter().filter(is_even).count();
        let why = match top.map(score_words) {
            Some(score) if even > 1 && verb(best) == "becomes" => {
                let when = self.next_heartbeat();
                return format!(
                    "One of {even} live sessions with the same score, {score}, becomes Primary {when}"
                );
            }
            Some(score) => format!("highest score among live sessions, {score}"),
            None if live == 1 => "the only live session".to_owned(),
            None => {
                return format!(
                    "One of {live} live sessions becomes Primary; none of them reports a score"
                );
            }
        };
        match verb(best) {
            "stays" => format!("{id} stays Primary: {why}"),
            verb => format!("{id} {verb} Primary {}: {why}", self.next_heartbeat()),
        }
    }

    /// The confirmation for an action on a session, or on the group if `session` is `None`. Deleting a session or
    /// forcing its role requires typing its id if the shown data is stale, or if the session is the only live one or
    /// is or may be Primary or pending. Deleting a group always requires typing.
    #[must_use]
    pub fn confirm(
        &self,
        action: Action,
        session: Option<&ClientSession>,
        shown: Freshness,
    ) -> Confirm {
        let risky = matches!(
            action,
            Action::DeleteGroup | Action::DeleteSession | Action::OverrideRole | Action::PutSession
        );
        let typed = |why: &str| Confirm::Typed(why.to_owned());
        match (risky, session) {
            (false, _) => Confirm::Click,
            _ if !shown.is_believable() => typed("the shown data is stale"),
            _ if action == Action::DeleteGroup => typed("a deleted group cannot be restored"),
            // PUT creates a new session here. A session that is no longer listed is a risk for the other actions.
            (_, None) if action == Action::PutSession => Confirm::Click,
            (_, None) => typed("it is no longer listed"),
            (_, Some(session)) => match self.is_primary(session) {
                Some(is) => Confirm::Typed(format!("it {is} Primary")),
                None if self.is_live(session) && self.live(None) == 1 => {
                    typed("it is the only live session")
                }
                None if action == Action::OverrideRole && !self.is_live(session) => {
                    typed("it is silent")
                }
                None => Confirm::Click,
            },
        }
    }
}

fn is_same(one: Option<&ClientSession>, other: &ClientSession) -> bool {
    one.is_some_and(|one| std::ptr::eq(one, other))
}

/// The score, if it is a number.
fn number(session: &ClientSession) -> Option<f64> {
    score(session).filter(|score| !score.is_nan())
}

fn verb(session: &ClientSession) -> &'static str {
    if session.role == Some(Role::Primary) {
        "stays"
    } else {
        "becomes"
    }
}
