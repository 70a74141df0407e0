//! What lists and tiles show of a resource beside its verdict.

use crate::groups::{HeartbeatState, Members};
use chrono::serde::ts_milliseconds_option;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vendors::aveva::TimeSpan;
use vendors::from_json;
use vendors::uplynk::{Mode, OnAir};

/// What is shown of a resource, by its kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Facts {
    /// Nothing but the verdict: the reader may not see more, or nothing was read yet.
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
    /// The session id that was chosen and has not confirmed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
    /// The sessions by role; `None` until they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Members>,
    /// The FailoverTimeout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failover_timeout: Option<TimeSpan>,
    /// When data was last processed.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_data: Option<DateTime<Utc>>,
    /// The heartbeat of the primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<HeartbeatFacts>,
    /// The ids of all sessions, for the search.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<String>,
    /// The ids of the sessions that an override makes primary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<String>,
    /// The ids of the sessions whose heartbeat is overdue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<String>,
    /// The ids of the sessions whose heartbeat is older than the FailoverTimeout, or that never posted one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
    /// The ids of the sessions whose heartbeat has a time in the future.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<String>,
}

from_json! { struct GroupFacts {
    description, primary, pending, members, failover_timeout, last_data, heartbeat, sessions or default,
    overridden or default, late or default, stale or default, ahead or default,
} }

/// The heartbeat that matters for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HeartbeatFacts {
    /// When it was posted, by the vendor's clock.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub at: Option<DateTime<Utc>>,
    /// Its state when the sessions were read.
    pub beat: HeartbeatState,
}

from_json! { struct HeartbeatFacts { at, beat } }

/// An Uplynk slicer failover group. Times are by the vendor's clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SlicerGroupFacts {
    /// What is on air.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_air: Option<OnAir>,
    /// What the slicer on air is doing, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_air_state: Option<String>,
    /// How the next slicer is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Whether a slicer of higher priority takes over again once healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_failback: Option<bool>,
    /// The slicers in their order of priority.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slicers: Vec<SlicerFacts>,
    /// Backups that could take over at once; `None` where the slicers are not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backups_ready: Option<usize>,
    /// All backups that take part in failover; `None` where the slicers are not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backups: Option<usize>,
    /// The names of the channels, for the search; a channel without a name counts as an empty text. `None` where they
    /// are not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// When the last failover was; `None` for never.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_failover: Option<DateTime<Utc>>,
}

from_json! { struct SlicerGroupFacts {
    on_air, on_air_state, mode, auto_failback, slicers or default, backups_ready, backups, channels,
    last_failover,
} }

/// One slicer of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlicerFacts {
    /// Its id.
    pub id: String,
    /// How it takes part.
    pub part: SlicerPart,
}

from_json! { struct SlicerFacts { id, part } }

/// How a slicer takes part in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlicerPart {
    /// It feeds the channels.
    OnAir,
    /// It could take over.
    Ready,
    /// It is unhealthy or inactive.
    Unhealthy,
    /// It was taken out of failover.
    OutOfFailover,
    /// Its health, its state or its eligibility is not known.
    Unknown,
}

from_json! { enum SlicerPart {
    OnAir = "on_air", Ready = "ready", Unhealthy = "unhealthy", OutOfFailover = "out_of_failover",
    Unknown = "unknown",
} }

/// A run of a Veeam failover plan. Times are by the vendor's clock.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SessionFacts {
    /// `State`, in the vendor's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `Result`, in the vendor's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// When it started.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub started: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub ended: Option<DateTime<Utc>>,
    /// 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// The name of the backup server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

from_json! { struct SessionFacts { state, result, started, ended, progress, server, message } }
