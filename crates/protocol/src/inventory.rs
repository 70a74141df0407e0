//! Everything that the gateway watches, or what of it changed.

use crate::ConnectionState;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use health::alarms::{Alarm, Maintenance};
use health::inventory::{GroupTimes, Resource, ResourceKey};
use serde::Serialize;
use vendors::{deserialize_from_json, from_json};

/// `GET /api/inventory?after=REVISION`: what changed after a revision; everything where the revision is
/// not known, as after a restart of the gateway.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inventory {
    /// What to ask with the next time. Opaque.
    pub revision: String,
    /// The gateway's time.
    #[serde(with = "ts_milliseconds")]
    pub now: DateTime<Utc>,
    /// Which console the gateway serves: a page that was loaded from another build can load itself anew.
    pub build: String,
    /// Whether this is everything, and what was known before is to be forgotten.
    pub whole: bool,
    /// Every connection in the order of the configuration, where one of them changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<Vec<ConnectionState>>,
    /// The resources that are new or changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// The failover groups of which nothing but the times changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<GroupTimes>,
    /// The resources that are no longer there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<ResourceKey>,
    /// Counts what happened: another number than before says that `/api/activity` has something new. Of one life of
    /// the gateway.
    pub activity: u64,
    /// Whether the last message about an alarm to some target did not arrive. Nothing that walls are told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub alerts_fail: bool,
    /// Every open alarm, worst first, where one of them changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<Vec<Alarm>>,
    /// The maintenance that is under way or planned, the earliest first, where an alarm or maintenance changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Vec<Maintenance>>,
}

from_json! { struct Inventory {
    revision, now, build or default, whole or default, connections, resources or default, times or default,
    removed or default, activity or default, alerts_fail or default, alarms, maintenance,
} }

deserialize_from_json!(Inventory);
