//! Makes a resource of an Uplynk group.

use super::{Judged, Moment, WatchedSlicerGroup, key, not_read_yet};
use crate::inventory::{
    Facts, Kind, Observed, Resource, SlicerFacts, SlicerGroupFacts, SlicerPart,
    unreadable_of_slicer_group,
};
use crate::slicers::{
    self, SlicerHealth, backups, is_ready, judge_slicers, ordered, slicer_health,
};
use chrono::{DateTime, Utc};
use vendors::uplynk::{Channel, FailoverGroup, OnAir, Slicer};

impl WatchedSlicerGroup {
    /// The group as a resource of the connection, judged at this moment. Its oldest part determines its age.
    pub(super) fn judged(&self, connection: &str, at: &Moment) -> Judged {
        let listed_at = at.observed_at.filter(|_| self.is_listed);
        let mut resource = of_slicer_group(&self.group, connection, at);
        resource.failure.clone_from(&self.failure);
        resource.observed = match self.read_at {
            Some(read) => at.observed(read),
            // The list is the only source so far, and a failure or a slate on air is severe enough to report at once.
            None if self.is_listed
                && (self.failure.is_some() || self.group.active == Some(OnAir::Slate)) =>
            {
                Observed::WithConnection
            }
            None => Observed::Never,
        };
        if resource.is_unread() {
            resource.verdict = not_read_yet(&resource.name, "its slicers have not been read yet");
        }
        let is_read = resource.observed != Observed::Never;
        Judged {
            observed_at: self.read_at.max(listed_at).filter(|_| is_read),
            resource,
        }
    }
}

fn of_slicer_group(group: &FailoverGroup, connection: &str, at: &Moment) -> Resource {
    let now = at.vendor(at.now);
    let active = slicers::on_air(group);
    let backups = group.slicers.as_ref().map(|_| backups(group, now));
    let channel = |channel: &Channel| channel.desc.clone().unwrap_or_default();
    let facts = SlicerGroupFacts {
        on_air: group.active.clone(),
        on_air_state: active
            .and_then(|slicer| slicer.state.as_ref())
            .map(slicers::state_word),
        on_air_not_eligible: active.is_some_and(|slicer| slicer.enabled == Some(false)),
        mode: group.mode.clone(),
        auto_failback: group.auto_failback,
        slicers: ordered(group)
            .into_iter()
            .map(|slicer| SlicerFacts {
                id: slicer.id.clone(),
                part: part(group, slicer, now),
            })
            .collect(),
        backups_ready: backups.map(|(ready, _)| ready),
        backups: backups.map(|(_, all)| all),
        channels: group
            .channels
            .as_ref()
            .map(|channels| channels.iter().map(channel).collect()),
        last_failover: group.failover_time,
    };
    let named = group.name.clone().filter(|name| !name.trim().is_empty());
    let key = key(Kind::SlicerGroup, connection, &group.id);
    let name = named.unwrap_or_else(|| group.id.clone());
    let facts = Facts::SlicerGroup(Box::new(facts));
    Resource {
        unreadable: unreadable_of_slicer_group(group),
        ..Resource::new(key, name, judge_slicers(group, now), facts)
    }
}

/// The part that a slicer has in the failover of its group.
#[must_use]
pub fn part(group: &FailoverGroup, slicer: &Slicer, now: DateTime<Utc>) -> SlicerPart {
    if matches!(&group.active, Some(OnAir::Slicer(id)) if *id == slicer.id) {
        SlicerPart::OnAir
    } else if slicer.enabled == Some(false) {
        SlicerPart::OutOfFailover
    } else if is_ready(slicer, now) {
        SlicerPart::Ready
    } else {
        let is_reported = slicer.enabled.is_some() && slicer.state.is_some();
        match slicer_health(slicer, now) {
            SlicerHealth::Unknown => SlicerPart::Unknown,
            SlicerHealth::Healthy if !is_reported => SlicerPart::Unknown,
            _ => SlicerPart::Unhealthy,
        }
    }
}
