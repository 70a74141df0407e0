//! What a change changed, line by line. Pure.

use serde_json::Value;

/// How a line stands to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It was there before and is no longer.
    Before,
    /// It is there now and was not before.
    After,
    /// It is on both sides.
    Both,
}

/// The lines of two texts: of JSON one for each value, of any other text the text.
#[must_use]
pub fn diff(before: Option<&str>, after: Option<&str>) -> Vec<(Side, String)> {
    let (before, after) = (lines(before), lines(after));
    let gone = before.iter().filter(|line| !after.contains(line));
    let gone = gone.map(|line| (Side::Before, line.clone()));
    let now = after.iter().map(|line| {
        let side = if before.contains(line) {
            Side::Both
        } else {
            Side::After
        };
        (side, line.clone())
    });
    gone.chain(now).collect()
}

fn lines(text: Option<&str>) -> Vec<String> {
    let Some(text) = text else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    match crate::json::value(text.as_bytes()) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => flatten(&value, "", &mut lines),
        _ => lines.push(text.to_owned()),
    }
    lines
}

/// One line for each value: `mode: prioritized`. Items of a list that have plain values alone are one line each, with
/// their place: `slicers 2: enabled true, order 1, slicer_id news01`.
fn flatten(value: &Value, path: &str, lines: &mut Vec<String>) {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path} {key}")
        }
    };
    match value {
        Value::Object(fields)
            if path.ends_with(|end: char| end.is_ascii_digit()) && is_flat(value) =>
        {
            let fields = fields
                .iter()
                .map(|(key, value)| format!("{key} {}", plain(value)));
            lines.push(format!("{path}: {}", fields.collect::<Vec<_>>().join(", ")));
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(value, &below(key), lines);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                flatten(item, &below(&(place + 1).to_string()), lines);
            }
        }
        _ if path.is_empty() => lines.push(plain(value)),
        _ => lines.push(format!("{path}: {}", plain(value))),
    }
}

fn is_flat(value: &Value) -> bool {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    value
        .as_object()
        .is_some_and(|fields| fields.values().all(is_plain))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Side::{After, Before, Both};
    use super::diff;

    #[test]
    fn what_changed_is_marked_and_the_rest_is_not() {
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
                (Before, text("slicers 1: order 1, slicer_id a")),
                (After, text("slicers 1: order 1, slicer_id c")),
                (Both, text("slicers 2: order 2, slicer_id b")),
            ]
        );
    }

    #[test]
    fn what_is_no_json_is_a_line() {
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
                vec![(After, "mode: flat")],
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
