//! Which fields of a change's body the audit holds: those of the contracts, each shortened. Anything else,
//! such as AdditionalData that adapters fill freely, may be a secret and is left out.

use serde_json::{Map, Value};
use vendors::uplynk::FailoverGroup;

/// The properties of the contracts' requests, compared without regard to case.
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

/// The most characters of one text, items of one list, and characters of the whole.
const TEXT: usize = 120;
const ITEMS: usize = 200;
const WHOLE: usize = 8000;

/// The known fields of a request's body as JSON, or `-` when there are none.
pub(super) fn sent(body: Option<&[u8]>) -> String {
    let read = body.and_then(|body| serde_json::from_slice::<Value>(body).ok());
    match read.and_then(known) {
        Some(value) => short(&value),
        None => "-".to_owned(),
    }
}

/// The present order of a group's slicers, in the form in which an order is sent.
pub(super) fn order(group: &FailoverGroup) -> String {
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
    sent(Some(
        serde_json::json!({ "slicers": slicers })
            .to_string()
            .as_bytes(),
    ))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(WHOLE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A value with its known properties only.
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
        Value::Array(items) => Some(items.into_iter().filter_map(known).take(ITEMS).collect()),
        Value::String(text) => Some(Value::String(match text.char_indices().nth(TEXT) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        })),
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
            ("", "-"),
            ("not json", "-"),
            ("{}", "-"),
            (r#"{"password":"x"}"#, "-"),
            (
                r#"{"Id":"a","FailoverTimeout":"00:01:00","AdditionalData":{"Id":"secret"},"token":"secret"}"#,
                r#"{"FailoverTimeout":"00:01:00","Id":"a"}"#,
            ),
            (
                r#"{"slicers":[{"slicer_id":"s","enabled":true,"order":2,"key":"secret"}]}"#,
                r#"{"slicers":[{"enabled":true,"order":2,"slicer_id":"s"}]}"#,
            ),
            (
                r#"{"channels_ids_to_add":["c1"],"channels_ids_to_remove":[]}"#,
                r#"{"channels_ids_to_add":["c1"],"channels_ids_to_remove":[]}"#,
            ),
            (r#"{"no_slicer":false,"x":null}"#, r#"{"no_slicer":false}"#),
            (r#"{"value":1,"ExpirationPeriod":null}"#, r#"{"value":1}"#),
        ] {
            assert_eq!(sent(Some(body.as_bytes())), expected, "{body}");
        }
        assert_eq!(sent(None), "-");
    }

    #[test]
    fn long_texts_and_lists_are_shortened() {
        let long = serde_json::json!({ "Name": "ä".repeat(5000) }).to_string();
        assert_eq!(
            sent(Some(long.as_bytes())).chars().count(),
            r#"{"Name":"…"}"#.chars().count() + TEXT
        );
        let many = serde_json::json!({ "owners_to_add": vec!["o".repeat(99); 1000] }).to_string();
        assert!(sent(Some(many.as_bytes())).chars().count() <= WHOLE + 1);
    }
}
