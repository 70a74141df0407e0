//! Which bodies a vendor could read in another way than the gateway, although they are strict JSON.

use crate::problem::{Kind, Problem};
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, HashMap};
use vendors::System;

/// How much of a name a problem quotes, in characters.
const QUOTED: usize = 60;

/// Refuses a body for AVEVA in which names differ only in case: its services take them for one, and which of the values
/// counts is not published. Names further within may be data of their own, as in `AdditionalData`.
///
/// # Errors
/// A bad request, which quotes both names.
pub(super) fn check(system: &System, body: &[u8]) -> Result<(), Problem> {
    if !matches!(system, System::Aveva(_)) {
        return Ok(());
    }
    // What is no object has no names.
    let fields: BTreeMap<String, IgnoredAny> = serde_json::from_slice(body).unwrap_or_default();
    let mut seen = HashMap::new();
    for name in fields.keys() {
        if let Some(other) = seen.insert(name.to_uppercase(), name) {
            let short = |name: &str| -> String { name.chars().take(QUOTED).collect() };
            let detail = format!(
                "the names {:?} and {:?} of the body differ only in case, and are one to {}",
                short(other),
                short(name),
                system.vendor()
            );
            return Err(Problem::new(Kind::BadRequest, detail));
        }
    }
    Ok(())
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
            (r#"[{"Id":"a","id":"b"}]"#, None),
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
