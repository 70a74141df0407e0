//! Decodes JSON to types. Every field may be missing or null; names are case-insensitive.

use super::{
    ClientSession, FailoverResponse, GroupConfiguration, GroupStatus, Heartbeat, Overridden, Role,
    RoleOverride, TimeSpan,
};
use crate::json::{Object, items};
use serde_json::Value;

fn time_span(object: Object<'_>, name: &str) -> Result<Option<TimeSpan>, String> {
    let text = object.text(name)?;
    text.map(|text| text.parse().map_err(|error| format!("{name}: {error}")))
        .transpose()
}

pub(super) fn group(value: &Value) -> Result<GroupConfiguration, String> {
    let object = Object::of(value, "group")?;
    Ok(GroupConfiguration {
        id: object.text("Id")?,
        name: object.text("Name")?,
        description: object.text("Description")?,
        failover_timeout: time_span(object, "FailoverTimeout")?,
        additional_data: object.map("AdditionalData")?,
    })
}

pub(super) fn groups(value: &Value) -> Result<Vec<GroupConfiguration>, String> {
    items(value, "groups", group)
}

pub(super) fn status(value: &Value) -> Result<GroupStatus, String> {
    let object = Object::of(value, "status")?;
    // An empty id counts as missing.
    let id = |name| object.text(name).map(|id| id.filter(|id| !id.is_empty()));
    Ok(GroupStatus {
        primary: id("Primary")?,
        pending_primary: id("PendingPrimary")?,
        last_data_processed_time: object.time("LastDataProcessedTime")?,
    })
}

fn heartbeat(value: &Value) -> Result<Heartbeat, String> {
    let object = Object::of(value, "Heartbeat")?;
    // `v1` renamed FailoverStatus to FailoverScore; either name is accepted.
    let score = match object.number("FailoverScore")? {
        None => object.number("FailoverStatus")?,
        score => score,
    };
    Ok(Heartbeat {
        score,
        last_data_processed_time: object.time("LastDataProcessedTime")?,
        heartbeat_time: object.time("HeartbeatTime")?,
    })
}

pub(super) fn session(value: &Value) -> Result<ClientSession, String> {
    let object = Object::of(value, "session")?;
    Ok(ClientSession {
        id: object.text("Id")?,
        name: object.text("Name")?,
        role: object.get(&["Role"]).map(Role::read),
        heartbeat: object.get(&["Heartbeat"]).map(heartbeat).transpose()?,
        heartbeat_posted: object.flag("HeartbeatPosted")?,
        role_override: object.get(&["RoleOverride"]).map(RoleOverride::read),
        role_override_expiration_time: object.time("RoleOverrideExpirationTime")?,
        additional_data: object.map("AdditionalData")?,
    })
}

pub(super) fn sessions(value: &Value) -> Result<Vec<ClientSession>, String> {
    items(value, "sessions", session)
}

pub(super) fn response(value: &Value) -> Result<FailoverResponse, String> {
    let object = Object::of(value, "heartbeat response")?;
    Ok(FailoverResponse {
        role: object.get(&["Role"]).map(Role::read),
        last_data_processed_time: object.time("LastDataProcessedTime")?,
    })
}

pub(super) fn overridden(value: &Value) -> Result<Overridden, String> {
    let object = Object::of(value, "role override")?;
    Ok(Overridden {
        value: object.get(&["Value"]).map(RoleOverride::read),
        expiration_time: object.time("RoleOverrideExpirationTime")?,
    })
}
