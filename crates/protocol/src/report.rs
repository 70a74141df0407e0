//! The report: statistics of each resource over a period.

use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use health::inventory::ResourceKey;
use serde::Serialize;
use vendors::from_json;

/// `GET /api/report`: statistics of the period from `from` to `to` (RFC 3339), filtered by `system` and `connection`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Start of the period.
    #[serde(with = "ts_milliseconds")]
    pub from: DateTime<Utc>,
    /// End of the period, at most the gateway's time.
    #[serde(with = "ts_milliseconds")]
    pub to: DateTime<Utc>,
    /// The failover groups and slicer groups, sorted by connection and name.
    pub groups: Vec<GroupReport>,
    /// The failover plans with runs that ended in the period, sorted by connection and name.
    pub plans: Vec<PlanReport>,
}

from_json! { struct Report { from, to, groups, plans } }

/// The statistics of one group. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupReport {
    /// The key of the group.
    pub resource: ResourceKey,
    /// The name of the group.
    pub name: String,
    /// Number of changes of the leader, including a failover and failback between two readings.
    pub failovers: usize,
    /// Total time without a primary, or with the slate on air.
    pub without_ms: u64,
    /// Longest such interval.
    pub longest_ms: u64,
    /// Number of such intervals that were observed from beginning to end.
    pub recoveries: usize,
    /// Average length of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_recovery_ms: Option<u64>,
    /// Total time for which the leader is unknown: not watched, no response, or no longer stored.
    pub unknown_ms: u64,
}

from_json! { struct GroupReport {
    resource, name, failovers, without_ms, longest_ms, recoveries, mean_recovery_ms, unknown_ms,
} }

/// The statistics of one failover plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanReport {
    /// The connection's id.
    pub connection: String,
    /// The plan's name.
    pub plan: String,
    /// Number of runs that ended.
    pub runs: usize,
    /// Number of those that failed.
    pub failed: usize,
    /// Number of those that ended with warnings.
    pub warnings: usize,
}

from_json! { struct PlanReport { connection, plan, runs, failed, warnings } }
