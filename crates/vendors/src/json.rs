//! Reads JSON as the vendors write it: with case-insensitive property names, null meaning absent, and a byte-order
//! mark. Every error names the field and shows the value.

use crate::repair;
use crate::unreadable::{Unread, with_ids};
use chrono::{DateTime, Datelike, Utc};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json_borrow::ObjectAsVec;
pub use serde_json_borrow::Value;
use std::fmt;

/// The byte-order mark that some servers write before JSON and XML.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The maximum number of JSON values, or of XML elements and attributes, in one body. Each takes a hundred bytes of
/// memory or more, but as few as two in the body.
pub(crate) const MAX_VALUES: usize = 2_000_000;

/// A body without its byte-order mark.
pub(crate) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(BOM).unwrap_or(body)
}

/// Parses a body as JSON and reads the value. Single characters and literals that JSON does not allow are repaired.
pub(crate) fn parse<T>(
    body: &[u8],
    read: impl Fn(&Value<'_>) -> Result<T, String>,
) -> Result<T, String> {
    parse_by(body, |text| value(text).map(|value| read(&value)))?
}

/// Parses a body as JSON like [`parse`], for a value that outlives the body.
pub(crate) fn parse_owned(body: &[u8]) -> Result<serde_json::Value, String> {
    parse(body, |value| Ok(to_owned(value)))
}

/// Parses a body as a JSON list like [`parse`] and reads each item; `None` for an item that cannot be read.
pub(crate) fn parse_list<T>(
    body: &[u8],
    what: &str,
    read: fn(&Value<'_>) -> Result<T, String>,
) -> Result<Vec<Option<T>>, String> {
    let mut list = Vec::new();
    parse_by(body, |text| {
        list.clear();
        let rest = value_without(text, None, &mut |item| list.push(read(&item).ok()))?;
        Ok(items(&rest, what).map(drop))
    })??;
    Ok(list)
}

fn parse_by<T>(
    body: &[u8],
    mut parse: impl FnMut(&[u8]) -> Result<T, String>,
) -> Result<T, String> {
    let body = checked(body)?;
    parse(body).or_else(|error| {
        parse(repair::json(body).as_bytes()).map_err(|repaired| {
            // The encoding was repaired, so it is not the fault that remains.
            let error = if utf8(body).is_ok() { error } else { repaired };
            format!("the body is not JSON: {error}")
        })
    })
}

/// A body without its byte-order mark, unless it is empty or contains too many values.
fn checked(body: &[u8]) -> Result<&[u8], String> {
    let body = without_bom(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty where JSON was expected".to_owned());
    }
    if has_too_many(body) {
        return Err(format!("the body contains more than {MAX_VALUES} values"));
    }
    Ok(body)
}

/// Whether a text may contain more than [`MAX_VALUES`] values. Counts the characters that begin one outside of
/// strings, before anything is allocated.
fn has_too_many(text: &[u8]) -> bool {
    // A value and its delimiter take at least two bytes.
    if text.len() / 2 <= MAX_VALUES {
        return false;
    }
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count > MAX_VALUES
}

/// Parses a text as JSON. The value borrows its texts from it: copying every text and name takes as long again as
/// parsing. The whole console uses this one function, because any other entry point of the parser (from a `str`, or
/// directly to another type) would compile it a second time.
///
/// # Errors
/// The syntax error.
#[inline(never)]
pub fn value(text: &[u8]) -> Result<Value<'_>, String> {
    serde_json::from_str(utf8(text)?).map_err(|error| error.to_string())
}

/// Checks the encoding of the whole text at once, because checking each string in it takes several times as long.
fn utf8(text: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(text).map_err(|error| format!("byte {} is not UTF-8", error.valid_up_to()))
}

/// Parses a text as JSON, for a value that outlives the text.
///
/// # Errors
/// As [`value`].
pub fn owned(text: &[u8]) -> Result<serde_json::Value, String> {
    value(text).map(|value| to_owned(&value))
}

/// A value that outlives its text. The library's own conversion, and its `Display`, would add 2 kB to the console's first
/// visit.
pub(crate) fn to_owned(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(is) => (*is).into(),
        Value::Number(number) => {
            let whole = number.as_u64().map(serde_json::Value::from);
            let whole = whole.or_else(|| number.as_i64().map(Into::into));
            whole.unwrap_or_else(|| number.as_f64().into())
        }
        Value::Str(text) => text.clone().into_owned().into(),
        Value::Array(items) => serde_json::Value::Array(items.iter().map(to_owned).collect()),
        Value::Object(fields) => serde_json::Value::Object(to_owned_map(fields)),
    }
}

/// The fields of an object that outlive their text; of repeated names the last.
pub(crate) fn to_owned_map(fields: &ObjectAsVec<'_>) -> serde_json::Map<String, serde_json::Value> {
    let mut map = serde_json::Map::new();
    for (name, value) in fields.iter() {
        map.insert(name.to_owned(), to_owned(value));
    }
    map
}

/// Parses a text as JSON, but passes the items of one list to `each` instead of keeping them: thousands of items as
/// values take many times the memory of their decoded form. The list is the text itself, or the property `list` of an
/// object, and is empty in the result. Before an error, items may already have been passed. A property whose name has
/// escaped characters is left out of the result.
///
/// # Errors
/// As [`value`].
pub fn value_without<'de>(
    text: &'de [u8],
    list: Option<&str>,
    each: &mut dyn FnMut(Value<'de>),
) -> Result<Value<'de>, String> {
    let mut reader = serde_json::Deserializer::from_str(utf8(text)?);
    let value = reader.deserialize_any(Without { list, each });
    let ended = value.and_then(|value| reader.end().map(|()| value));
    ended.map_err(|error| error.to_string())
}

/// Reads a value like `Value` does, except for the list whose items are passed on. It always accepts any type: if it
/// required a list, `serde_json` would include 10 kB of tables for an error that quotes the value found.
struct Without<'a, 'de> {
    list: Option<&'a str>,
    each: &'a mut dyn FnMut(Value<'de>),
}

impl<'de> Visitor<'de> for Without<'_, 'de> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(value.into())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(value.to_owned().into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            match self.list {
                None => (self.each)(item),
                Some(_) => items.push(item),
            }
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value<'de>, A::Error> {
        let mut fields: Vec<(&str, Value<'_>)> = Vec::new();
        while let Some(Name(name)) = object.next_key()? {
            let value = if self.list.is_some() && self.list == name {
                let each = &mut *self.each;
                object.next_value_seed(Without { list: None, each })?
            } else {
                object.next_value()?
            };
            fields.extend(name.map(|name| (name, value)));
        }
        Ok(Value::Object(fields.into()))
    }
}

impl<'de> DeserializeSeed<'de> for Without<'_, 'de> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Value<'de>, D::Error> {
        value.deserialize_any(self)
    }
}

/// The name of a property; `None` if it has escaped characters.
struct Name<'de>(Option<&'de str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(name: D) -> Result<Self, D::Error> {
        name.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Some(name)))
    }

    fn visit_str<E>(self, _: &str) -> Result<Name<'de>, E> {
        Ok(Name(None))
    }
}

/// Parses a finite number in JSON's notation, or with a plus sign, or without the zero before the point. `str::parse`
/// would add 11 kB of tables to every page that reads a number.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let text = match text.strip_prefix('+') {
        Some(positive) if !positive.starts_with('-') => positive,
        _ => text,
    };
    let zero = if text.starts_with('.') { "0" } else { "" };
    value(format!("{zero}{text}").as_bytes()).ok()?.as_f64()
}

/// A short description of a value for an error.
fn kind(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => raw(value),
        Value::Str(text) => format!("`{}`", text.chars().take(60).collect::<String>()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A value as it is written in the response.
pub(crate) fn raw(value: &Value<'_>) -> String {
    match value {
        Value::Str(text) => text.clone().into_owned(),
        other => to_owned(other).to_string(),
    }
}

/// A JSON object with case-insensitive property names. Unreadable ones count as absent and are added to `unread`.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    fields: &'a ObjectAsVec<'a>,
    unread: &'a Unread,
}

impl<'a> Object<'a> {
    /// The value as an object.
    pub(crate) fn of(value: &'a Value<'a>, what: &str, unread: &'a Unread) -> Result<Self, String> {
        match value {
            Value::Object(fields) => Ok(Self { fields, unread }),
            other => Err(format!("{what}: expected an object, found {}", kind(other))),
        }
    }

    /// A property by its name: first the exact name, then case-insensitive. Null is absent, and of repeated names the
    /// last counts.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value<'a>> {
        let fields = || self.fields.as_vec().iter().rev();
        let exact = fields().find(|(key, _)| **key == *name);
        let any_case = || {
            fields().find(|(key, value)| {
                **key != *name && key.eq_ignore_ascii_case(name) && !value.is_null()
            })
        };
        let found = exact.filter(|(_, value)| !value.is_null());
        found.or_else(any_case).map(|(_, value)| value)
    }

    /// A property, read by `read`.
    pub(crate) fn read<T>(
        self,
        name: &str,
        read: impl FnOnce(&'a Value<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.get(name)?;
        let got = read(value);
        if got.is_none() {
            self.unread.add(name, &raw(value));
        }
        got
    }

    /// A text; a number is converted to text.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        self.read(name, |value| match value {
            Value::Str(text) => Some(text.clone().into_owned()),
            Value::Number(_) => Some(raw(value)),
            _ => None,
        })
    }

    /// A boolean, also as text or as 1 and 0.
    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        self.read(name, |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::Str(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::Str(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Value::Number(number) => match number.as_i64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            _ => None,
        })
    }

    /// A whole number, also as text.
    pub(crate) fn integer(self, name: &str) -> Option<i64> {
        self.read(name, integer)
    }

    /// A number, also as text.
    pub(crate) fn number(self, name: &str) -> Option<f64> {
        self.read(name, |value| match value {
            Value::Number(number) => number.as_f64(),
            Value::Str(text) => number(text),
            _ => None,
        })
    }

    /// A date-time; `None` for the vendors' values of "never".
    pub(crate) fn time(self, name: &str) -> Option<DateTime<Utc>> {
        self.time_or_never(name).flatten()
    }

    /// A date-time; the inner `None` means "never".
    #[expect(
        clippy::option_option,
        reason = "absent and never are different results"
    )]
    pub(crate) fn time_or_never(self, name: &str) -> Option<Option<DateTime<Utc>>> {
        self.read(name, |value| time(value.as_str()?))
    }

    /// An unmodified object.
    pub(crate) fn map(self, name: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
        self.read(name, |value| value.as_object().map(to_owned_map))
    }

    /// A nested object. The names of its unreadable properties include its own name.
    pub(crate) fn within<T>(
        self,
        name: &str,
        read: impl for<'b> FnOnce(Object<'b>) -> T,
    ) -> Option<T> {
        let inner = Unread::default();
        let got = self.read(name, |value| {
            let object = Object::of(value, name, &inner).ok()?;
            Some(read(object))
        });
        self.unread.absorb(name, &inner);
        got
    }

    /// A list of items with ids. Items without an id or with a repeated id count as unreadable, named by index.
    pub(crate) fn list<T>(
        self,
        name: &str,
        read: impl Fn(&Value<'_>) -> Result<T, String>,
        id: fn(&T) -> Option<&str>,
    ) -> Option<Vec<T>> {
        let items = self.read(name, |value| value.as_array())?;
        let left_out = |index: usize, repeated: bool| {
            let suffix = if repeated { ", repeated" } else { "" };
            let name = format!("{name}[{index}]{suffix}");
            self.unread.add(&name, &raw(&items[index]));
        };
        let read = items.iter().map(|item| read(item).ok());
        Some(with_ids(read, id, left_out))
    }
}

/// Makes a JSON object of the fields that have a value.
pub(crate) fn object<const N: usize>(
    fields: [(&str, Option<serde_json::Value>); N],
) -> serde_json::Value {
    let fields = fields.into_iter();
    let fields = fields.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    serde_json::Value::Object(fields.collect())
}

/// The items of a JSON list.
pub(crate) fn items<'a>(value: &'a Value<'a>, what: &str) -> Result<&'a [Value<'a>], String> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(format!("{what}: expected a list, found {}", kind(other))),
    }
}

/// A whole number, also as text.
pub(crate) fn integer(value: &Value<'_>) -> Option<i64> {
    match value {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only whole numbers well within an i64 reach this"
        )]
        Value::Number(number) => {
            let whole = |number: &f64| number.fract() == 0.0 && number.abs() < 9e15;
            number
                .as_i64()
                .or_else(|| number.as_f64().filter(whole).map(|number| number as i64))
        }
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Parses a date-time strictly by RFC 3339. `str::parse` would include the parser for every form of a date.
#[must_use]
pub fn moment(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.to_utc())
}

/// Parses a date-time with an offset, with `Z` or without a zone (UTC), and with any number of fraction digits. The
/// inner `None` means "never": the vendors' sentinel times in the years 0001 and 1753.
#[expect(
    clippy::option_option,
    reason = "unreadable and never are different results"
)]
pub(crate) fn time(text: &str) -> Option<Option<DateTime<Utc>>> {
    let text = text.trim();
    let zoned = DateTime::parse_from_rfc3339(text);
    let time = zoned.or_else(|_| DateTime::parse_from_rfc3339(&format!("{text}Z")));
    let time = time.ok()?;
    // Compare the date as written: with an offset, the sentinel may be in the previous year in UTC.
    let oldest = matches!((time.year(), time.ordinal()), (1 | 1753, 1));
    Some((!oldest).then(|| time.to_utc()))
}

#[cfg(test)]
mod tests {
    use super::{MAX_VALUES, Object, number, parse, parse_list, parse_owned, time, value_without};
    use crate::unreadable::{Unread, UnreadableField};
    use serde_json::{Value, json};

    #[test]
    fn the_items_of_a_list_are_passed_on_and_the_rest_is_kept() {
        let passed_on = |text: &str, list: Option<&str>| {
            let mut items: Vec<Value> = Vec::new();
            let rest = value_without(text.as_bytes(), list, &mut |item| items.push(item.into()));
            rest.map(|rest| (Value::from(rest), items))
        };
        let items = vec![
            json!(1),
            json!({"a": [2.5, -3, "x", null, true]}),
            json!([]),
        ];
        let text = Value::from(items.clone()).to_string();
        assert_eq!(passed_on(&text, None), Ok((json!([]), items.clone())));
        let object = format!(r#"{{"before":{text},"list":{text},"after":{{"list":[7]}}}}"#);
        let rest = json!({"before": items, "list": [], "after": {"list": [7]}});
        assert_eq!(passed_on(&object, Some("list")), Ok((rest, items.clone())));
        let escaped = r#"{"\u0041":1,"list":[],"b":"\u0042"}"#;
        assert_eq!(
            passed_on(escaped, Some("list")),
            Ok((json!({"list": [], "b": "B"}), Vec::new()))
        );
        // If the list is another value or missing, the value is unchanged.
        for other in ["7", "-7", "7.5", "null", "true", "\"list\"", "{\"a\":[1]}"] {
            let whole: Value = serde_json::from_str(other).expect("JSON");
            for list in [None, Some("list")] {
                assert_eq!(passed_on(other, list), Ok((whole.clone(), Vec::new())));
            }
            let within = format!("{{\"list\":{other}}}");
            let held = (json!({ "list": whole }), Vec::new());
            assert_eq!(passed_on(&within, Some("list")), Ok(held));
        }
        assert_eq!(
            passed_on(&text, Some("list")),
            Ok((items.into(), Vec::new()))
        );
        for broken in ["", "[1,]", "[1] 2", "{\"list\":[1,2"] {
            let expected = serde_json::from_str::<Value>(broken).expect_err("broken");
            assert_eq!(passed_on(broken, Some("list")), Err(expected.to_string()));
            assert_eq!(passed_on(broken, None), Err(expected.to_string()));
        }
    }

    #[test]
    fn a_list_is_repaired_like_every_body_and_has_no_item_twice() {
        let read = |item: &super::Value<'_>| item.as_u64().ok_or_else(String::new);
        let list = |body: &str| parse_list(body.as_bytes(), "numbers", read);
        let expected = Ok(vec![Some(1), None, Some(3)]);
        assert_eq!(list("\u{feff}[1, \"two\", 3]"), expected);
        // Read up to the invalid literal, then repaired and read from the start.
        assert_eq!(list("[1, NaN, 3]"), expected);
        assert_eq!(
            list(r#"{"a":1}"#),
            Err("numbers: expected a list, found an object".to_owned())
        );
        assert!(list(" ").is_err_and(|error| error.contains("is empty")));
        assert!(list("[1, 2").is_err_and(|error| error.contains("not JSON")));
    }

    #[test]
    fn a_body_with_too_many_values_is_rejected_before_allocation() {
        let list = |item: &str| {
            let items = format!("[{}1]", item.repeat(MAX_VALUES));
            parse_list(items.as_bytes(), "it", |_| Ok(())).map(|list| list.len())
        };
        let too_many = Err("the body contains more than 2000000 values".to_owned());
        for item in ["1,", "[],", "{},", "\"\\\\\\\"\","] {
            assert_eq!(list(item), too_many, "{item}");
        }
        // Delimiters within a string do not count.
        let text = format!("[\"{}\"]", ",[{\\\"".repeat(MAX_VALUES));
        let length = parse(text.as_bytes(), |read| Ok(read.as_array().map(<[_]>::len)));
        assert_eq!(length, Ok(Some(1)));
    }

    #[test]
    fn times_are_read_in_many_formats() {
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
    fn numbers_may_have_a_plus_or_no_leading_zero() {
        for (text, expected) in [
            ("0", Some(0.0)),
            (" -12.5 ", Some(-12.5)),
            ("1.0E2", Some(100.0)),
            ("+5", Some(5.0)),
            (".5", Some(0.5)),
            ("+-5", None),
            ("1e999", None),
            ("NaN", None),
            ("", None),
            ("[1]", None),
            ("\"1\"", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn sentinel_times_mean_never_and_invalid_ones_are_unreadable() {
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
    fn names_are_case_insensitive_null_is_absent_and_the_last_of_a_name_counts() {
        let value = r#"{"ID": "x", "Name": null, "name": "y", "Skip": "6", "Skip": "7", "Gone": "1", "Gone": null, "Odd": []}"#;
        let value = super::value(value.as_bytes()).expect("JSON");
        let unread = Unread::default();
        let object = Object::of(&value, "it", &unread).expect("an object");
        assert_eq!(object.text("Id"), Some("x".to_owned()));
        assert_eq!(object.text("Missing"), None);
        assert_eq!(object.text("Name"), Some("y".to_owned()));
        assert_eq!(object.integer("skip"), Some(7));
        assert_eq!(object.text("Gone"), None);
        assert!(unread.take().is_empty());
        assert_eq!(object.text("Odd"), None);
        let field = |name: &str, raw: &str| UnreadableField {
            name: name.to_owned(),
            raw: raw.to_owned(),
        };
        assert_eq!(unread.take(), [field("Odd", "[]")]);
    }

    #[test]
    fn single_invalid_characters_are_repaired() {
        assert_eq!(
            parse_owned(b"\xEF\xBB\xBF[\"a\nb\", NaN]"),
            Ok(json!(["a\nb", "NaN"]))
        );
        assert!(
            parse_owned(b"[\"a\nb\"").is_err_and(|problem| problem.contains("control character"))
        );
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert_eq!(parse_owned(b"\xEF\xBB\xBF[]"), Ok(json!([])));
        assert!(parse_owned(b"\xEF\xBB\xBF \r\n").is_err_and(|problem| problem.contains("empty")));
        assert!(parse_owned(b"<html>").is_err_and(|problem| problem.contains("not JSON")));
        // The encoding is not what makes it unreadable.
        let latin = parse_owned(b"<html>caf\xE9");
        assert!(latin.is_err_and(|problem| problem.contains("expected value")));
    }
}
