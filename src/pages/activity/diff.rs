//! The difference between the states before and after a change, line by line. Pure.

use serde_json::Value;

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

/// The lines of two texts, with the sides that have them. JSON has one line per value, any other text is one line.
#[must_use]
pub fn diff(before: Option<&str>, after: Option<&str>) -> Vec<(Side, String)> {
    let (before, after) = (lines(before), lines(after));
    let removed = before.iter().filter(|line| !after.contains(line));
    let removed = removed.map(|line| (Side::Before, line.clone()));
    let current = after.iter().map(|line| {
        let side = if before.contains(line) {
            Side::Both
        } else {
            Side::After
        };
        (side, line.clone())
    });
    removed.chain(current).collect()
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

/// One line for each value: `mode: prioritized`. A list item that has only plain values is one line with its position:
/// `slicers 2: enabled true, order 1, slicer_id news01`.
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
            for (index, item) in items.iter().enumerate() {
                flatten(item, &below(&(index + 1).to_string()), lines);
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
                (Before, text("slicers 1: order 1, slicer_id a")),
                (After, text("slicers 1: order 1, slicer_id c")),
                (Both, text("slicers 2: order 2, slicer_id b")),
            ]
        );
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
