//! The facts about a resource that lists and tiles show beside its verdict.

use crate::groups::{HeartbeatState, Members};
use chrono::serde::ts_milliseconds_option;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vendors::aveva::TimeSpan;
use vendors::from_json;
use vendors::uplynk::{Mode, OnAir};

/// The facts about a resource, by its kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Facts {
    /// No facts: the viewer may not see more than the verdict, or nothing has been read yet.
    #[default]
    None,
    /// An AVEVA failover group.
    FailoverGroup(Box<GroupFacts>),
    /// An Uplynk slicer failover group.
    SlicerGroup(Box<SlicerGroupFacts>),
    /// A Veeam cloud failover session.
    FailoverSession(Box<SessionFacts>),
}

from_json! { enum Facts {
    None = "none", FailoverGroup(_) = "failover_group", SlicerGroup(_) = "slicer_group",
    FailoverSession(_) = "failover_session",
} }

/// An AVEVA failover group. Times are by the vendor's clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct GroupFacts {
    /// The group's description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The session id of the primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// The session id of the pending primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
    /// The number of sessions by role; `None` until they have been read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
    /// The FailoverTimeout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failover_timeout: Option<TimeSpan>,
    /// Time at which data was last processed.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_data: Option<DateTime<Utc>>,
    /// The heartbeat of the primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<HeartbeatFacts>,
    /// The ids of all sessions, for searches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<String>,
    /// The ids of sessions that an override pins as primary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<String>,
    /// The ids of sessions whose heartbeat is overdue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<String>,
    /// The ids of sessions whose heartbeat is older than the FailoverTimeout or was never posted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
    /// The ids of sessions whose heartbeat has a time in the future.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<String>,
}

from_json! { struct GroupFacts {
    description, primary, pending, members, failover_timeout, last_data, heartbeat, sessions or default,
    overridden or default, late or default, stale or default, ahead or default,
} }

/// The heartbeat of a group's primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HeartbeatFacts {
    /// Its time, by the vendor's clock.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub at: Option<DateTime<Utc>>,
    /// Its state at the time of the reading.
    pub beat: HeartbeatState,
}

from_json! { struct HeartbeatFacts { at, beat } }

/// An Uplynk slicer failover group. Times are by the vendor's clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SlicerGroupFacts {
    /// The slicer on air, or the slate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_air: Option<OnAir>,
    /// The state of the slicer on air, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_air_state: Option<String>,
    /// Whether the slicer on air is not eligible for failover, which its part does not tell.
    #[serde(skip_serializing_if = "is_false")]
    pub on_air_not_eligible: bool,
    /// The failover mode, which decides how the next slicer is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Whether a slicer of higher priority takes over again once it is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_failback: Option<bool>,
    /// The slicers in their order of priority.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slicers: Vec<SlicerFacts>,
    /// Number of backups that can take over immediately; `None` if the slicers are not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backups_ready: Option<usize>,
    /// Number of backups that take part in failover; `None` if the slicers are not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backups: Option<usize>,
    /// The names of the channels, for searches; empty for a channel without a name. `None` if they are not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// Time of the last failover; `None` if there has been none.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_failover: Option<DateTime<Utc>>,
}

from_json! { struct SlicerGroupFacts {
    on_air, on_air_state, on_air_not_eligible or default, mode, auto_failback, slicers or default, backups_ready, backups, channels,
    last_failover,
} }

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

/// One slicer of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlicerFacts {
    /// The slicer's id.
    pub id: String,
    /// The part that it has in failover.
    pub part: SlicerPart,
}

from_json! { struct SlicerFacts { id, part } }

/// The part that a slicer has in the failover of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlicerPart {
    /// On air.
    OnAir,
    /// Able to take over.
    Ready,
    /// Unhealthy or inactive.
    Unhealthy,
    /// Not eligible for failover.
    OutOfFailover,
    /// Of unknown health, state or eligibility.
    Unknown,
}

from_json! { enum SlicerPart {
    OnAir = "on_air", Ready = "ready", Unhealthy = "unhealthy", OutOfFailover = "out_of_failover",
    Unknown = "unknown",
} }

/// A run of a Veeam failover plan. Times are by the vendor's clock.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SessionFacts {
    /// The vendor's `State`, unmodified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The vendor's `Result`, unmodified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Time of the start.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub started: Option<DateTime<Utc>>,
    /// Time of the end.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub ended: Option<DateTime<Utc>>,
    /// The progress in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// The name of the backup server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The failure message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

from_json! { struct SessionFacts { state, result, started, ended, progress, server, message } }
