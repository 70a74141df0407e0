//! The inventory: everything that the gateway watches, or the changes since a revision.

use crate::ConnectionState;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, Maintenance};
use health::inventory::{GroupTimes, Resource, ResourceKey};
use serde::Serialize;
use vendors::{deserialize_from_json, from_json};

/// `GET /api/inventory?after=REVISION`: the changes since a revision, or everything if the revision is unknown, for
/// example after a restart of the gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inventory {
    /// The opaque revision for the next request.
    pub revision: String,
    /// The gateway's time.
    #[serde(with = "ts_milliseconds")]
    pub now: DateTime<Utc>,
    /// The build of the console that the gateway serves, so that a page of another build can reload.
    pub build: String,
    /// Whether this is the complete inventory, which replaces everything known before.
    pub whole: bool,
    /// Every connection in the order of the configuration, if any of them changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<Vec<ConnectionState>>,
    /// New and changed resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// The times of failover groups of which only these changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<GroupTimes>,
    /// Keys of resources that no longer exist.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<ResourceKey>,
    /// A counter of events: when it changes, `/api/activity` has new entries. It restarts with the gateway.
    pub activity: u64,
    /// Whether the last message to any alert target failed. Not sent to walls.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub alerts_fail: bool,
    /// Every open alarm, worst first, if any of them changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<Vec<Alarm>>,
    /// The active and planned maintenance, earliest first, if an alarm or maintenance changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Vec<Maintenance>>,
}

from_json! { struct Inventory {
    revision, now, build or default, whole or default, connections, resources or default, times or default,
    removed or default, activity or default, alerts_fail or default, alarms, maintenance,
} }

deserialize_from_json!(Inventory);
