//! Reads error bodies: XML, JSON in any casing, HTML, or empty.

use super::node::Node;
use crate::call::{Answer, VendorError};
use crate::{json, status};
use serde_json::{Map, Value};

/// Properties that are displayed elsewhere or not at all. The server's stack trace must not reach a browser.
const OMITTED: [&str; 3] = ["Message", "StatusCode", "StackTrace"];

/// Reads the response to any status except 2xx, and refusals with 2xx.
pub(super) fn vendor_error(answer: &Answer) -> VendorError {
    let blank = VendorError {
        status: answer.status,
        message: status::text_or_words(answer.status, &answer.body),
        ..VendorError::default()
    };
    let Ok(node) = Node::parse(&answer.body) else {
        return blank;
    };
    if node.name.eq_ignore_ascii_case("html") {
        return blank;
    }
    let is_omitted = |key: &str| OMITTED.iter().any(|name| name.eq_ignore_ascii_case(key));
    let more = node.texts().filter(|(key, _)| !is_omitted(key));
    let more = more.map(|(key, text)| (key.to_owned(), text.into()));
    // `Message` is Veeam's; the others come from proxies that refuse requests with 200.
    let names: &[&str] = if answer.is_success() {
        &["Message", "msg", "error"]
    } else {
        &["Message"]
    };
    let message = names.iter().find_map(|name| node.text_of(name));
    VendorError {
        message: message.unwrap_or(blank.message),
        more: more.collect(),
        ..blank
    }
}

/// The body as JSON: unmodified JSON, or the text attributes and elements of an `<Error>`; `None` for other XML.
pub(crate) fn error_texts(body: &[u8]) -> Option<Value> {
    if !body.trim_ascii_start().starts_with(b"<") {
        return json::parse_owned(body).ok();
    }
    let node = Node::parse(body).ok()?;
    if !node.name.eq_ignore_ascii_case("Error") {
        return None;
    }
    let texts = node
        .texts()
        .map(|(key, text)| (key.to_owned(), Value::from(text)));
    Some(Value::Object(texts.collect::<Map<_, _>>()))
}
