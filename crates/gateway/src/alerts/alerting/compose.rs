//! Composes the messages that are due.

use crate::alerts::message::{MAX_LISTED, Message, link};
use crate::alerts::rules::Due;
use crate::crypto::random_hex;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use vendors::SystemKind;

/// A unique id for a message, even if no random numbers are available.
pub(super) fn message_id(due: &Due<'_>, at: DateTime<Utc>) -> String {
    let fallback = || format!("{}-{}-{}", due.rule.id, due.first.id, at.timestamp_millis());
    random_hex().unwrap_or_else(|_| fallback())
}

/// Composes a message that is due.
pub(super) fn message(
    id: String,
    due: &Due<'_>,
    systems: &HashMap<String, (SystemKind, String)>,
    console: Option<&str>,
    at: DateTime<Utc>,
) -> Message {
    let (first, others) = (due.first.clone(), &due.others);
    let connection = systems.get(&first.resource.connection);
    Message {
        id,
        at,
        occasion: due.occasion,
        connection: connection.map_or_else(
            || first.resource.connection.clone(),
            |(_, title)| title.clone(),
        ),
        link: console.map(|console| {
            if others.is_empty() {
                link::to_page(console, &first.resource)
            } else {
                link::to_overview(console)
            }
        }),
        alarm: first,
        until: due.until,
        others: others.iter().take(MAX_LISTED).cloned().collect(),
        omitted: others.len().saturating_sub(MAX_LISTED),
        omitted_connections: others
            .iter()
            .skip(MAX_LISTED)
            .map(|alarm| alarm.resource.connection.clone())
            .collect(),
    }
}
