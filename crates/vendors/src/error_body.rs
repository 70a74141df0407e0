//! Reads error bodies of unknown form: an object, a nested object, a list of objects, a text, or nothing. The caller
//! names the fields.

use crate::call::{Answer, VendorError};
use crate::json::parse_owned;
use crate::status;
use serde_json::{Map, Value};

/// Reads an error response. The message is the first non-empty field of `names`, else the body's text, else the status
/// text. All other fields are kept in `more`.
pub(crate) fn read(answer: &Answer, names: &[&str]) -> VendorError {
    let mut error = VendorError {
        status: answer.status,
        message: status::text_or_words(answer.status, &answer.body),
        ..VendorError::default()
    };
    let Ok(body) = parse_owned(&answer.body) else {
        return error;
    };
    // Of several errors, the first provides the message, and `more` contains all of them.
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
            // A number is the message only if there is no text.
            let number = |name: &str| named(&error.more, name).any(|(_, value)| value.is_number());
            let (numbers, texts): (Vec<&str>, Vec<&str>) =
                names.iter().copied().partition(|name| number(name));
            let message = texts.into_iter().chain(numbers).find_map(|name| {
                take(&mut error.more, name).or_else(|| within(&error.more, name, names))
            });
            error.message = message.unwrap_or(error.message);
        }
        _ => {}
    }
    if let Some(items) = all.filter(|items| items.len() > 1) {
        error.more.insert("errors".to_owned(), items.into());
    }
    error
}

/// Removes and returns a property's non-empty text, by its case-insensitive name.
pub(crate) fn take(properties: &mut Map<String, Value>, name: &str) -> Option<String> {
    let (key, text) = named(properties, name).find_map(|(key, value)| {
        let text = text(value)?;
        Some((key.clone(), text))
    })?;
    properties.remove(&key);
    Some(text)
}

/// The message of an error object that is nested in the body. The object is kept for its other fields.
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
