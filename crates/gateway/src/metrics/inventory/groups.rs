//! Further metrics of failover groups and slicer groups. Times are converted to the gateway's clock. The last values of
//! a silent connection remain; the age of the connection shows that they are old.

use super::super::families::{Family, Labels};
use super::Series;
use crate::inventory_view::vendor_ahead;
use chrono::{DateTime, TimeDelta, Utc};
use health::inventory::{Facts, GroupFacts, SlicerGroupFacts};
use health::vendor_clock::by_own_clock;
use protocol::Inventory;
use std::collections::HashMap;
use vendors::uplynk::OnAir;

/// The metric families of groups.
pub(super) fn families(
    inventory: &Inventory,
    series: &[Series<'_>],
    now: DateTime<Utc>,
) -> Vec<Family> {
    let ahead: HashMap<&str, TimeDelta> = inventory
        .connections
        .iter()
        .flatten()
        .map(|state| (state.connection.id.as_str(), vendor_ahead(state)))
        .collect();
    let mut failover = FailoverGroups::new();
    let mut slicers = SlicerGroups::new();
    for one in series {
        let connection = one.resource.key.connection.as_str();
        let clock = Clock {
            now,
            ahead: ahead.get(connection).copied().unwrap_or_default(),
        };
        match one.facts() {
            Facts::FailoverGroup(facts) => failover.add(one, facts, clock),
            Facts::SlicerGroup(facts) => slicers.add(one, facts, clock),
            Facts::None | Facts::FailoverSession(_) => {}
        }
    }
    let FailoverGroups(failover) = failover;
    let SlicerGroups(slicers) = slicers;
    failover.into_iter().chain(slicers).collect()
}

#[derive(Clone, Copy)]
struct Clock {
    now: DateTime<Utc>,
    /// How far the vendor's clock is ahead.
    ahead: TimeDelta,
}

impl Clock {
    /// The time since `at`, by the vendor's clock. 0 if `at` is in the future.
    fn age(self, at: DateTime<Utc>) -> f64 {
        let age = self.now.signed_duration_since(at);
        let by_vendor = age.checked_add(&self.ahead).unwrap_or(age);
        by_vendor.max(TimeDelta::zero()).as_seconds_f64()
    }

    /// Converts a time of the vendor to a Unix time of the gateway's clock.
    fn timestamp(self, at: DateTime<Utc>) -> f64 {
        let at = by_own_clock(at, self.ahead);
        at.signed_duration_since(DateTime::UNIX_EPOCH)
            .as_seconds_f64()
    }
}

fn with(mut labels: Labels, name: &'static str, value: &str) -> Labels {
    labels.push((name, value.to_owned()));
    labels
}

struct FailoverGroups([Family; 4]);

impl FailoverGroups {
    fn new() -> Self {
        Self([
            Family::gauge(
                "failover_group_primary_age_seconds",
                "Time since the last heartbeat of a failover group's primary.",
            ),
            Family::gauge(
                "failover_group_failover_timeout_seconds",
                "The FailoverTimeout of a failover group.",
            ),
            Family::gauge(
                "failover_group_sessions",
                "Sessions of a failover group by role.",
            ),
            Family::gauge(
                "failover_group_last_data_timestamp_seconds",
                "When a failover group last processed data.",
            ),
        ])
    }

    fn add(&mut self, one: &Series<'_>, facts: &GroupFacts, clock: Clock) {
        let Self([ages, timeouts, sessions, data]) = self;
        let primary = facts.primary.as_ref().and(facts.heartbeat);
        if let Some(at) = primary.and_then(|heartbeat| heartbeat.at) {
            ages.add(one.labels(), clock.age(at));
        }
        if let Some(timeout) = facts.failover_timeout {
            timeouts.add(one.labels(), timeout.delta().as_seconds_f64());
        }
        if let Some(members) = facts.members {
            for (role, count) in [
                ("primary", members.primary),
                ("pending_primary", members.pending),
                ("secondary", members.standby),
                ("stale", members.stale),
                ("unknown", members.unknown),
            ] {
                sessions.add(with(one.labels(), "role", role), count);
            }
        }
        if let Some(at) = facts.last_data {
            data.add(one.labels(), clock.timestamp(at));
        }
    }
}

struct SlicerGroups([Family; 4]);

impl SlicerGroups {
    fn new() -> Self {
        Self([
            Family::gauge("slicer_group_on_slate", "1 while the slate is on air."),
            Family::gauge(
                "slicer_group_backups_ready",
                "Backup slicers that could take over at once.",
            ),
            Family::gauge(
                "slicer_group_backups",
                "Backup slicers that are eligible for failover.",
            ),
            Family::gauge(
                "slicer_group_last_failover_timestamp_seconds",
                "When the last failover of a slicer group was.",
            ),
        ])
    }

    fn add(&mut self, one: &Series<'_>, facts: &SlicerGroupFacts, clock: Clock) {
        let Self([slate, ready, backups, failovers]) = self;
        if let Some(on_air) = &facts.on_air {
            slate.add(one.labels(), matches!(on_air, OnAir::Slate));
        }
        for (family, count) in [(ready, facts.backups_ready), (backups, facts.backups)] {
            if let Some(count) = count {
                family.add(one.labels(), count);
            }
        }
        if let Some(at) = facts.last_failover {
            failovers.add(one.labels(), clock.timestamp(at));
        }
    }
}
