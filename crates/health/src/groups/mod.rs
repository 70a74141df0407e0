//! AVEVA: who is primary, who is next, and what is wrong with a group.

mod actions;
mod alarms;
mod effects;
mod judge;
mod look;
mod members;
mod pulse;
mod roles;
mod scene;
mod successor;

#[cfg(test)]
mod actions_tests;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod judge_tests;
#[cfg(test)]
mod never_panics;
#[cfg(test)]
mod successor_tests;

pub use actions::Action;
pub use judge::judge_group;
pub use look::Look;
pub use members::{Members, members};
pub use pulse::{Beat, Pulse, pulse};
pub use scene::Scene;
pub use successor::{Candidate, is_cold_standby, successor};

use chrono::{DateTime, Utc};
use vendors::aveva::{ClientSession, GroupConfiguration, Role, RoleOverride};

/// A role in words; one that the contract does not know as it came.
#[must_use]
pub fn role_word(role: &Role) -> String {
    match role {
        Role::Primary => "Primary".to_owned(),
        Role::PendingPrimary => "Pending".to_owned(),
        Role::Secondary => "Secondary".to_owned(),
        Role::Other(word) => word.clone(),
    }
}

/// A group's name, or its id: groups that adapters made usually have no name.
#[must_use]
pub fn group_name(group: &GroupConfiguration) -> &str {
    let named = group.name.as_deref().filter(|name| !name.trim().is_empty());
    named
        .or(group.id.as_deref())
        .unwrap_or("A group without an id")
}

/// A session's id, or what stands for it.
pub(crate) fn session_name(session: &ClientSession) -> &str {
    session
        .id
        .as_deref()
        .or(session.name.as_deref())
        .unwrap_or("a session without an id")
}

/// Whether a role override keeps a session Primary. One whose end has passed no longer does.
#[must_use]
pub fn is_pinned(session: &ClientSession, now: DateTime<Utc>) -> bool {
    session.role_override == Some(RoleOverride::Primary)
        && session
            .role_override_expiration_time
            .is_none_or(|end| end > now)
}

pub(crate) fn score(session: &ClientSession) -> Option<f64> {
    session.heartbeat.as_ref()?.score
}

/// A score with at most one decimal: it is a share of streams, not a measurement.
pub(crate) fn score_words(score: f64) -> String {
    format!("{}", (score * 10.0).round() / 10.0)
}
