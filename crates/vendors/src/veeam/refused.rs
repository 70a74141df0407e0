//! Error bodies: XML, JSON in any casing, HTML, or nothing.

use super::node::Node;
use crate::call::{Answer, VendorError};
use crate::{json, status};
use serde_json::{Map, Value};

/// Properties that are told elsewhere or not at all. The server's stack trace helps nobody here, and
/// says more of the server than a browser should know.
const LEFT_OUT: [&str; 3] = ["Message", "StatusCode", "StackTrace"];

/// Reads every status but 2xx.
pub(super) fn refused(answer: &Answer) -> VendorError {
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
    let told = |key: &str| LEFT_OUT.iter().any(|name| name.eq_ignore_ascii_case(key));
    let more = node.texts().filter(|(key, _)| !told(key));
    let more = more.map(|(key, text)| (key.to_owned(), text.into()));
    VendorError {
        message: node.text_of("Message").unwrap_or(blank.message),
        more: more.collect(),
        ..blank
    }
}

/// A body as JSON: as it is, or of an `<Error>` its attributes and child elements that are texts. Any
/// other XML is nothing that an error of this vendor is.
pub(crate) fn error_texts(body: &[u8]) -> Option<Value> {
    if !body.trim_ascii_start().starts_with(b"<") {
        return json::parse(body).ok();
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
