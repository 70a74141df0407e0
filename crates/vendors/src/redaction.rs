//! Redacts error bodies before they go to a browser. Only the error fields of the contract and the message fields of
//! proxies pass. HTML pages, stack traces and other internals are removed. Accepts the same forms as [`crate::Call`].

mod text;

use crate::connection::System;
use crate::json;
use crate::veeam;
use serde_json::{Map, Value};
pub(crate) use text::redact_text;

/// The response header that marks a non-empty body as completely removed.
pub const LEFT_OUT_HEADER: &str = "failover-console-left-out";

/// A redacted error body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redacted {
    /// The remaining body; empty if nothing may pass.
    pub body: Vec<u8>,
    /// Its media type, JSON or plain text; `None` if it is empty.
    pub media_type: Option<&'static str>,
    /// Whether a non-empty body was completely removed.
    pub left_out: bool,
}

/// The names of a vendor's error fields.
struct Names {
    /// Fields with a text or a number.
    texts: &'static [&'static str],
    /// A nested error object with the same fields.
    within: Option<&'static str>,
    /// An object of texts whose names the vendor chooses freely.
    table: Option<&'static str>,
}

/// `message`, `detail` and `title` come from proxies and frameworks in front of the service.
const AVEVA: Names = Names {
    texts: &[
        "OperationId",
        "Error",
        "Reason",
        "Resolution",
        "message",
        "msg",
        "detail",
        "title",
    ],
    within: Some("error"),
    table: Some("AdditionalParameters"),
};

const UPLYNK: Names = Names {
    texts: &[
        "@type",
        "code",
        "status_code",
        "description",
        "detail",
        "message",
        "msg",
        "title",
        "error",
    ],
    within: Some("error"),
    table: None,
};

/// Without `StackTrace`.
const VEEAM: Names = Names {
    texts: &[
        "Message",
        "StatusCode",
        "Status",
        "FirstChanceExceptionMessage",
    ],
    within: None,
    table: None,
};

/// The longest body that is parsed, in bytes. The parsed form takes many times its length, and real errors are shorter.
const MAX_BODY: usize = 256 * 1024;

/// The maximum number of errors, and of table entries, that pass.
const MAX_ITEMS: usize = 20;

impl System {
    /// Redacts the body of a response that is not 2xx. A body of more than 256 KiB is removed without being parsed.
    #[must_use]
    pub fn redact(&self, body: &[u8]) -> Redacted {
        let body = json::without_bom(body);
        if body.iter().all(u8::is_ascii_whitespace) {
            return Redacted::default();
        }
        if body.len() > MAX_BODY {
            return Redacted {
                left_out: true,
                ..Redacted::default()
            };
        }
        let (names, read) = match self {
            Self::Aveva(_) => (&AVEVA, json::parse_owned(body).ok()),
            Self::Uplynk => (&UPLYNK, json::parse_owned(body).ok()),
            Self::Veeam { .. } => (&VEEAM, veeam::error_texts(body)),
        };
        let redacted = match read {
            Some(value) if is_empty(&value) => return Redacted::default(),
            Some(value) => names.all(value).map(|value| Redacted {
                body: value.to_string().into_bytes(),
                media_type: Some("application/json"),
                left_out: false,
            }),
            None => plain(body).map(|text| Redacted {
                body: text.into_bytes(),
                media_type: Some("text/plain; charset=utf-8"),
                left_out: false,
            }),
        };
        redacted.unwrap_or(Redacted {
            left_out: true,
            ..Redacted::default()
        })
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(properties) => properties.is_empty(),
        _ => false,
    }
}

/// A body that is neither JSON nor XML: its text, if it is plain text.
fn plain(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    redact_text(text).filter(|text| !text.starts_with(['<', '{', '[', '"']))
}

impl Names {
    fn all(&self, value: Value) -> Option<Value> {
        match value {
            Value::Array(items) => {
                let items = items.into_iter().filter_map(|item| self.one(item));
                let items: Vec<Value> = items.take(MAX_ITEMS).collect();
                (!items.is_empty()).then_some(Value::Array(items))
            }
            other => self.one(other),
        }
    }

    fn one(&self, value: Value) -> Option<Value> {
        match value {
            Value::String(text) => redact_text(&text).map(Value::String),
            Value::Object(properties) => self.object(properties, self.within),
            _ => None,
        }
    }

    fn object(&self, properties: Map<String, Value>, within: Option<&str>) -> Option<Value> {
        let is = |name: Option<&str>, key: &str| name.is_some_and(|name| same(name, key));
        let mut redacted = Map::new();
        for (key, value) in properties {
            let value = match value {
                Value::Object(inner) if is(within, &key) => self.object(inner, None),
                Value::Object(inner) if is(self.table, &key) => table(inner),
                other if self.texts.iter().any(|name| same(name, &key)) => scalar(other),
                _ => None,
            };
            if let Some(value) = value {
                redacted.insert(key, value);
            }
        }
        (!redacted.is_empty()).then_some(Value::Object(redacted))
    }
}

fn same(name: &str, key: &str) -> bool {
    name.eq_ignore_ascii_case(key)
}

fn scalar(value: Value) -> Option<Value> {
    match value {
        Value::String(text) => redact_text(&text).map(Value::String),
        number @ Value::Number(_) => Some(number),
        _ => None,
    }
}

/// Properties whose names the vendor chooses freely: short names, each with a text or a number.
fn table(properties: Map<String, Value>) -> Option<Value> {
    let word = |key: &str| {
        let of_a_word = |c: char| c.is_ascii_alphanumeric() || "._- ".contains(c);
        let internals = ["stack", "trace", "exception"];
        key.len() <= 64
            && key.chars().all(of_a_word)
            && !internals
                .iter()
                .any(|word| key.to_ascii_lowercase().contains(word))
    };
    let redacted: Map<String, Value> = properties
        .into_iter()
        .filter(|(key, _)| word(key))
        .filter_map(|(key, value)| Some((key, scalar(value)?)))
        .take(MAX_ITEMS)
        .collect();
    (!redacted.is_empty()).then_some(Value::Object(redacted))
}

#[cfg(test)]
mod tests;
