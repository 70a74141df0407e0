//! What each action on a group will do, said before it is done.

use super::pulse::Beat;
use super::scene::Scene;
use super::session_name;
use crate::effect::Effect;
use crate::severity::Severity::{self, Critical, Normal, Warning};
use crate::words::{ago, span};
use chrono::TimeDelta;
use vendors::aveva::{ClientSession, Role};

impl Scene<'_> {
    /// Deleting the group.
    #[must_use]
    pub fn delete_group(&self, system: &str) -> Effect {
        let live = self.live(None);
        let mut notes = Vec::new();
        if live > 0 {
            let active = match live {
                1 => "1 session is active".to_owned(),
                live => format!("{live} sessions are active"),
            };
            notes.push((Critical, format!("{system} will refuse it now: {active}, and a group with active sessions answers 409. Stop the adapters or delete the sessions first.")));
            notes.push((Warning, format!("It may come back: a running adapter creates its session and this group again at its next heartbeat, {}.", self.beat())));
        }
        let sentence = match self.sessions.len() {
            0 => {
                "The group is deleted. A group cannot be changed back: it has to be created again."
                    .to_owned()
            }
            1 => "The group and its session are deleted. They have to be created again.".to_owned(),
            all => format!(
                "The group and its {all} sessions are deleted. They have to be created again."
            ),
        };
        Effect { sentence, notes }
    }

    /// Deleting a session.
    #[must_use]
    pub fn delete_session(&self, session: &ClientSession) -> Effect {
        let who = session_name(session);
        let mut notes = self.pinned_silent(session);
        let live = self.is_live(session);
        let left = self.live(Some(session));
        let was = match session.role {
            Some(Role::Primary) => Some("is"),
            Some(Role::PendingPrimary) => Some("is about to be"),
            _ => None,
        };
        if left == 0 && (live || was.is_some()) {
            notes.push((
                Critical,
                "No other session is live: nobody collects data until one posts a heartbeat."
                    .to_owned(),
            ));
        }
        let sentence = match (was, self.succession(session)) {
            (Some(was), Some(succession)) => {
                format!("{who} {was} Primary and leaves the group. {succession}.")
            }
            (Some(was), None) => format!("{who} {was} Primary and leaves the group."),
            (None, _) => format!("{who} leaves the group. Who is Primary does not change."),
        };
        if live {
            notes.push((Warning, format!("It may come back: a running adapter creates its session again at its next heartbeat, {}.", self.beat())));
        }
        Effect { sentence, notes }
    }

    /// Forcing a session to be Primary, for a while or until it is cleared.
    #[must_use]
    pub fn override_role(&self, session: &ClientSession, period: Option<TimeDelta>) -> Effect {
        let who = session_name(session);
        let until = match period {
            Some(period) => format!("for {}", span(period)),
            None => "until somebody clears it".to_owned(),
        };
        let mut notes = Vec::new();
        let pulse = self.pulse(session);
        let heard = pulse.age.map(ago).unwrap_or_default();
        match pulse.beat {
            Beat::Never => notes.push((Critical, format!("{who} has never posted a heartbeat: it would be Primary and no data would flow."))),
            Beat::Stale => notes.push((Critical, format!("{who} is silent, last heard {heard}: it would stay Primary and no data would flow."))),
            Beat::Late => notes.push((Warning, format!("The heartbeat of {who} is late, last heard {heard}: if it falls silent it stays Primary and no data flows."))),
            Beat::OnTime | Beat::Future => {}
        }
        if let Some(other) = self.pinned(session) {
            notes.push((Warning, format!("{} is pinned by an override already: of several, the service decides which counts.", session_name(other))));
        }
        if period.is_none() {
            notes.push((
                Normal,
                "While it holds, nobody takes over, whatever happens to the session.".to_owned(),
            ));
        }
        let how = match session.role {
            Some(Role::Primary) => "is Primary already",
            _ => "becomes Primary at once",
        };
        Effect {
            sentence: format!("{who} {how} and stays so {until}, whatever its score."),
            notes,
        }
    }

    /// Letting the election decide again.
    #[must_use]
    pub fn clear_override(&self, session: &ClientSession) -> Effect {
        let who = session_name(session);
        let pinned = self.pinned(session).and_then(|_| self.succession(session));
        let sentence = match (pinned, self.leader()) {
            (Some(succession), _) => format!("{who} is pinned no longer. {succession}."),
            (None, None) => "The election decides again, and no session is live.".to_owned(),
            (None, Some(best)) => format!(
                "The election decides again. {}.",
                self.elected(best, self.live(None))
            ),
        };
        Effect {
            sentence,
            notes: self.pinned_silent(session),
        }
    }

    /// Posting a heartbeat in an adapter's name.
    #[must_use]
    pub fn post_heartbeat(&self, session: &ClientSession) -> Effect {
        let who = session_name(session);
        let alive = self.timeout().map(span);
        let alive = alive.map_or_else(String::new, |timeout| format!(" for {timeout}"));
        let mut notes = Vec::new();
        let due = !matches!(self.pulse(session).beat, Beat::OnTime | Beat::Future);
        match session.role {
            Some(Role::PendingPrimary) => notes.push((Critical, format!("{who} is PendingPrimary: this heartbeat makes it Primary, and its adapter may not collect."))),
            Some(Role::Primary) if due => notes.push((Critical, format!("{who} is Primary and its adapter does not report: this keeps anybody from taking over{alive}."))),
            _ => {}
        }
        notes.push((
            Warning,
            format!(
                "For testing: the service takes {who} for alive{alive}, whether or not its adapter runs."
            ),
        ));
        Effect {
            sentence: format!(
                "A heartbeat of {who} with this score is recorded now, and the election follows it."
            ),
            notes,
        }
    }

    /// Adding a session.
    #[must_use]
    pub fn add_session(&self) -> Effect {
        let sentence = if self.sessions.is_empty() {
            "It becomes Primary as the only session of the group."
        } else if self.live(None) == 0 {
            "No other session is live: it becomes Primary with its first heartbeat."
        } else {
            "It stands by, and takes part in the election with its first heartbeat."
        };
        Effect {
            sentence: sentence.to_owned(),
            notes: vec![(
                Normal,
                "Adapters register their own sessions: this is for preparing and for testing."
                    .to_owned(),
            )],
        }
    }

    /// Whoever is pinned stays Primary, silent or not.
    fn pinned_silent(&self, but: &ClientSession) -> Vec<(Severity, String)> {
        let pinned = self.pinned(but).filter(|pinned| !self.is_live(pinned));
        let note = |pinned| {
            let who = session_name(pinned);
            let words = format!(
                "{who} is silent, and an override pins it: no data flows while it is Primary."
            );
            (Critical, words)
        };
        pinned.map(note).into_iter().collect()
    }
}
