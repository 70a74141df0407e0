//! Rejects bodies that a vendor could interpret differently than the gateway although they are unambiguous JSON.

use crate::problem::{Kind, Problem};
use serde_json::Value;
use std::collections::HashMap;
use vendors::System;

/// The maximum length of a quoted name, in characters.
const MAX_QUOTED: usize = 60;

/// The field whose object may have any names, because they are data that the vendor stores unchanged.
const FREE_FIELD: &str = "AdditionalData";

/// Rejects a body for AVEVA in which names of one object differ only in case. Its services treat them as the same name,
/// and it is undocumented which value they use.
///
/// # Errors
/// A bad request, which quotes both names.
pub(super) fn check(system: &System, body: &[u8]) -> Result<(), Problem> {
    if !matches!(system, System::Aveva(_)) {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some((one, other)) = clashing_names(&body) else {
        return Ok(());
    };
    let short = |name: &str| -> String { name.chars().take(MAX_QUOTED).collect() };
    let detail = format!(
        "the names {:?} and {:?} of the body differ only in case, and are the same name for {}",
        short(one),
        short(other),
        system.vendor()
    );
    Err(Problem::new(Kind::BadRequest, detail))
}

/// Two names of one object, at any depth, that differ only in case.
fn clashing_names(value: &Value) -> Option<(&str, &str)> {
    let fields = match value {
        Value::Object(fields) => fields,
        Value::Array(items) => return items.iter().find_map(clashing_names),
        _ => return None,
    };
    let mut seen = HashMap::new();
    fields.iter().find_map(|(name, within)| {
        if let Some(other) = seen.insert(name.to_uppercase(), name) {
            return Some((other.as_str(), name.as_str()));
        }
        let is_free = name.eq_ignore_ascii_case(FREE_FIELD);
        if is_free {
            None
        } else {
            clashing_names(within)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_case_are_rejected_for_aveva() {
        let aveva: System = serde_json::from_str(r#"{"system":"aveva"}"#).unwrap();
        for (body, names) in [
            (r#"{"Id":"a","id":"b"}"#, Some(r#""Id" and "id""#)),
            (
                r#"{"Name":"a","Id":"b","NAME":"c"}"#,
                Some(r#""NAME" and "Name""#),
            ),
            (r#"{"Id":"a","\u0069d":"b"}"#, Some(r#""Id" and "id""#)),
            (r#"{"Id":"a","Name":"id"}"#, None),
            (r#"{"Id":"a","AdditionalData":{"k":1,"K":2}}"#, None),
            (r#"[{"Id":"a","id":"b"}]"#, Some(r#""Id" and "id""#)),
            (
                r#"{"Heartbeat":{"FailoverStatus":1,"failoverstatus":2}}"#,
                Some(r#""FailoverStatus" and "failoverstatus""#),
            ),
            ("1", None),
            ("", None),
        ] {
            match (check(&aveva, body.as_bytes()), names) {
                (Ok(()), None) => {}
                (Err(problem), Some(names)) => {
                    assert_eq!(problem.kind, Kind::BadRequest);
                    assert!(problem.detail.contains(names), "{}", problem.detail);
                }
                (found, _) => panic!("{body}: {found:?}"),
            }
            assert!(check(&System::Uplynk, body.as_bytes()).is_ok(), "{body}");
        }
        let long = "k".repeat(10_000);
        let body = format!(r#"{{"{long}":1,"{}":2}}"#, long.to_uppercase());
        let problem = check(&aveva, body.as_bytes()).unwrap_err();
        assert!(problem.detail.len() < 300);
    }
}
