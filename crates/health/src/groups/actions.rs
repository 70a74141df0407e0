//! What can be done with groups and sessions, and which connection has it.

use vendors::aveva::{ApiVersion, Base};

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
