//! Events of resources, derived from two consecutive readings. They form the history that two of the three vendor
//! systems do not keep.
//!
//! An event records what a reading showed, not its cause. A change that is reverted between two readings is missed.

mod between;
mod last_leader;
mod report;
mod timeline;

#[cfg(test)]
mod tests;

pub use between::{appeared, between, ended_at, gone, of_alarms, read_again};
pub use last_leader::LastLeader;
pub use report::{
    RecordedEvent, Statistics, UnknownInterval, absences, is_connection, silences, statistics,
    until, unwatched,
};
pub use timeline::{Gaps, Interval, Leader, LeaderChange, timeline};

use crate::inventory::ResourceKey;
use crate::severity::Severity;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The primary or the slicer on air changed, is no longer reported, or is reported again.
    Failover,
    /// A session was chosen as primary, or was chosen and did not become it.
    Pending,
    /// A session or a slicer appeared in its group, or left it.
    Member,
    /// A session's heartbeat became late or stale, or is on time again.
    Heartbeat,
    /// A role override began or ended.
    Override,
    /// The order of the slicers changed.
    Order,
    /// The failover mode, auto failback or the failover timeout changed.
    Setting,
    /// A slicer became healthy or unhealthy, or takes part in failover or no longer does.
    Eligibility,
    /// A cloud failover session started or ended.
    Run,
    /// A group appeared, is no longer listed, or is readable again after its own failure.
    Resource,
    /// An alarm began, worsened or ended. Alarms of connections record when they fell silent and answered again.
    Alarm,
    /// The gateway started watching. Nothing was observed between the end of the last watch and this event; `after` is
    /// [`LEADERS_COMPARED`] if the leaders before and after that time are compared.
    Watching,
}

impl EventKind {
    /// Every kind, in the order of the filter's choices.
    pub const ALL: [Self; 12] = [
        Self::Failover,
        Self::Alarm,
        Self::Run,
        Self::Pending,
        Self::Member,
        Self::Heartbeat,
        Self::Override,
        Self::Order,
        Self::Setting,
        Self::Eligibility,
        Self::Resource,
        Self::Watching,
    ];

    /// The key in JSON and in URLs.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::Pending => "pending",
            Self::Member => "member",
            Self::Heartbeat => "heartbeat",
            Self::Override => "override",
            Self::Order => "order",
            Self::Setting => "setting",
            Self::Eligibility => "eligibility",
            Self::Run => "run",
            Self::Resource => "resource",
            Self::Alarm => "alarm",
            Self::Watching => "watching",
        }
    }
}

/// The value after [`EventKind::Watching`] if the first reading of each group is compared with its last leader, so that
/// a change of leader in the unobserved time is recorded.
pub const LEADERS_COMPARED: &str = "leaders compared";

/// One event of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Time by the gateway's clock: the time that the vendor reports, or else the start of the reading that showed it.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// The kind of event.
    pub kind: EventKind,
    /// Severity of the resource afterwards. It is at least a warning for a failover, a late or stale heartbeat and an
    /// unhealthy slicer, and normal for a member's recovery; the end of a run has the severity of its result.
    pub severity: Severity,
    /// The resource; `None` if the event concerns all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceKey>,
    /// The resource's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The event in one sentence, without the resource's name.
    pub what: String,
    /// The value before the event, if it is short: the previous leader, the previous order. For events that end or
    /// begin an unobserved time, the time of the last observation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The value after the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
