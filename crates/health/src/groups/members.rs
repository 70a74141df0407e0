//! Counts a group's sessions by role.

use super::heartbeat::heartbeat_timing;
use super::observation::Observation;
use serde::Serialize;
use vendors::aveva::{ClientSession, GroupConfiguration, Role};
use vendors::from_json;

/// The number of sessions by role. A session without a current heartbeat counts as stale instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Members {
    /// Primary.
    pub primary: usize,
    /// PendingPrimary.
    pub pending: usize,
    /// Secondary.
    pub standby: usize,
    /// No heartbeat within the FailoverTimeout, or none at all.
    pub stale: usize,
    /// A role that is not in the contract, or no role.
    pub unknown: usize,
}

from_json! { struct Members {
    primary or default, pending or default, standby or default, stale or default, unknown or default,
} }

/// Counts a group's sessions.
#[must_use]
pub fn members(
    group: &GroupConfiguration,
    sessions: &[ClientSession],
    observation: impl Into<Observation>,
) -> Members {
    let observation = observation.into();
    let mut members = Members::default();
    for session in sessions {
        let count =
            if !heartbeat_timing(session, group.failover_timeout.as_ref(), observation).is_live() {
                &mut members.stale
            } else {
                match session.role {
                    Some(Role::Primary) => &mut members.primary,
                    Some(Role::PendingPrimary) => &mut members.pending,
                    Some(Role::Secondary) => &mut members.standby,
                    Some(Role::Other(_)) | None => &mut members.unknown,
                }
            };
        *count += 1;
    }
    members
}
