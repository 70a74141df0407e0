//! The last observed leader of a group. It outlives a restart of the gateway, so that the first reading afterwards can
//! be compared with it.

use super::{Event, between};
use crate::inventory::{Facts, Judged, Moment, Observed, Resource};
use crate::slicers::SLATE;
use chrono::serde::ts_milliseconds_option;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vendors::uplynk::OnAir;

/// The last observed leader of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLeader {
    /// The session id of the primary, or the slicer or slate on air. `None` if no session was primary, or if it was not
    /// reported what is on air.
    leader: Option<String>,
    /// The last failover that the vendor reported, by the vendor's clock.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    last_failover: Option<DateTime<Utc>>,
}

impl LastLeader {
    /// The leader that a reading shows. `None` for a resource without leaders, or one that has not been read.
    #[must_use]
    pub fn of(resource: &Resource) -> Option<Self> {
        let is_read = match &resource.facts {
            Facts::FailoverGroup(group) => group.members.is_some(),
            Facts::SlicerGroup(_) => true,
            Facts::None | Facts::FailoverSession(_) => false,
        };
        (is_read && resource.observed != Observed::Never).then(|| Self {
            leader: resource.leader().map(str::to_owned),
            last_failover: resource.last_failover(),
        })
    }

    /// The events for a change of leader between this one and a reading.
    #[must_use]
    pub fn changes_until(&self, read: &Judged, at: &Moment) -> Vec<Event> {
        let mut before = read.clone();
        match &mut before.resource.facts {
            Facts::FailoverGroup(group) => group.primary.clone_from(&self.leader),
            Facts::SlicerGroup(group) => {
                group.on_air = self.leader.clone().map(|leader| match leader.as_str() {
                    SLATE => OnAir::Slate,
                    _ => OnAir::Slicer(leader),
                });
                group.last_failover = self.last_failover;
            }
            Facts::None | Facts::FailoverSession(_) => {}
        }
        // Without the time of the earlier reading, only a later time of failover shows that one failed back.
        before.observed_at = None;
        between(&before, read, at)
    }
}
