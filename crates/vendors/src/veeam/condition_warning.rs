//! Warnings about comparisons that are syntactically valid. A warning does not prevent the query.

use super::field::{FieldKind, Op};
use super::filter::{Condition, is_guid};
use crate::json;

/// A warning in one sentence; `None` if the comparison makes sense.
pub(super) fn warning_for(condition: &Condition) -> Option<String> {
    let Condition { field, op, value } = condition;
    let name = field.name();
    if !field.ops().contains(op) {
        let known: Vec<&str> = field.ops().iter().copied().map(Op::sign).collect();
        let known = known.join(" or ");
        return Some(format!(
            "{name} has no order: use {known}, not {}.",
            op.sign()
        ));
    }
    let expected = match field.kind() {
        FieldKind::Text => return None,
        FieldKind::Uid if is_uid(value) => return None,
        FieldKind::Uid => "a GUID".to_owned(),
        FieldKind::Time if is_utc(value) => return None,
        FieldKind::Time => "a UTC date-time such as 2026-11-21T08:00:00Z".to_owned(),
        FieldKind::Choice(words) if words.iter().any(|word| word.eq_ignore_ascii_case(value)) => {
            return None;
        }
        FieldKind::Choice(words) => words.join(" or "),
    };
    Some(format!("{name} requires {expected}, not “{value}”."))
}

/// Whether the value is a GUID or a URN that ends with one.
fn is_uid(value: &str) -> bool {
    let is_urn = |before: &str| before.to_ascii_lowercase().starts_with("urn:veeam:");
    match value.rsplit_once(':') {
        Some((before, guid)) => is_urn(before) && is_guid(guid),
        None => is_guid(value),
    }
}

/// Whether the value is a date, or a date-time with `Z` or without a zone: the service accepts only UTC.
fn is_utc(value: &str) -> bool {
    let offset = value
        .get(10..)
        .is_some_and(|time| time.contains(['+', '-']));
    let is_date = json::moment(&format!("{value}T00:00:00Z")).is_some();
    is_date || (!offset && json::time(value).is_some())
}
