//! A group's sessions by what they do.

use super::look::Look;
use super::pulse::pulse;
use serde::{Deserialize, Serialize};
use vendors::aveva::{ClientSession, GroupConfiguration, Role};

/// How many sessions do what. A session that is no longer heard counts as stale, whatever its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Members {
    /// Primary.
    pub primary: usize,
    /// PendingPrimary.
    pub pending: usize,
    /// Secondary.
    pub standby: usize,
    /// Not heard for longer than the FailoverTimeout, or never.
    pub stale: usize,
    /// Of a role that the contract does not know, or none.
    pub unknown: usize,
}

/// Counts a group's sessions.
#[must_use]
pub fn members(
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    look: impl Into<Look>,
) -> Members {
    let look = look.into();
    let mut members = Members::default();
    for session in sessions {
        let place = if !pulse(session, group.failover_timeout.as_ref(), look).is_live() {
            &mut members.stale
        } else {
            match session.role {
                Some(Role::Primary) => &mut members.primary,
                Some(Role::PendingPrimary) => &mut members.pending,
                Some(Role::Secondary) => &mut members.standby,
                Some(Role::Other(_)) | None => &mut members.unknown,
            }
        };
        *place += 1;
    }
    members
}
