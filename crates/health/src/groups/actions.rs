//! The actions on groups and sessions, and which connections support them.

use vendors::aveva::{ApiVersion, Base};

/// An action on a group or a session.
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

    /// The label of the action's button.
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

    /// The reason why a connection does not support the action; `None` if it does. Version `v1` of the sessions API
    /// removed PUT and added the role override.
    #[must_use]
    pub fn unsupported_reason(self, base: &Base) -> Option<&'static str> {
        match (self, base.sessions_version) {
            (Self::PutSession, ApiVersion::V1) => Some("version v1 of sessions has no PUT"),
            (Self::OverrideRole | Self::ClearOverride, ApiVersion::V1Preview) => {
                Some("version v1-preview of sessions has no role override")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
