//! Error bodies: XML, JSON in any casing, HTML, or nothing.

use super::node::Node;
use crate::call::{Answer, VendorError};
use crate::status;
use serde_json::Map;

/// Reads every status but 2xx. The server's stack trace is left out: it helps nobody here, and says
/// more of the server than a browser should know.
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
    let known = |key: &str| {
        ["Message", "StatusCode", "StackTrace", "xmlns"]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(key))
    };
    let more: Map<_, _> = node
        .texts()
        .filter(|(key, _)| !known(key))
        .map(|(key, text)| (key.to_owned(), text.into()))
        .collect();
    VendorError {
        message: node.text_of("Message").unwrap_or(blank.message),
        more,
        ..blank
    }
}
