//! What can be done with groups and sessions, what it will do, and how much confirmation it wants.

use super::look::Look;
use super::pulse::{Beat, pulse};
use super::successor::heir;
use super::{is_pinned, score, score_words, session_name};
use crate::effect::{Confirm, Effect};
use crate::freshness::Freshness;
use crate::severity::Severity::{Critical, Normal, Warning};
use crate::words::{ago, span};
use chrono::TimeDelta;
use vendors::aveva::{ApiVersion, Base, ClientSession, GroupConfiguration, Role};

/// Everything that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// `POST /groups`.
    CreateGroup,
    /// `DELETE /groups/{g}`.
    DeleteGroup,
    /// `POST …/clientsessions`.
    AddSession,
    /// `PUT …/clientsessions/{s}`.
    PutSession,
    /// `DELETE …/clientsessions/{s}`.
    DeleteSession,
    /// `POST …/heartbeat`.
    PostHeartbeat,
    /// `POST …/roleoverride` with Primary.
    OverrideRole,
    /// `POST …/roleoverride` with Off.
    ClearOverride,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::CreateGroup,
        Self::DeleteGroup,
        Self::AddSession,
        Self::PutSession,
        Self::DeleteSession,
        Self::PostHeartbeat,
        Self::OverrideRole,
        Self::ClearOverride,
    ];

    /// What its button says.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateGroup => "Create group",
            Self::DeleteGroup => "Delete group",
            Self::AddSession => "Add session",
            Self::PutSession => "Put session",
            Self::DeleteSession => "Delete session",
            Self::PostHeartbeat => "Post heartbeat",
            Self::OverrideRole => "Override role",
            Self::ClearOverride => "Clear override",
        }
    }

    /// Why a connection does not have it; `None` where it does. The sessions API lost PUT and gained the
    /// role override between `v1-preview` and `v1`.
    #[must_use]
    pub fn missing(self, base: &Base) -> Option<&'static str> {
        match (self, base.sessions_version) {
            (Self::PutSession, ApiVersion::V1) => Some("version v1 of sessions has no PUT"),
            (Self::OverrideRole | Self::ClearOverride, ApiVersion::V1Preview) => {
                Some("version v1-preview of sessions has no role override")
            }
            _ => None,
        }
    }
}

/// A group as it is acted on.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The group.
    pub group: &'a GroupConfiguration,
    /// Its sessions.
    pub sessions: &'a [ClientSession],
    /// When they were read, and now.
    pub look: Look,
}

impl<'a> Scene<'a> {
    fn timeout(&self) -> Option<TimeDelta> {
        self.group.failover_timeout.map(|timeout| timeout.delta())
    }

    fn is_live(&self, session: &ClientSession) -> bool {
        pulse(session, self.group.failover_timeout.as_ref(), self.look).is_live()
    }

    fn live(&self) -> usize {
        self.sessions.iter().filter(|s| self.is_live(s)).count()
    }

    fn heir(&self, but: Option<&ClientSession>) -> Option<&'a ClientSession> {
        heir(self.group, self.sessions, but, self.look)
    }

    /// The live session with the highest score, whatever is overridden.
    fn leader(&self) -> Option<&'a ClientSession> {
        let worth = |session: &ClientSession| score(session).unwrap_or(-1.0);
        let live = self.sessions.iter().filter(|session| self.is_live(session));
        live.max_by(|a, b| worth(a).total_cmp(&worth(b)))
    }

    /// A running adapter posts a heartbeat within half of the timeout.
    fn beat(&self) -> String {
        self.timeout().map_or_else(
            || "at its next heartbeat".to_owned(),
            |timeout| format!("within {}", span(timeout / 2)),
        )
    }

    /// Who becomes Primary, and why, in a sentence without its end.
    fn succession(&self, but: Option<&ClientSession>) -> Option<String> {
        let heir = self.heir(but)?;
        let why = match score(heir) {
            Some(score) => format!("highest score among live sessions, {}", score_words(score)),
            None => "the only live session".to_owned(),
        };
        Some(format!(
            "{} becomes Primary {}: {why}",
            session_name(heir),
            self.beat()
        ))
    }

    /// Deleting the group.
    #[must_use]
    pub fn delete_group(&self, system: &str) -> Effect {
        let live = self.live();
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
        let mut notes = Vec::new();
        let live = self.is_live(session);
        let primary = session.role == Some(Role::Primary);
        let sentence = match (primary, self.succession(Some(session))) {
            (true, Some(succession)) => {
                format!("{who} is Primary and leaves the group. {succession}.")
            }
            (true, None) => {
                notes.push((
                    Critical,
                    "No other session is live: nobody collects data until one posts a heartbeat."
                        .to_owned(),
                ));
                format!("{who} is Primary and leaves the group.")
            }
            (false, _) => format!("{who} leaves the group. Who is Primary does not change."),
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
        let pulse = pulse(session, self.group.failover_timeout.as_ref(), self.look);
        let heard = pulse.age.map(ago).unwrap_or_default();
        match pulse.beat {
            Beat::Never => notes.push((Critical, format!("{who} has never posted a heartbeat: it would be Primary and no data would flow."))),
            Beat::Stale => notes.push((Critical, format!("{who} is silent, last heard {heard}: it would stay Primary and no data would flow."))),
            Beat::Late => notes.push((Warning, format!("The heartbeat of {who} is late, last heard {heard}: if it falls silent it stays Primary and no data flows."))),
            Beat::OnTime | Beat::Future => {}
        }
        if let Some(other) = self
            .sessions
            .iter()
            .find(|s| !std::ptr::eq(*s, session) && is_pinned(s, self.look.now))
        {
            notes.push((Warning, format!("{} is pinned by an override already: of several, the service decides which counts.", session_name(other))));
        }
        if period.is_none() {
            notes.push((
                Normal,
                "While it holds, nobody takes over, whatever happens to the session.".to_owned(),
            ));
        }
        Effect {
            sentence: format!(
                "{who} becomes Primary at once and stays so {until}, whatever its score."
            ),
            notes,
        }
    }

    /// Letting the election decide again.
    #[must_use]
    pub fn clear_override(&self, session: &ClientSession) -> Effect {
        let who = session_name(session);
        let sentence = match self.leader() {
            Some(best) if std::ptr::eq(best, session) => format!(
                "The election decides again: {who} stays Primary, it leads among live sessions."
            ),
            Some(_) if !self.is_live(session) => match self.succession(Some(session)) {
                Some(succession) => format!("The election decides again. {succession}."),
                None => "The election decides again, and no session is live.".to_owned(),
            },
            Some(_) => format!(
                "The election decides again by score; {who} stays Primary unless another one has more."
            ),
            None => "The election decides again, and no session is live.".to_owned(),
        };
        Effect {
            sentence,
            notes: Vec::new(),
        }
    }

    /// Posting a heartbeat in an adapter's name.
    #[must_use]
    pub fn post_heartbeat(&self, session: &ClientSession) -> Effect {
        let who = session_name(session);
        let alive = self
            .timeout()
            .map(span)
            .map_or_else(String::new, |t| format!(" for {t}"));
        let mut notes = vec![(
            Warning,
            format!(
                "For testing: the service takes {who} for alive{alive}, whether or not its adapter runs."
            ),
        )];
        if session.role == Some(Role::PendingPrimary) {
            notes.insert(0, (Critical, format!("{who} is PendingPrimary: this heartbeat makes it Primary, and its adapter may not collect.")));
        }
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
}

impl Scene<'_> {
    /// How much confirmation an action on a session, or on the group where there is none, wants:
    /// typing for deleting or forcing while what is shown is stale, while it is the only live session,
    /// or while it is Primary. Deleting a group is always typed.
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
            _ if !shown.is_believable() => typed("what is shown is stale"),
            _ if action == Action::DeleteGroup => typed("a deleted group cannot be brought back"),
            (_, None) => Confirm::Click,
            (_, Some(session)) if session.role == Some(Role::Primary) => typed("it is Primary"),
            (_, Some(session)) if self.is_live(session) && self.live() == 1 => {
                typed("it is the only live session")
            }
            (_, Some(session)) if action == Action::OverrideRole && !self.is_live(session) => {
                typed("it is silent")
            }
            _ => Confirm::Click,
        }
    }
}

#[cfg(test)]
#[path = "actions_tests.rs"]
mod tests;
