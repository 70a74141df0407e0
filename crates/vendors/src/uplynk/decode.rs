//! Decodes JSON to types, and error bodies of unknown shape.

use super::{
    Blacklist, Channel, Collection, FailoverGroup, Mode, NO_SLICER, OnAir, Slicer, SlicerState,
};
use crate::call::{Answer, VendorError};
use crate::error_body;
use crate::json::{Object, integer, parse};
use chrono::{DateTime, Utc};
use serde_json::Value;

fn millis(object: Object<'_>, name: &str) -> Result<Option<i64>, String> {
    object.integer(name)
}

fn moment(millis: i64, name: &str) -> Result<DateTime<Utc>, String> {
    DateTime::from_timestamp_millis(millis)
        .ok_or_else(|| format!("{name}: {millis} ms is not a valid time"))
}

pub(super) fn group(value: &Value) -> Result<FailoverGroup, String> {
    let object = Object::of(value, "group")?;
    let failover_time = match millis(object, "failover_time")? {
        None | Some(0) => None,
        Some(at) => Some(moment(at, "failover_time")?),
    };
    let active = object.text("active_slicer_id")?.filter(|id| !id.is_empty());
    Ok(FailoverGroup {
        id: object.text("id")?.ok_or("group without an id")?,
        owner: object.text("owner")?,
        name: object.text("name")?,
        hot_warm: object.integer("hot_warm")?,
        mode: object.text("mode")?.map(|word| match word.as_str() {
            "prioritized" => Mode::Prioritized,
            "flat" => Mode::Flat,
            _ => Mode::Other(word),
        }),
        auto_failback: object.flag("auto_failback")?,
        failover_time,
        active: active.map(|id| {
            if id == NO_SLICER {
                OnAir::Slate
            } else {
                OnAir::Slicer(id)
            }
        }),
        channels: object.list("channels", channel)?,
        slicers: object.list("slicers", slicer)?,
    })
}

fn channel(value: &Value) -> Result<Channel, String> {
    let object = Object::of(value, "channel")?;
    Ok(Channel {
        id: object.text("id")?.unwrap_or_default(),
        desc: object.text("desc")?,
    })
}

fn slicer(value: &Value) -> Result<Slicer, String> {
    let object = Object::of(value, "slicer")?;
    let status = object
        .get(&["status"])
        .map(|status| Object::of(status, "status"))
        .transpose()?;
    let blacklist = match millis(object, "blacklist_until")? {
        None => None,
        Some(0) => Some(Blacklist::Healthy),
        Some(until) => Some(Blacklist::Until(moment(until, "blacklist_until")?)),
    };
    let state = status
        .map(|status| status.integer("state"))
        .transpose()?
        .flatten();
    Ok(Slicer {
        id: object.text("id")?.ok_or("slicer without an id")?,
        blacklist,
        order: object.integer("order")?,
        state: state.map(SlicerState::from),
        thumb_url: status
            .map(|status| status.text("thumb_url"))
            .transpose()?
            .flatten(),
        hostname: object.text("hostname")?,
        enabled: object.flag("enabled")?,
    })
}

fn collection<T>(
    answer: &Answer,
    item: fn(&Value) -> Result<T, String>,
) -> Result<Collection<T>, String> {
    let value = parse(&answer.body)?;
    let object = Object::of(&value, "collection")?;
    let total = object
        .get(&["total_items"])
        .and_then(integer)
        .and_then(|total| u64::try_from(total).ok());
    let items = object
        .list("items", item)?
        .ok_or("items: expected a list, found nothing")?;
    Ok(Collection { items, total })
}

pub(super) fn groups(answer: &Answer) -> Result<Collection<FailoverGroup>, String> {
    collection(answer, group)
}

pub(super) fn owners(answer: &Answer) -> Result<Collection<String>, String> {
    let owner = |value: &Value| match value {
        Value::String(id) => Ok(id.clone()),
        other => {
            let object = Object::of(other, "owner")?;
            object
                .text("id")?
                .or(object.text("owner")?)
                .ok_or_else(|| "owner without an id".to_owned())
        }
    };
    collection(answer, owner)
}

/// Error bodies have no documented shape: the first non-empty field of these is the message.
pub(super) fn vendor_error(answer: &Answer) -> VendorError {
    error_body::read(
        answer,
        &[
            "description",
            "detail",
            "message",
            "msg",
            "title",
            "error",
            "code",
        ],
    )
}
