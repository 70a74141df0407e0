//! What a time was like, for each resource.

use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use health::inventory::ResourceKey;
use serde::Serialize;
use vendors::from_json;

/// `GET /api/report`: what the time between the parameters `from` and `to` (RFC 3339) was like, as far as `system` and
/// `connection` leave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The beginning of the time.
    #[serde(with = "ts_milliseconds")]
    pub from: DateTime<Utc>,
    /// Its end: the gateway's time at most.
    #[serde(with = "ts_milliseconds")]
    pub to: DateTime<Utc>,
    /// Failover groups and slicer groups, by connection and name.
    pub groups: Vec<GroupReport>,
    /// Failover plans with runs that ended in the time, by connection and name.
    pub plans: Vec<PlanReport>,
}

from_json! { struct Report { from, to, groups, plans } }

/// What the time was like for one group. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupReport {
    /// Which.
    pub resource: ResourceKey,
    /// Its name.
    pub name: String,
    /// How often another session or slicer led than before, or the same one again after a failover that was over before
    /// anybody saw it.
    pub failovers: usize,
    /// How long there was no primary, or the slate was on air.
    pub without_ms: u64,
    /// The longest such time.
    pub longest_ms: u64,
    /// How often such a time was seen from its beginning to its end.
    pub recoveries: usize,
    /// How long these took on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_recovery_ms: Option<u64>,
    /// How long it is not known who led: nobody watched, the system did not answer, or it is no longer kept.
    pub unknown_ms: u64,
}

from_json! { struct GroupReport {
    resource, name, failovers, without_ms, longest_ms, recoveries, mean_recovery_ms, unknown_ms,
} }

/// What the time was like for one failover plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanReport {
    /// The connection's id.
    pub connection: String,
    /// The plan's name.
    pub plan: String,
    /// How many runs ended.
    pub runs: usize,
    /// How many of them failed.
    pub failed: usize,
    /// How many of them ended with warnings.
    pub warnings: usize,
}

from_json! { struct PlanReport { connection, plan, runs, failed, warnings } }
