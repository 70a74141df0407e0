//! Decodes JSON to types. Every field may be missing, null or unreadable. Names are case-insensitive.

use super::{
    ClientSession, FailoverResponse, GroupConfiguration, GroupStatus, Heartbeat, Listed,
    Overridden, Role, RoleOverride,
};
use crate::json::Value;
use crate::json::{Object, parse_list};
use crate::unreadable::{Unread, counted};

pub(super) fn group(value: &Value<'_>) -> Result<GroupConfiguration, String> {
    let unread = Unread::default();
    let object = Object::of(value, "group", &unread)?;
    Ok(GroupConfiguration {
        id: object.text("Id"),
        name: object.text("Name"),
        description: object.text("Description"),
        failover_timeout: object.read("FailoverTimeout", |value| value.as_str()?.parse().ok()),
        additional_data: object.map("AdditionalData"),
        unreadable: unread.take(),
    })
}

/// Reads a list. Items without an id are left out, because they could not be addressed.
fn listed<T>(
    body: &[u8],
    what: &str,
    read: fn(&Value<'_>) -> Result<T, String>,
    id: fn(&T) -> Option<&str>,
) -> Result<Listed<T>, String> {
    let (items, left_out) = counted(parse_list(body, what, read)?, id);
    Ok(Listed {
        items,
        total: None,
        left_out,
    })
}

pub(super) fn groups(body: &[u8]) -> Result<Listed<GroupConfiguration>, String> {
    listed(body, "groups", group, |group| group.id.as_deref())
}

pub(super) fn sessions(body: &[u8]) -> Result<Listed<ClientSession>, String> {
    listed(body, "sessions", session, |session| session.id.as_deref())
}

pub(super) fn status(value: &Value<'_>) -> Result<GroupStatus, String> {
    let unread = Unread::default();
    let object = Object::of(value, "status", &unread)?;
    // An empty id counts as missing.
    let id = |name| object.text(name).filter(|id| !id.is_empty());
    Ok(GroupStatus {
        primary: id("Primary"),
        pending_primary: id("PendingPrimary"),
        last_data_processed_time: object.time("LastDataProcessedTime"),
        unreadable: unread.take(),
    })
}

/// Reads a heartbeat, and whether its time means that none has ever been posted.
fn heartbeat(object: Object<'_>) -> (Heartbeat, bool) {
    let time = object.time_or_never("HeartbeatTime");
    let heartbeat = Heartbeat {
        // `v1` renamed FailoverStatus to FailoverScore; either name is accepted.
        score: object
            .number("FailoverScore")
            .or_else(|| object.number("FailoverStatus")),
        last_data_processed_time: object.time("LastDataProcessedTime"),
        heartbeat_time: time.flatten(),
    };
    (heartbeat, time == Some(None))
}

pub(super) fn session(value: &Value<'_>) -> Result<ClientSession, String> {
    let unread = Unread::default();
    let object = Object::of(value, "session", &unread)?;
    let (heartbeat, is_never) = object.within("Heartbeat", heartbeat).unzip();
    let posted = object.flag("HeartbeatPosted");
    Ok(ClientSession {
        id: object.text("Id"),
        name: object.text("Name"),
        role: object.read("Role", Role::read),
        heartbeat,
        heartbeat_posted: posted.or((is_never == Some(true)).then_some(false)),
        role_override: object.read("RoleOverride", RoleOverride::read),
        role_override_expiration_time: object.time("RoleOverrideExpirationTime"),
        additional_data: object.map("AdditionalData"),
        unreadable: unread.take(),
    })
}

pub(super) fn response(value: &Value<'_>) -> Result<FailoverResponse, String> {
    let unread = Unread::default();
    let object = Object::of(value, "heartbeat response", &unread)?;
    Ok(FailoverResponse {
        role: object.read("Role", Role::read),
        last_data_processed_time: object.time("LastDataProcessedTime"),
    })
}

pub(super) fn overridden(value: &Value<'_>) -> Result<Overridden, String> {
    let unread = Unread::default();
    let object = Object::of(value, "role override", &unread)?;
    Ok(Overridden {
        value: object.read("Value", RoleOverride::read),
        expiration_time: object.time("RoleOverrideExpirationTime"),
    })
}
