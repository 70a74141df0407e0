//! AVEVA: the primary, its successor and the verdict on a group.

mod actions;
mod assumed;
mod context;
mod effects;
mod heartbeat;
mod judge;
mod members;
mod observation;
mod roles;
mod successor;
mod verdicts;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

pub use actions::Action;
pub use context::GroupContext;
pub use heartbeat::{
    HeartbeatState, HeartbeatTiming, heartbeat_period, heartbeat_timing, is_untimed,
};
pub use judge::judge_group;
pub use members::{Members, members};
pub use observation::Observation;
pub use roles::{leaders, unknown_primary_reason};
pub use successor::{Candidate, Succession, is_cold_standby};

use crate::doubt::any;
use crate::words::decimal;
use chrono::{DateTime, Utc};
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus, Role, RoleOverride};

/// The display name of a role. A role that is not in the contract is unmodified.
#[must_use]
pub fn role_word(role: &Role) -> String {
    match role {
        Role::Primary => "Primary".to_owned(),
        Role::PendingPrimary => "Pending".to_owned(),
        Role::Secondary => "Secondary".to_owned(),
        Role::Other(word) => word.clone(),
    }
}

/// A group's name, or its id, because groups that adapters create usually have no name.
#[must_use]
pub fn group_name(group: &GroupConfiguration) -> &str {
    let named = group.name.as_deref().filter(|name| !name.trim().is_empty());
    named
        .or(group.id.as_deref())
        .unwrap_or("A group without an id")
}

/// A session's id, else its name, else a placeholder.
#[must_use]
pub fn session_name(session: &ClientSession) -> &str {
    session
        .id
        .as_deref()
        .or(session.name.as_deref())
        .unwrap_or("a session without an id")
}

/// Whether an unexpired role override keeps a session Primary.
#[must_use]
pub fn is_pinned(session: &ClientSession, now: DateTime<Utc>) -> bool {
    session.role_override == Some(RoleOverride::Primary)
        && session
            .role_override_expiration_time
            .is_none_or(|end| end > now)
}

/// The role override of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Override {
    /// There is none, it has expired, or the API does not report it.
    None,
    /// It keeps the session Primary, until its expiration time if it has one.
    Primary(Option<DateTime<Utc>>),
    /// A value that is not in the contract, unmodified.
    Other(String),
    /// Its value is unreadable.
    Unreadable,
}

/// The role override of a session, which may have expired since the reading.
#[must_use]
pub fn override_of(session: &ClientSession, now: DateTime<Utc>) -> Override {
    match &session.role_override {
        None if any(&session.unreadable, &["RoleOverride"]) => Override::Unreadable,
        Some(RoleOverride::Primary) if is_pinned(session, now) => {
            Override::Primary(session.role_override_expiration_time)
        }
        Some(RoleOverride::Other(value)) => Override::Other(value.clone()),
        None | Some(_) => Override::None,
    }
}

/// Whether a session may be elected: its role is in the contract, or an override pins it.
pub(crate) fn is_candidate(session: &ClientSession, now: DateTime<Utc>) -> bool {
    session
        .role
        .as_ref()
        .is_some_and(|role| role.number().is_some())
        || is_pinned(session, now)
}

/// The time at which a group last processed data, from its primary or else from its status.
#[must_use]
pub fn last_data(primary: Option<&ClientSession>, status: &GroupStatus) -> Option<DateTime<Utc>> {
    let heartbeat = primary.and_then(|primary| primary.heartbeat.as_ref());
    heartbeat
        .and_then(|heartbeat| heartbeat.last_data_processed_time)
        .or(status.last_data_processed_time)
}

/// A session's role as a predicate: "has the role “…”", "has no role".
pub(crate) fn role_held(session: &ClientSession) -> String {
    match session.role.as_ref().map(role_word) {
        Some(role) => format!("has the role “{role}”"),
        None if any(&session.unreadable, &["Role"]) => "has an unreadable role".to_owned(),
        None => "has no role".to_owned(),
    }
}

pub(crate) fn score(session: &ClientSession) -> Option<f64> {
    session.heartbeat.as_ref()?.score
}

/// A score with at most one decimal, which suffices for a share of streams.
pub(crate) fn score_words(score: f64) -> String {
    decimal(score, 1)
}
