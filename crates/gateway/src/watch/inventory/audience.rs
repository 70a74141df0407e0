//! The part of the inventory that each audience gets.

use health::alarms::{Acknowledgement, Alarm, Maintenance};
use health::inventory::{Facts, GroupFacts, Resource, SessionFacts, SlicerGroupFacts};
use protocol::{ConnectionState, ReadFailure};

/// The recipient of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Audience {
    /// Signed-in people: everything.
    People,
    /// A wall, which every passer-by can read: only what it shows, without the data for lists and searches.
    Wall,
}

impl Audience {
    /// Reduces an answer to the part for this audience.
    pub(super) fn reduce(self, mut inventory: protocol::Inventory) -> protocol::Inventory {
        if self == Self::Wall {
            inventory.resources.iter_mut().for_each(cut_resource);
            let connections = inventory.connections.iter_mut().flatten();
            connections.for_each(cut_connection);
            inventory.alarms.iter_mut().flatten().for_each(cut_alarm);
            if let Some(maintenance) = &mut inventory.maintenance {
                maintenance.retain(|one| one.is_active(inventory.now));
                maintenance.iter_mut().for_each(cut_maintenance);
            }
        }
        inventory
    }
}

/// The primary and the session on air stay, because a failover is announced with its new leader.
fn cut_resource(resource: &mut Resource) {
    resource.unreadable.clear();
    match &mut resource.facts {
        Facts::None => {}
        Facts::FailoverGroup(facts) => {
            let GroupFacts {
                description,
                pending,
                sessions,
                overridden,
                late,
                stale,
                ahead,
                ..
            } = facts.as_mut();
            (*description, *pending) = (None, None);
            for ids in [sessions, overridden, late, stale, ahead] {
                ids.clear();
            }
        }
        Facts::SlicerGroup(facts) => {
            let SlicerGroupFacts { channels, .. } = facts.as_mut();
            *channels = None;
        }
        Facts::FailoverSession(facts) => {
            let SessionFacts { message, .. } = facts.as_mut();
            *message = None;
        }
    }
}

/// The acknowledgement stays visible; its author and text do not, because every passer-by can read a wall.
fn cut_alarm(alarm: &mut Alarm) {
    if let Some(Acknowledgement { by, reason, .. }) = &mut alarm.acknowledged {
        by.clear();
        reason.clear();
    }
    alarm.notes.clear();
    alarm.maintenance.iter_mut().for_each(cut_maintenance);
}

fn cut_maintenance(maintenance: &mut Maintenance) {
    maintenance.by.clear();
    maintenance.reason.clear();
}

fn cut_connection(connection: &mut ConnectionState) {
    match &mut connection.failure {
        Some(ReadFailure::Unreadable(nonsense)) => nonsense.excerpt.clear(),
        Some(ReadFailure::Vendor(error)) => error.more.clear(),
        Some(ReadFailure::Problem(_)) | None => {}
    }
}
