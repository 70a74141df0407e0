//! Error bodies of uncertain shape, read as far as they say something: an object, an object within an
//! object, a list of them, a text, or nothing that a person wants to read. Knows no vendor's fields.

use crate::call::{Answer, VendorError};
use crate::json::parse;
use crate::status;
use serde_json::{Map, Value};

/// Reads the answer to a refused request. The message is the first of `names` that says something,
/// else the body's text, else the status line's words; everything else is kept in `more`.
pub(crate) fn read(answer: &Answer, names: &[&str]) -> VendorError {
    let mut error = VendorError {
        status: answer.status,
        message: status::text_or_words(answer.status, &answer.body),
        ..VendorError::default()
    };
    let Ok(body) = parse(&answer.body) else {
        return error;
    };
    // Of several errors the first is told, and all are kept.
    let (first, all) = match body {
        Value::Array(items) => (items.first().cloned().unwrap_or_default(), Some(items)),
        other => (other, None),
    };
    match first {
        Value::String(text) if !text.trim().is_empty() => {
            text.trim().clone_into(&mut error.message);
        }
        Value::Object(properties) => {
            error.more = properties;
            error.more.retain(|_, value| !value.is_null());
            let told = names.iter().find_map(|name| {
                take(&mut error.more, name).or_else(|| within(&error.more, name, names))
            });
            error.message = told.unwrap_or(error.message);
        }
        _ => {}
    }
    if let Some(items) = all.filter(|items| items.len() > 1) {
        error.more.insert("errors".to_owned(), items.into());
    }
    error
}

/// Takes a property's text out, by its name in any case, if it says something.
pub(crate) fn take(properties: &mut Map<String, Value>, name: &str) -> Option<String> {
    let (key, text) = named(properties, name).find_map(|(key, value)| {
        let text = text(value)?;
        Some((key.clone(), text))
    })?;
    properties.remove(&key);
    Some(text)
}

/// The message of an error that is an object within the body: it stays there, for its other fields.
fn within(properties: &Map<String, Value>, name: &str, names: &[&str]) -> Option<String> {
    let inner = named(properties, name).find_map(|(_, value)| value.as_object())?;
    names
        .iter()
        .find_map(|name| named(inner, name).find_map(|(_, value)| text(value)))
}

fn named<'a>(
    properties: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    properties
        .iter()
        .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
