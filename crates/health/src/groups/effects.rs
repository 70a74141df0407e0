//! Describes the effect of each action on a group before it is executed.

use super::context::GroupContext;
use super::heartbeat::{HeartbeatState, SLACK, is_untimed};
use super::roles::leaders;
use super::successor::{no_successor, overdue};
use super::{Override, is_candidate, override_of, role_held, role_word, score, session_name};
use crate::effect::Effect;
use crate::severity::Severity::{self, Critical, Normal, Warning};
use crate::words::{ago, span};
use chrono::{DateTime, TimeDelta, Utc};
use vendors::aveva::{ClientSession, Role};

impl GroupContext<'_> {
    /// Effect of deleting the group.
    #[must_use]
    pub fn delete_group(&self, system: &str) -> Effect {
        let live = self.live(None);
        let mut notes = Vec::new();
        if live > 0 {
            let active = match live {
                1 => "1 session is active".to_owned(),
                live => format!("{live} sessions are active"),
            };
            notes.push((Critical, format!("{system} will reject this now: {active}, and deleting a group with active sessions returns 409. Stop the adapters or delete the sessions first.")));
        }
        notes.push(self.reappears(live > 0, "its session and this group"));
        let sentence = match self.sessions.len() {
            0 => "The group is deleted. This cannot be undone: the group has to be created again."
                .to_owned(),
            1 => "The group and its session are deleted. They have to be created again.".to_owned(),
            all => format!(
                "The group and its {all} sessions are deleted. They have to be created again."
            ),
        };
        Effect { sentence, notes }
    }

    /// Effect of deleting a session.
    #[must_use]
    pub fn delete_session(&self, session: &ClientSession) -> Effect {
        let id = session_name(session);
        let mut notes = self.pinned_silent(Some(session));
        let live = self.is_live(session);
        let left = self.eligible(Some(session));
        let was = self.is_primary(session);
        if left == 0 && (live || was.is_some()) {
            let reason = no_successor(self.group, self.sessions, Some(session), self.observation);
            notes.push((
                Critical,
                format!("{reason}: no data will be collected until one takes over."),
            ));
        }
        if let Some(only) = self
            .best(Some(session))
            .filter(|_| live && was.is_none() && left == 1)
        {
            let words = format!(
                "No other standby is live: if {} fails, no session can take over.",
                session_name(only)
            );
            notes.push((Warning, words));
        }
        let sentence = match (was, self.succession(session)) {
            (Some(was), Some(succession)) => {
                format!("{id} {was} Primary and leaves the group. {succession}.")
            }
            (Some(was), None) => format!("{id} {was} Primary and leaves the group."),
            (None, _) => format!("{id} leaves the group. The Primary does not change."),
        };
        notes.push(self.reappears(live, "its session"));
        Effect { sentence, notes }
    }

    /// Effect of forcing a session to be Primary, for a period or until the override is cleared.
    #[must_use]
    pub fn override_role(&self, session: &ClientSession, period: Option<TimeDelta>) -> Effect {
        let id = session_name(session);
        let until = match period {
            Some(period) => format!("for {}", span(period)),
            None => "until it is cleared".to_owned(),
        };
        let mut notes = Vec::new();
        let timing = self.heartbeat_timing(session);
        let last_heartbeat = timing.age.map(ago).unwrap_or_default();
        match timing.state {
            HeartbeatState::Never if is_untimed(session) => notes.push((Warning, format!("The time of {id}'s last heartbeat is not known: if it is silent, it stays Primary and no data flows."))),
            HeartbeatState::Never => notes.push((Critical, format!("{id} has never posted a heartbeat: it would be Primary and no data would flow."))),
            HeartbeatState::Stale => notes.push((Critical, format!("{id} is silent, last heartbeat {last_heartbeat}: it would stay Primary and no data would flow."))),
            HeartbeatState::Late => notes.push((Warning, format!("{id} is late, last heartbeat {last_heartbeat}: if it falls silent, it stays Primary and no data flows."))),
            HeartbeatState::OnTime | HeartbeatState::Future => {}
        }
        if let Override::Primary(end) = override_of(session, self.observation.now) {
            let rest = end.map(|end| end - self.observation.now);
            let lasts = rest.map_or_else(
                || "until it is cleared".to_owned(),
                |rest| format!("for another {}", span(rest)),
            );
            let is_shorter = |period: TimeDelta| {
                period > TimeDelta::zero() && rest.is_none_or(|rest| period < rest)
            };
            let sooner = match period {
                Some(period) if is_shorter(period) => " and ends sooner",
                _ => "",
            };
            notes.push((
                Warning,
                format!(
                    "{id} is already overridden {lasts}: this override replaces that one{sooner}."
                ),
            ));
        }
        if let Some(other) = self.pinned(Some(session)) {
            notes.push((Warning, format!("{} is already pinned by an override: with several, the service decides which one applies.", session_name(other))));
        }
        if period.is_none() {
            notes.push((
                Normal,
                "While it is active, no session can take over, even if this session fails."
                    .to_owned(),
            ));
        }
        let becomes = match (self.pinned(Some(session)), self.role(session)) {
            (Some(_), _) => "may become or stay Primary",
            (None, Some(Role::Primary)) => "is already Primary and stays Primary",
            (None, _) => "becomes Primary immediately and stays Primary",
        };
        Effect {
            sentence: format!("{id} {becomes} {until}, regardless of its score."),
            notes,
        }
    }

    /// Effect of clearing an override.
    #[must_use]
    pub fn clear_override(&self, session: &ClientSession) -> Effect {
        let id = session_name(session);
        let pinned = self
            .pinned(Some(session))
            .and_then(|_| self.succession(session));
        let sentence = match (pinned, self.leader()) {
            (Some(succession), _) => format!("{id} is no longer pinned. {succession}."),
            (None, None) if self.live(None) == 0 => {
                "The election decides again, and no session is live.".to_owned()
            }
            (None, None) => {
                "The election decides again, and no live session is known to be able to take over."
                    .to_owned()
            }
            (None, Some(best)) => {
                format!("The election decides again. {}.", self.elected(best, None))
            }
        };
        Effect {
            sentence,
            notes: self.pinned_silent(Some(session)),
        }
    }

    /// Effect of posting a heartbeat on behalf of an adapter, with its score and time, if given.
    #[must_use]
    pub fn post_heartbeat(
        &self,
        session: &ClientSession,
        score: Option<f64>,
        at: Option<DateTime<Utc>>,
    ) -> Effect {
        let id = session_name(session);
        let sentence = format!(
            "A heartbeat of {id} with this score is recorded now, and the election uses it."
        );
        let ahead = at.map_or(TimeDelta::zero(), |at| at - self.observation.now);
        if self.timeout().is_some_and(|timeout| -ahead > timeout) {
            let words = "The heartbeat time is older than the failover timeout: the service considers the session silent.";
            let notes = vec![(Warning, words.to_owned())];
            return Effect { sentence, notes };
        }
        let future = (ahead > SLACK).then_some(ahead);
        let alive = self.timeout().map(|timeout| {
            let longer = timeout.checked_add(&future.unwrap_or_default());
            span(longer.unwrap_or(timeout))
        });
        let alive = alive.map_or_else(String::new, |timeout| format!(" for {timeout}"));
        let mut notes = Vec::new();
        if let Some(future) = future.map(span) {
            notes.push((Critical, format!("The heartbeat time is {future} in the future: if {id} fails, no session takes over until then, and for the failover timeout after that.")));
        }
        let due = !matches!(
            self.heartbeat_timing(session).state,
            HeartbeatState::OnTime | HeartbeatState::Future
        );
        match self.role(session) {
            Some(Role::PendingPrimary) => notes.push((Critical, format!("{id} is PendingPrimary: this heartbeat makes it Primary, and its adapter may not collect."))),
            Some(Role::Primary) if due => notes.push((Critical, format!("{id} is Primary and its adapter does not report: this prevents any other session from taking over{alive}."))),
            Some(Role::Primary) => {}
            _ => notes.extend(self.outscores(session, score)),
        }
        notes.push((
            Warning,
            format!(
                "For testing: the service considers {id} live{alive}, whether or not its adapter is running."
            ),
        ));
        Effect { sentence, notes }
    }

    /// A note that a session takes over with this score. The highest score wins unless an override decides; the
    /// contract does not specify the winner among equal scores. While a takeover is overdue, none is promised.
    fn outscores(
        &self,
        session: &ClientSession,
        posted: Option<f64>,
    ) -> Option<(Severity, String)> {
        let id = session_name(session);
        let best = self.best(Some(session));
        let best = best.map(|best| (session_name(best), score(best).unwrap_or(-1.0)));
        if self.pinned(None).is_some() {
            return None;
        }
        let wins = best.is_none_or(|(_, score)| posted.is_some_and(|posted| posted >= score));
        let (primary, pending) = leaders(self.group, self.status, self.sessions, self.observation);
        let is_silent = |primary: &&ClientSession| !self.is_live(primary);
        let primary = primary.filter(|_| pending.is_none()).filter(is_silent);
        let is_overdue = |primary| overdue(self.group, self.sessions, primary, self.observation);
        if let Some(overdue) = primary.and_then(is_overdue).filter(|_| wins) {
            let words = format!("{overdue}: this heartbeat may not change that.");
            return Some((Warning, words));
        }
        if wins && !is_candidate(session, self.observation.now) {
            let role = role_held(session);
            let words = format!("{id} {role}: whether it takes over is not known.");
            return Some((Warning, words));
        }
        let note = match (posted?, best) {
            (_, None) => {
                let reason =
                    no_successor(self.group, self.sessions, Some(session), self.observation);
                let words =
                    format!("{reason}: {id} becomes Primary, and its adapter may not collect.");
                (Critical, words)
            }
            (posted, Some((other, score))) if posted > score => (
                Critical,
                format!(
                    "With a higher score than {other} it takes over: {id} becomes PendingPrimary and then Primary, and its adapter may not collect."
                ),
            ),
            (posted, Some((other, score))) if posted >= score => (
                Warning,
                format!(
                    "With the same score as {other} it may take over, and its adapter may not collect."
                ),
            ),
            _ => return None,
        };
        Some(note)
    }

    /// Shown instead of an effect if the group does not list the session.
    #[must_use]
    pub fn missing_session(id: &str) -> Effect {
        Effect {
            sentence: format!("This group has no session “{id}” now."),
            notes: Vec::new(),
        }
    }

    /// Effect of adding a session with this id.
    #[must_use]
    pub fn add_session(&self, id: &str) -> Effect {
        let mut all = self.sessions.iter();
        if let Some(session) = all.find(|session| session.id.as_deref() == Some(id)) {
            let role = session.role.as_ref();
            let role = role.map_or_else(|| "without a role".to_owned(), role_word);
            let words =
                format!("{id} already exists and is {role}. To change it, choose it in the table.");
            return Effect {
                sentence: "No session is added.".to_owned(),
                notes: vec![(Warning, words)],
            };
        }
        let sentence = match self.pinned(None).map(session_name) {
            Some(id) => format!("It is on standby: a role override pins {id} as Primary."),
            None if self.sessions.is_empty() => {
                "It becomes Primary as the only session of the group.".to_owned()
            }
            None if self.live(None) == 0 => {
                "No other session is live: it becomes Primary with its first heartbeat.".to_owned()
            }
            None => "It is on standby, and takes part in the election from its first heartbeat."
                .to_owned(),
        };
        let mut notes = self.pinned_silent(None);
        notes.push((
            Normal,
            "Adapters register their own sessions: use this for preparation and testing."
                .to_owned(),
        ));
        Effect { sentence, notes }
    }

    /// A note that a deleted session may reappear. An adapter that is silent here may still be running.
    fn reappears(&self, live: bool, what: &str) -> (Severity, String) {
        let words = if live {
            format!(
                "It may reappear: a running adapter recreates {what} at its next heartbeat, {}.",
                self.next_heartbeat()
            )
        } else {
            format!(
                "It may reappear: if an adapter still runs, for example behind a broken network, it recreates {what} at its next heartbeat."
            )
        };
        (Warning, words)
    }

    /// A note about another session that stays Primary although it is silent, because an override pins it.
    fn pinned_silent(&self, but: Option<&ClientSession>) -> Vec<(Severity, String)> {
        let pinned = self.pinned(but).filter(|pinned| !self.is_live(pinned));
        let note = |pinned| {
            let name = session_name(pinned);
            let words = format!(
                "{name} is silent, and an override pins it: no data flows while it is Primary."
            );
            (Critical, words)
        };
        pinned.map(note).into_iter().collect()
    }
}
