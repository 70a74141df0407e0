//! Selects the fields of a change's body for the audit: those of the contracts, shortened. Anything else, such as
//! AdditionalData, which adapters fill freely, may be secret and is left out.

use serde_json::{Map, Value};
use vendors::uplynk::FailoverGroup;

/// The properties of the contracts' requests, compared case-insensitively.
const KNOWN: [&str; 32] = [
    // AVEVA: groups, sessions, heartbeats, role overrides.
    "Id",
    "Name",
    "Description",
    "FailoverTimeout",
    "Role",
    "RoleOverride",
    "RoleOverrideExpirationTime",
    "Heartbeat",
    "HeartbeatTime",
    "LastDataProcessedTime",
    "FailoverStatus",
    "FailoverScore",
    "HeartbeatPosted",
    "Value",
    "ExpirationPeriod",
    "Primary",
    "PendingPrimary",
    // Uplynk: settings, slicers, channels, owners.
    "mode",
    "auto_failback",
    "hot_warm",
    "slicers",
    "slicer_id",
    "enabled",
    "order",
    "no_slicer",
    "channels_ids_to_add",
    "channels_ids_to_remove",
    "owners_to_add",
    "owners_to_remove",
    "channels",
    "owner",
    "desc",
];

/// The maximum length of one text, in characters.
const MAX_TEXT_LENGTH: usize = 120;
/// The maximum number of items in one list.
const MAX_ITEMS: usize = 200;
/// The maximum length of the result, in characters.
const MAX_LENGTH: usize = 8000;

/// The known fields of a request's body as JSON. `None` if it has none.
pub(super) fn known_fields(body: &[u8]) -> Option<String> {
    known_json(serde_json::from_slice(body).ok()?)
}

/// The current order of a group's slicers, in the format of a request.
pub(super) fn slicer_order(group: &FailoverGroup) -> Option<String> {
    let mut slicers: Vec<_> = group.slicers.iter().flatten().collect();
    slicers.sort_by_key(|slicer| slicer.order);
    let slicers: Vec<Value> = slicers
        .into_iter()
        .map(|slicer| {
            serde_json::json!({
                "slicer_id": slicer.id, "enabled": slicer.enabled, "order": slicer.order,
            })
        })
        .collect();
    known_json(serde_json::json!({ "slicers": slicers }))
}

fn known_json(value: Value) -> Option<String> {
    Some(shortened(known(value)?.to_string(), MAX_LENGTH))
}

fn shortened(text: String, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Removes unknown properties from a value.
fn known(value: Value) -> Option<Value> {
    match value {
        Value::Object(properties) => {
            let kept: Map<String, Value> = properties
                .into_iter()
                .filter(|(key, _)| KNOWN.iter().any(|name| name.eq_ignore_ascii_case(key)))
                .filter_map(|(key, value)| Some((key, known(value)?)))
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept = items.into_iter().filter_map(known);
            Some(kept.take(MAX_ITEMS).collect())
        }
        Value::String(text) => Some(Value::String(shortened(text, MAX_TEXT_LENGTH))),
        Value::Null => None,
        plain @ (Value::Bool(_) | Value::Number(_)) => Some(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_fields_are_audited() {
        for (body, expected) in [
            ("", None),
            ("not json", None),
            ("{}", None),
            (r#"{"password":"x"}"#, None),
            (
                r#"{"Id":"a","FailoverTimeout":"00:01:00","AdditionalData":{"Id":"secret"},"token":"secret"}"#,
                Some(r#"{"FailoverTimeout":"00:01:00","Id":"a"}"#),
            ),
            (
                r#"{"slicers":[{"slicer_id":"s","enabled":true,"order":2,"key":"secret"}]}"#,
                Some(r#"{"slicers":[{"enabled":true,"order":2,"slicer_id":"s"}]}"#),
            ),
            (
                r#"{"channels_ids_to_add":["c1"],"channels_ids_to_remove":[]}"#,
                Some(r#"{"channels_ids_to_add":["c1"],"channels_ids_to_remove":[]}"#),
            ),
            (
                r#"{"no_slicer":false,"x":null}"#,
                Some(r#"{"no_slicer":false}"#),
            ),
            (
                r#"{"value":1,"ExpirationPeriod":null}"#,
                Some(r#"{"value":1}"#),
            ),
        ] {
            let found = known_fields(body.as_bytes());
            assert_eq!(found.as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn long_texts_and_lists_are_shortened() {
        let long = serde_json::json!({ "Name": "ä".repeat(5000) }).to_string();
        let short = known_fields(long.as_bytes()).unwrap();
        let around = r#"{"Name":"…"}"#.chars().count();
        assert_eq!(short.chars().count(), around + MAX_TEXT_LENGTH);
        let many = serde_json::json!({ "owners_to_add": vec!["o".repeat(99); 1000] }).to_string();
        let short = known_fields(many.as_bytes()).unwrap();
        assert!(short.chars().count() <= MAX_LENGTH + 1);
    }
}
