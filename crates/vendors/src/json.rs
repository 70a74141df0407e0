//! Reads JSON as these vendors write it: case-insensitive property names, null the same as absent, and a
//! leading byte-order mark. Every error names the field and shows the value.

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use serde_json::{Map, Value};

/// The byte-order mark that some servers write before JSON and XML.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A body without its byte-order mark.
pub(crate) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(BOM).unwrap_or(body)
}

/// Parses a body as JSON.
pub(crate) fn parse(body: &[u8]) -> Result<Value, String> {
    let body = without_bom(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty where JSON was expected".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))
}

/// A short description of a value, for an error.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("`{}`", text.chars().take(60).collect::<String>()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A JSON object with case-insensitive property names.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    /// The value as an object.
    pub(crate) fn of(value: &'a Value, what: &str) -> Result<Self, String> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            other => Err(format!("{what}: expected an object, found {}", kind(other))),
        }
    }

    /// A property by any of its names: first the exact name, then case-insensitive. Null is absent.
    pub(crate) fn get(self, names: &[&str]) -> Option<&'a Value> {
        let exact = names.iter().find_map(|name| self.0.get(*name));
        let any_case = || {
            let known = |key: &str| names.iter().any(|name| name.eq_ignore_ascii_case(key));
            self.0
                .iter()
                .find(|(key, value)| known(key) && !value.is_null())
                .map(|(_, value)| value)
        };
        exact.filter(|value| !value.is_null()).or_else(any_case)
    }

    fn read<T>(
        self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(value) = self.get(&[name]) else {
            return Ok(None);
        };
        read(value)
            .map(Some)
            .ok_or_else(|| format!("{name}: expected {expected}, found {}", kind(value)))
    }

    /// A text; a number is converted to text.
    pub(crate) fn text(self, name: &str) -> Result<Option<String>, String> {
        self.read(name, "a text", |value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// `true` or `false`, also as a text or as 1 and 0.
    pub(crate) fn flag(self, name: &str) -> Result<Option<bool>, String> {
        self.read(name, "true or false", |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Value::Number(number) => match number.as_i64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            _ => None,
        })
    }

    /// A whole number, also as a text.
    pub(crate) fn integer(self, name: &str) -> Result<Option<i64>, String> {
        self.read(name, "a whole number", integer)
    }

    /// A number, also as a text.
    pub(crate) fn number(self, name: &str) -> Result<Option<f64>, String> {
        self.read(name, "a number", |value| match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite()),
            _ => None,
        })
    }

    /// A date-time; the vendors' values for "never" are `None`.
    pub(crate) fn time(self, name: &str) -> Result<Option<DateTime<Utc>>, String> {
        let time = self.read(name, "a date-time", |value| match value {
            Value::String(text) => time(text),
            _ => None,
        })?;
        Ok(time.flatten())
    }

    /// An unmodified object.
    pub(crate) fn map(self, name: &str) -> Result<Option<Map<String, Value>>, String> {
        self.read(name, "an object", |value| value.as_object().cloned())
    }

    /// A list; `read` reads each item. An error names the item.
    pub(crate) fn list<T>(
        self,
        name: &str,
        read: impl Fn(&'a Value) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, String> {
        self.get(&[name])
            .map(|value| items(value, name, read))
            .transpose()
    }
}

/// A JSON list; `read` reads each item. An error names the item.
pub(crate) fn items<'a, T>(
    value: &'a Value,
    what: &str,
    read: impl Fn(&'a Value) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let Value::Array(items) = value else {
        return Err(format!("{what}: expected a list, found {}", kind(value)));
    };
    let numbered = items.iter().enumerate();
    numbered
        .map(|(at, item)| {
            read(item).map_err(|problem| format!("{what}, item {}: {problem}", at + 1))
        })
        .collect()
}

/// A whole number as a number or as a text.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only whole numbers well inside of an i64 get here"
        )]
        Value::Number(number) => {
            let whole = |number: &f64| number.fract() == 0.0 && number.abs() < 9e15;
            number
                .as_i64()
                .or_else(|| number.as_f64().filter(whole).map(|number| number as i64))
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A date-time with an offset, with `Z`, or without a zone (UTC), and with any number of fraction
/// digits. The inner `None` is "never": the vendors' sentinel times in 0001 and 1753.
#[expect(clippy::option_option, reason = "unreadable and never are two answers")]
pub(crate) fn time(text: &str) -> Option<Option<DateTime<Utc>>> {
    let text = text.trim();
    let (written, time) = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => (time.naive_local(), time.to_utc()),
        Err(_) => {
            let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
            (time, time.and_utc())
        }
    };
    // The written date: with an offset, the sentinel may be in the previous year in UTC.
    let oldest = matches!((written.year(), written.ordinal()), (1 | 1753, 1));
    Some(if oldest { None } else { Some(time) })
}

#[cfg(test)]
mod tests {
    use super::{Object, parse, time};
    use serde_json::json;

    #[test]
    fn times_come_in_many_shapes() {
        for (text, utc) in [
            ("2019-08-24T14:15:22Z", "2019-08-24T14:15:22Z"),
            ("2019-08-24T14:15:22", "2019-08-24T14:15:22Z"),
            (
                "2019-08-24T14:15:22.1234567Z",
                "2019-08-24T14:15:22.1234567Z",
            ),
            (
                "2019-08-24T14:15:22.1234567",
                "2019-08-24T14:15:22.1234567Z",
            ),
            ("2019-08-24T14:15:22.7", "2019-08-24T14:15:22.7Z"),
            ("2019-08-24T16:15:22+02:00", "2019-08-24T14:15:22Z"),
            ("2025-01-13T16:21:35.74Z", "2025-01-13T16:21:35.74Z"),
            (
                "2025-01-13T16:21:35.123456789123Z",
                "2025-01-13T16:21:35.123456789Z",
            ),
        ] {
            let expected = utc.parse().expect("a time");
            assert_eq!(time(text), Some(Some(expected)), "{text}");
        }
    }

    #[test]
    fn never_is_no_time_and_nonsense_is_not_never() {
        for text in [
            "0001-01-01T00:00:00",
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00+02:00",
            "0001-01-01T00:00:00-05:00",
            "1753-01-01T00:00:00Z",
            "0001-01-01T00:00:00.0000000",
        ] {
            assert_eq!(time(text), Some(None), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2019-08-24",
            "24.08.2019 14:15",
            "2019-13-24T14:15:22Z",
            "1566656122",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_found_in_any_case_and_null_is_absent() {
        let value = json!({"ID": "x", "Name": null, "name": "y", "Skip": "7", "Odd": []});
        let object = Object::of(&value, "it").expect("an object");
        assert_eq!(object.text("Id"), Ok(Some("x".to_owned())));
        assert_eq!(object.text("Missing"), Ok(None));
        assert_eq!(object.text("Name"), Ok(Some("y".to_owned())));
        assert_eq!(object.integer("skip"), Ok(Some(7)));
        assert_eq!(
            object.text("Odd"),
            Err("Odd: expected a text, found a list".to_owned())
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_json() {
        assert_eq!(parse(b"\xEF\xBB\xBF[]"), Ok(json!([])));
        assert!(parse(b"\xEF\xBB\xBF \r\n").is_err_and(|problem| problem.contains("empty")));
        assert!(parse(b"<html>").is_err_and(|problem| problem.contains("not JSON")));
    }
}
