//! The AVEVA service's data types. Every field may be missing or null; it is then `None`.

use super::{Role, TimeSpan};
use crate::unreadable::{LeftOut, UnreadableField};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// `GroupConfiguration`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupConfiguration {
    /// The id, unique within the service.
    pub id: Option<String>,
    /// The name; usually absent for groups that adapters created.
    pub name: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The time without a heartbeat after which a session counts as inactive.
    pub failover_timeout: Option<TimeSpan>,
    /// Additional data from an administrator.
    pub additional_data: Option<Map<String, Value>>,
    /// The unreadable fields.
    pub unreadable: Vec<UnreadableField>,
}

/// `IGroupStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupStatus {
    /// The primary's session id.
    pub primary: Option<String>,
    /// The id of the session that was elected and has not confirmed yet.
    pub pending_primary: Option<String>,
    /// Time at which the primary last processed data; `None` for never, which the service may omit.
    pub last_data_processed_time: Option<DateTime<Utc>>,
    /// The unreadable fields.
    pub unreadable: Vec<UnreadableField>,
}

/// `ClientSession`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClientSession {
    /// The id, unique within the group; it may contain any characters.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The role that the service assigned.
    pub role: Option<Role>,
    /// Its last heartbeat.
    pub heartbeat: Option<Heartbeat>,
    /// Whether it has ever posted a heartbeat: as `v1` reports, else `false` if its time is "never"; `None` if unknown.
    pub heartbeat_posted: Option<bool>,
    /// `v1`: the role override by an administrator.
    pub role_override: Option<RoleOverride>,
    /// `v1`: the expiration of the override.
    pub role_override_expiration_time: Option<DateTime<Utc>>,
    /// `v1`: additional data from an administrator.
    pub additional_data: Option<Map<String, Value>>,
    /// The unreadable fields.
    pub unreadable: Vec<UnreadableField>,
}

/// `RoleOverride`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RoleOverride {
    /// 0: the election decides.
    Off,
    /// 1: Primary, whatever the heartbeats.
    Primary,
    /// A value that is not in the contract, unmodified.
    Other(String),
}

/// `IFailoverHeartbeat`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heartbeat {
    /// `FailoverScore`, or `FailoverStatus` before `v1`: the share of healthy streams, 0 to 100. Cold standbys report 0
    /// to 1.
    pub score: Option<f64>,
    /// Time at which the session last processed data; `None` for never.
    pub last_data_processed_time: Option<DateTime<Utc>>,
    /// Time of the heartbeat, possibly by the adapter's clock; `None` for never and if it is not reported.
    pub heartbeat_time: Option<DateTime<Utc>>,
}

/// A list, or a page of one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// The total number of items (`Total-Count`), if the service reports it.
    pub total: Option<u64>,
    /// The number of unreadable and repeated items.
    pub left_out: LeftOut,
}

/// The result of a create or a put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// Whether it was created (201). Otherwise (200) an identical one existed, or it was updated by a put.
    pub created: bool,
    /// The current value in the service.
    pub value: T,
}

/// `FailoverResponse`: the response to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailoverResponse {
    /// The new role of the session.
    pub role: Option<Role>,
    /// Time at which the group last processed data; `None` for never.
    pub last_data_processed_time: Option<DateTime<Utc>>,
}

/// The response to a role override.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overridden {
    /// The active override.
    pub value: Option<RoleOverride>,
    /// The expiration time.
    pub expiration_time: Option<DateTime<Utc>>,
}
