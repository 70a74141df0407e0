//! Which bodies a vendor could read in another way than the gateway, although they are strict JSON.

use crate::problem::{Kind, Problem};
use serde_json::Value;
use std::collections::HashMap;
use vendors::System;

/// How much of a name a problem quotes, in characters.
const QUOTED: usize = 60;

/// The field whose object may hold any names: they are data, and the vendor keeps them as they are.
const FREE_FIELD: &str = "AdditionalData";

/// Refuses a body for AVEVA in which names of one object differ only in case: its services take them for one, and which of
/// the values counts is not published.
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
    let short = |name: &str| -> String { name.chars().take(QUOTED).collect() };
    let detail = format!(
        "the names {:?} and {:?} of the body differ only in case, and are one to {}",
        short(one),
        short(other),
        system.vendor()
    );
    Err(Problem::new(Kind::BadRequest, detail))
}

/// Two names of one object that differ only in case. What is no object has no names.
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
    fn names_that_differ_only_in_case_are_refused_where_case_has_no_meaning() {
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
