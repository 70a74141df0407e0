//! The AVEVA service's data types. Every field may be missing or null; it is then `None`.

use super::{Role, TimeSpan};
use crate::unreadable::{LeftOut, UnreadableField};
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
    /// Additional data from an administrator.
    pub additional_data: Option<Map<String, Value>>,
    /// What of it could not be read.
    pub unreadable: Vec<UnreadableField>,
}

/// `IGroupStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupStatus {
    /// The primary's session id.
    pub primary: Option<String>,
    /// The id of the session that was elected and has not confirmed yet.
    pub pending_primary: Option<String>,
    /// When the primary last processed data; `None` for never, which the service may leave out.
    pub last_data_processed_time: Option<DateTime<Utc>>,
    /// What of it could not be read.
    pub unreadable: Vec<UnreadableField>,
}

/// `ClientSession`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClientSession {
    /// Unique within the group, any characters.
    pub id: Option<String>,
    /// For people.
    pub name: Option<String>,
    /// The role that the service assigned.
    pub role: Option<Role>,
    /// Its last heartbeat.
    pub heartbeat: Option<Heartbeat>,
    /// Whether it ever posted one: as `v1` says, else `false` where the time of its heartbeat is "never". `None` where
    /// that is not reported.
    pub heartbeat_posted: Option<bool>,
    /// `v1`: whether an administrator forced its role.
    pub role_override: Option<RoleOverride>,
    /// `v1`: when the override expires.
    pub role_override_expiration_time: Option<DateTime<Utc>>,
    /// `v1`: additional data from an administrator.
    pub additional_data: Option<Map<String, Value>>,
    /// What of it could not be read.
    pub unreadable: Vec<UnreadableField>,
}

/// `RoleOverride`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RoleOverride {
    /// 0: the election decides.
    Off,
    /// 1: Primary, whatever its heartbeat says.
    Primary,
    /// A value that is not in the contract, unmodified.
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
    /// When the heartbeat was posted, perhaps by the adapter's clock; `None` for never
    /// ([`ClientSession::heartbeat_posted`]), and where it is not reported.
    pub heartbeat_time: Option<DateTime<Utc>>,
}

/// A page of a list, or all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// The total number of items (`Total-Count`), if the service reports it.
    pub total: Option<u64>,
    /// What else it held.
    pub left_out: LeftOut,
}

/// The result of a create or a put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// 201: it was created. 200: an identical one existed (create), or it was updated (put).
    pub created: bool,
    /// The current value in the service.
    pub value: T,
}

/// `FailoverResponse`: the response to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FailoverResponse {
    /// The new role of the session.
    pub role: Option<Role>,
    /// When the group last processed data; `None` for never.
    pub last_data_processed_time: Option<DateTime<Utc>>,
}

/// The response to a role override.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overridden {
    /// The active override.
    pub value: Option<RoleOverride>,
    /// When it expires.
    pub expiration_time: Option<DateTime<Utc>>,
}
