//! Decodes JSON to types, and error bodies of unknown form. Every field may be missing, null or unreadable.

use super::{
    Blacklist, Channel, Collection, FailoverGroup, Mode, NO_SLICER, OnAir, Slicer, SlicerState,
};
use crate::call::{Answer, VendorError};
use crate::error_body;
use crate::json::Value;
use crate::json::{Object, integer, items, parse};
use crate::unreadable::{Unread, counted};
use chrono::{DateTime, Utc};

/// Unix milliseconds; 0 is the inner `None`.
#[expect(clippy::option_option, reason = "absent and 0 are different results")]
fn moment(object: Object<'_>, name: &str) -> Option<Option<DateTime<Utc>>> {
    object.read(name, |value| match integer(value)? {
        0 => Some(None),
        millis => DateTime::from_timestamp_millis(millis).map(Some),
    })
}

pub(super) fn group(value: &Value<'_>) -> Result<FailoverGroup, String> {
    let unread = Unread::default();
    let object = Object::of(value, "group", &unread)?;
    let active = object.text("active_slicer_id").filter(|id| !id.is_empty());
    Ok(FailoverGroup {
        id: object.text("id").ok_or("group without an id")?,
        owner: object.text("owner"),
        name: object.text("name"),
        hot_warm: object.integer("hot_warm"),
        mode: object.text("mode").map(|word| match word.as_str() {
            "prioritized" => Mode::Prioritized,
            "flat" => Mode::Flat,
            _ => Mode::Other(word),
        }),
        auto_failback: object.flag("auto_failback"),
        failover_time: moment(object, "failover_time").flatten(),
        active: active.map(|id| {
            if id == NO_SLICER {
                OnAir::Slate
            } else {
                OnAir::Slicer(id)
            }
        }),
        channels: object.list("channels", channel, |channel| Some(&channel.id)),
        slicers: object.list("slicers", slicer, |slicer| Some(&slicer.id)),
        unreadable: unread.take(),
    })
}

fn channel(value: &Value<'_>) -> Result<Channel, String> {
    let unread = Unread::default();
    let object = Object::of(value, "channel", &unread)?;
    Ok(Channel {
        id: object.text("id").ok_or("channel without an id")?,
        desc: object.text("desc"),
        unreadable: unread.take(),
    })
}

fn slicer(value: &Value<'_>) -> Result<Slicer, String> {
    let unread = Unread::default();
    let object = Object::of(value, "slicer", &unread)?;
    let status = object.within("status", |status| {
        (status.integer("state"), status.text("thumb_url"))
    });
    let (state, thumb_url) = status.unwrap_or_default();
    Ok(Slicer {
        id: object.text("id").ok_or("slicer without an id")?,
        blacklist: moment(object, "blacklist_until")
            .map(|until| until.map_or(Blacklist::Healthy, Blacklist::Until)),
        order: object.integer("order"),
        state: state.map(SlicerState::from),
        thumb_url,
        hostname: object.text("hostname"),
        enabled: object.flag("enabled"),
        unreadable: unread.take(),
    })
}

fn collection<T>(
    answer: &Answer,
    read: fn(&Value<'_>) -> Result<T, String>,
    id: fn(&T) -> Option<&str>,
) -> Result<Collection<T>, String> {
    parse(&answer.body, |value| collected(value, read, id))
}

fn collected<T>(
    value: &Value<'_>,
    read: fn(&Value<'_>) -> Result<T, String>,
    id: fn(&T) -> Option<&str>,
) -> Result<Collection<T>, String> {
    let unread = Unread::default();
    let object = Object::of(value, "collection", &unread)?;
    let total = object
        .get("total_items")
        .and_then(integer)
        .and_then(|total| u64::try_from(total).ok());
    let listed = match object.get("items") {
        Some(listed) => items(listed, "items")?,
        // The service may omit an empty list.
        None if total == Some(0) => &[],
        None => return Err("items: expected a list, found nothing".to_owned()),
    };
    let read = listed.iter().map(|item| read(item).ok());
    let (items, left_out) = counted(read, id);
    Ok(Collection {
        items,
        total,
        left_out,
    })
}

pub(super) fn groups(answer: &Answer) -> Result<Collection<FailoverGroup>, String> {
    collection(answer, group, |group| Some(&group.id))
}

pub(super) fn owners(answer: &Answer) -> Result<Collection<String>, String> {
    let owner = |value: &Value<'_>| match value {
        Value::Str(id) => Ok(id.clone().into_owned()),
        other => {
            let unread = Unread::default();
            let object = Object::of(other, "owner", &unread)?;
            let id = object.text("id").or_else(|| object.text("owner"));
            id.ok_or_else(|| "owner without an id".to_owned())
        }
    };
    collection(answer, owner, |id| Some(id))
}

/// Error bodies have no documented form: the first non-empty field of these is the message.
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
