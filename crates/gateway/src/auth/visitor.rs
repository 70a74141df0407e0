//! The authenticated sender of a request.

use super::ticket::{Provided, Ticket};
use crate::identity::{Role, User};
use crate::pairing;
use serde::{Deserialize, Serialize};

/// An authenticated visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The session; `None` for a wall, and if no sign-in is configured.
    pub(super) ticket: Option<Ticket>,
    /// The session of a paired wall.
    pub(super) wall: Option<pairing::WallTicket>,
}

/// The holder of a session, as the audit names it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SessionHolder {
    #[serde(rename = "u")]
    pub(crate) name: String,
    #[serde(rename = "r")]
    pub(crate) role: String,
}

impl Visitor {
    /// The visitor of a user's session.
    pub(super) fn of_user(user: &User, ticket: Ticket) -> Self {
        Self {
            name: user.name.clone(),
            role: user.role,
            ticket: Some(ticket),
            wall: None,
        }
    }

    /// The visitor of a paired wall's session.
    pub(super) fn of_wall(name: String, ticket: pairing::WallTicket) -> Self {
        Self {
            name,
            role: Role::Wall,
            ticket: None,
            wall: Some(ticket),
        }
    }

    /// The id of the session, if a sign-in is configured.
    pub(crate) fn session(&self) -> Option<&str> {
        let of_user = self.ticket.as_ref().map(|ticket| ticket.number.as_str());
        of_user.or_else(|| self.wall())
    }

    /// The key of the person, which is the same in all sessions of a user. Each wall has its own.
    pub(crate) fn person(&self) -> String {
        match (self.provided(), self.wall()) {
            (Some(provided), _) => format!("subject {}", provided.subject),
            (None, Some(wall)) => format!("wall {wall}"),
            (None, None) => format!("user {}", self.name),
        }
    }

    /// The id of the paired wall, if the visitor is one.
    pub(crate) fn wall(&self) -> Option<&str> {
        self.wall.as_ref().map(|ticket| ticket.wall.as_str())
    }

    /// The holder of the session, for the audit.
    pub(crate) fn holder(&self) -> SessionHolder {
        SessionHolder {
            name: self.log_name(),
            role: self.role.name().to_owned(),
        }
    }

    /// The name for logs. Names from a provider are not unique, so the provider's id of the user is appended.
    pub(crate) fn log_name(&self) -> String {
        match self.provided() {
            Some(provided) => format!("{} <{}>", self.name, provided.subject),
            None => self.name.clone(),
        }
    }

    /// The provider's statement about the user, if the session began there.
    fn provided(&self) -> Option<&Provided> {
        self.ticket.as_ref()?.provided.as_ref()
    }
}
