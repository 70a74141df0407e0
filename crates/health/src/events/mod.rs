//! What has happened to resources, told from two consecutive readings of each: for the history that two of the
//! three systems do not keep.
//!
//! An event says what a reading showed, not what caused it. What came and went between two readings is not seen.

mod between;
mod report;
mod timeline;

#[cfg(test)]
mod tests;

pub use between::{appeared, between, ended_at, gone, of_alarms, read_again};
pub use report::{
    Record, RecordedEvent, UnknownInterval, absences, record, silences, tells_silence, until,
    unwatched,
};
pub use timeline::{Gaps, Interval, Leader, LeaderChange, timeline};

use crate::inventory::ResourceKey;
use crate::severity::Severity;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Another session is primary, or another slicer or the slate is on air, or that is no longer reported or is again.
    Failover,
    /// A session was chosen as primary, or did not become it.
    Pending,
    /// A session or a slicer appeared in its group, or left it.
    Member,
    /// A session's heartbeat became late or stale, or is on time again.
    Heartbeat,
    /// A role override began or ended.
    Override,
    /// The slicers have another order of priority.
    Order,
    /// The failover mode, auto failback or the FailoverTimeout changed.
    Setting,
    /// A slicer became healthy or unhealthy, or takes part in failover or no longer does.
    Eligibility,
    /// A cloud failover session started or ended.
    Run,
    /// A group appeared, is no longer listed, or was read again that could not be while its connection was.
    Resource,
    /// An alarm began, got worse or ended; those of connections tell when they fell silent and came back.
    Alarm,
    /// The gateway began to watch. What was before it, back to when one last did, nobody saw.
    Watching,
}

impl EventKind {
    /// Every kind, in the order in which people choose from them.
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

    /// One lower-case word, as the wire and addresses know it.
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

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the gateway's clock: as the vendor says, else when the reading that showed it began.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// What kind of event.
    pub kind: EventKind,
    /// How bad the resource is after it; a failover, and what falls behind or becomes unhealthy, is at least a warning, and
    /// the end of a run is as bad as its result.
    pub severity: Severity,
    /// To which resource; `None` where it concerns all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceKey>,
    /// The resource's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What, in a sentence without the resource's name.
    pub what: String,
    /// What was there before, where that can be told in a few words: the leader of a failover, the order. Where nobody saw
    /// what happened before it, since when not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
