//! The difference between the states before and after a change, line by line. Pure.

use chrono::{DateTime, Utc};
use serde_json::Value;
use vendors::json;

/// The sides that have a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Only the state before the change.
    Before,
    /// Only the state after the change.
    After,
    /// Both states.
    Both,
}

/// Formats a moment.
type Moment<'a> = &'a dyn Fn(DateTime<Utc>) -> String;

/// The lines of two texts, with the sides that have them. JSON has one line per value, any other text is one line.
#[must_use]
pub fn diff(before: Option<&str>, after: Option<&str>, moment: Moment) -> Vec<(Side, String)> {
    // Compared exactly: moments that differ may look alike.
    let exact = |at: DateTime<Utc>| at.timestamp_micros().to_string();
    let both = |text| (lines(text, &exact), lines(text, moment));
    let ((before, shown_before), (after, shown_after)) = (both(before), both(after));
    let removed = before.iter().zip(shown_before);
    let removed = removed.filter(|(line, _)| !after.contains(line));
    let removed = removed.map(|(_, shown)| (Side::Before, shown));
    let current = after.iter().zip(shown_after).map(|(line, shown)| {
        let side = if before.contains(line) {
            Side::Both
        } else {
            Side::After
        };
        (side, shown)
    });
    removed.chain(current).collect()
}

fn lines(text: Option<&str>, moment: Moment) -> Vec<String> {
    let Some(text) = text else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    match crate::json::owned(text.as_bytes()) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => {
            flatten(&value, "", "", moment, &mut lines);
        }
        _ => lines.push(text.to_owned()),
    }
    lines
}

/// One line for each value: `Mode: prioritized`. A list item that has only plain values is one line with its position:
/// `Slicers 2: enabled yes, order 1, slicer id news01`. `key` is the last one of the path.
fn flatten(value: &Value, path: &str, key: &str, moment: Moment, lines: &mut Vec<String>) {
    let below = |key: &str| {
        let mut words = words(key);
        if path.is_empty() {
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            words
        } else {
            format!("{path} {words}")
        }
    };
    match value {
        Value::Object(fields)
            if path.ends_with(|end: char| end.is_ascii_digit()) && is_flat(value) =>
        {
            let fields = fields
                .iter()
                .map(|(key, value)| format!("{} {}", words(key), plain(value, key, moment)));
            lines.push(format!("{path}: {}", fields.collect::<Vec<_>>().join(", ")));
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(value, &below(key), key, moment, lines);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(item, &below(&(index + 1).to_string()), key, moment, lines);
            }
        }
        _ if path.is_empty() => lines.push(plain(value, key, moment)),
        _ => lines.push(format!("{path}: {}", plain(value, key, moment))),
    }
}

fn is_flat(value: &Value) -> bool {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    value
        .as_object()
        .is_some_and(|fields| fields.values().all(is_plain))
}

/// The key as words: `auto failback` for `auto_failback`, `failover timeout` for `FailoverTimeout`.
fn words(key: &str) -> String {
    let mut words = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && words.ends_with(|last: char| last.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(if letter == '_' {
            ' '
        } else {
            letter.to_ascii_lowercase()
        });
    }
    words
}

fn plain(value: &Value, key: &str, moment: Moment) -> String {
    let at = match (value, key) {
        // The gateway writes the times of acknowledgements and maintenance in milliseconds since 1970.
        (Value::Number(millis), "at" | "from" | "until") => {
            millis.as_i64().and_then(DateTime::from_timestamp_millis)
        }
        (Value::String(text), _) => json::moment(text),
        _ => None,
    };
    match (at, value) {
        (Some(at), _) => moment(at),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        (_, Value::Null) => "none".to_owned(),
        (_, other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Side::{After, Before, Both};
    use crate::prefs::Zone;
    use crate::ui::time_zone::tests::at;
    use crate::ui::times;
    use chrono::{DateTime, Utc};

    fn diff(before: Option<&str>, after: Option<&str>) -> Vec<(super::Side, String)> {
        let now = at("2026-11-21T14:32:08Z");
        let moment = |at: DateTime<Utc>| times::moment(at, now, Zone::Utc);
        super::diff(before, after, &moment)
    }

    #[test]
    fn only_changed_lines_are_marked() {
        let order = |first: &str, second: &str| {
            format!(
                r#"{{"slicers":[{{"slicer_id":"{first}","order":1}},{{"slicer_id":"{second}","order":2}}]}}"#
            )
        };
        let (before, after) = (order("a", "b"), order("c", "b"));
        let found = diff(Some(&before), Some(&after));
        let text = |text: &str| text.to_owned();
        assert_eq!(
            found,
            [
                (Before, text("Slicers 1: order 1, slicer id a")),
                (After, text("Slicers 1: order 1, slicer id c")),
                (Both, text("Slicers 2: order 2, slicer id b")),
            ]
        );
    }

    #[test]
    fn fields_and_values_are_in_words_and_times_as_the_console_shows_them() {
        for (json, expected) in [
            (
                r#"{"at":1795271485000,"by":"ann","until":1795185247000}"#,
                &["At: 14:31:25", "By: ann", "Until: 20 Nov 14:34:07"][..],
            ),
            (
                r#"{"scope":{"resource":{"id":"kiln-2"}},"from":null}"#,
                &["From: none", "Scope resource id: kiln-2"],
            ),
            (
                r#"{"RoleOverrideExpirationTime":"2026-11-21T16:00:00Z","Value":1}"#,
                &["Role override expiration time: 16:00:00", "Value: 1"],
            ),
            (r#"{"auto_failback":false}"#, &["Auto failback: no"]),
            (r#"{"owners_to_add":["a"]}"#, &["Owners to add 1: a"]),
        ] {
            let mut found: Vec<_> = diff(None, Some(json))
                .into_iter()
                .map(|one| one.1)
                .collect();
            found.sort();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn text_that_is_not_json_is_one_line() {
        for (before, after, expected) in [
            (None, None, vec![]),
            (
                Some("a, b"),
                Some("b, a"),
                vec![(Before, "a, b"), (After, "b, a")],
            ),
            (None, Some("{\"x\""), vec![(After, "{\"x\"")]),
            (
                None,
                Some("{\"mode\":\"flat\"}"),
                vec![(After, "Mode: flat")],
            ),
            (None, Some("7"), vec![(After, "7")]),
        ] {
            let found = diff(before, after);
            let found: Vec<_> = found
                .iter()
                .map(|(side, line)| (*side, line.as_str()))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
