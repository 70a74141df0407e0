//! What the AVEVA service answers with. Every field may be missing or null: then it is `None`.

use super::{Role, TimeSpan};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// `GroupConfiguration`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupConfiguration {
    /// Unique within the service.
    pub id: Option<String>,
    /// Usually absent on groups that adapters made.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// How long without a heartbeat until a session counts as inactive.
    pub failover_timeout: Option<TimeSpan>,
    /// Whatever an administrator attached.
    pub additional_data: Option<Map<String, Value>>,
}

/// `IGroupStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupStatus {
    /// The primary's session id.
    pub primary: Option<String>,
    /// The session id that was chosen and has not confirmed yet.
    pub pending_primary: Option<String>,
    /// When the primary last processed data; `None` for never.
    pub last_data_processed_time: Option<DateTime<Utc>>,
}

/// `ClientSession`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClientSession {
    /// Unique within the group, any characters.
    pub id: Option<String>,
    /// For people.
    pub name: Option<String>,
    /// The role that the service gave it.
    pub role: Option<Role>,
    /// Its last heartbeat.
    pub heartbeat: Option<Heartbeat>,
    /// `v1`: whether it ever posted one.
    pub heartbeat_posted: Option<bool>,
    /// `v1`: whether an administrator forced its role.
    pub role_override: Option<RoleOverride>,
    /// `v1`: when the override ends by itself.
    pub role_override_expiration_time: Option<DateTime<Utc>>,
    /// `v1`: whatever an administrator attached.
    pub additional_data: Option<Map<String, Value>>,
}

/// `RoleOverride`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RoleOverride {
    /// 0: the election decides.
    Off,
    /// 1: Primary, whatever its heartbeat says.
    Primary,
    /// A value that the contract does not know, as it came.
    Other(String),
}

/// `IFailoverHeartbeat`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heartbeat {
    /// `FailoverScore`, or `FailoverStatus` before `v1`: 0 to 100, the share of streams that are
    /// healthy. A healthy cold standby reports 0 to 1.
    pub score: Option<f64>,
    /// When the session last processed data; `None` for never.
    pub last_data_processed_time: Option<DateTime<Utc>>,
    /// When the heartbeat was posted, perhaps by the adapter's clock; `None` for never.
    pub heartbeat_time: Option<DateTime<Utc>>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed<T> {
    /// What the page holds.
    pub items: Vec<T>,
    /// How many there are in all (`Total-Count`), when the service says so.
    pub total: Option<u64>,
}

/// What a create or a put left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// 201: it was not there before. 200: an identical one was there (create), or it was updated (put).
    pub created: bool,
    /// What the service holds now.
    pub value: T,
}

/// `FailoverResponse`: the answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailoverResponse {
    /// The role that the session has from now on.
    pub role: Option<Role>,
    /// When the group last processed data; `None` for never.
    pub last_data_processed_time: Option<DateTime<Utc>>,
}

/// The answer to a role override.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overridden {
    /// What is in force.
    pub value: Option<RoleOverride>,
    /// When it ends by itself.
    pub expiration_time: Option<DateTime<Utc>>,
}
