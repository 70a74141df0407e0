//! What of an error body may be passed on to a browser: the fields that the contract names for the
//! vendor's errors, and those in which proxies before it say something. A page, a stack trace and what
//! else a server tells of its insides is not among them. Reads the shapes that [`crate::Call`] reads.

mod text;

use crate::connection::System;
use crate::json;
use crate::veeam;
use serde_json::{Map, Value};
use text::told;

/// The header that says that nothing of a body could be passed on though it said something.
pub const LEFT_OUT: &str = "failover-console-left-out";

/// An error body, cut to what may be passed on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// What is passed on; empty when that is nothing.
    pub body: Vec<u8>,
    /// The media type of it: JSON, or plain text; none when it is empty.
    pub media_type: Option<&'static str>,
    /// Whether there was something, and none of it may be passed on.
    pub left_out: bool,
}

/// The names of a vendor's error fields. What stands in them is text or a number, but for the last two.
struct Names {
    texts: &'static [&'static str],
    /// An object that holds the error itself, with the same fields.
    within: Option<&'static str>,
    /// An object of texts with names of its own.
    table: Option<&'static str>,
}

/// `message`, `detail` and `title` are those of services before it.
const AVEVA: Names = Names {
    texts: &[
        "OperationId",
        "Error",
        "Reason",
        "Resolution",
        "message",
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

/// Of several errors in one body so many are kept.
const MANY: usize = 20;

impl System {
    /// What of the body of an answer that is not 2xx may be passed on.
    #[must_use]
    pub fn kept(&self, body: &[u8]) -> Kept {
        let body = json::without_bom(body);
        if body.iter().all(u8::is_ascii_whitespace) {
            return Kept::default();
        }
        let (names, read) = match self {
            Self::Aveva(_) => (&AVEVA, json::parse(body).ok()),
            Self::Uplynk => (&UPLYNK, json::parse(body).ok()),
            Self::Veeam { .. } => (&VEEAM, veeam::error_texts(body)),
        };
        let kept = match read {
            Some(value) if says_nothing(&value) => return Kept::default(),
            Some(value) => names.all(value).map(|value| Kept {
                body: value.to_string().into_bytes(),
                media_type: Some("application/json"),
                left_out: false,
            }),
            None => plain(body).map(|text| Kept {
                body: text.into_bytes(),
                media_type: Some("text/plain; charset=utf-8"),
                left_out: false,
            }),
        };
        kept.unwrap_or(Kept {
            left_out: true,
            ..Kept::default()
        })
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(properties) => properties.is_empty(),
        _ => false,
    }
}

/// A body that is neither JSON nor XML: what it says when it is a short plain text.
fn plain(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    told(text).filter(|text| !text.starts_with(['<', '{', '[', '"']))
}

impl Names {
    fn all(&self, value: Value) -> Option<Value> {
        match value {
            Value::Array(items) => {
                let items = items.into_iter().filter_map(|item| self.one(item));
                let items: Vec<Value> = items.take(MANY).collect();
                (!items.is_empty()).then_some(Value::Array(items))
            }
            other => self.one(other),
        }
    }

    fn one(&self, value: Value) -> Option<Value> {
        match value {
            Value::String(text) => told(&text).map(Value::String),
            Value::Object(properties) => self.object(properties, self.within),
            _ => None,
        }
    }

    fn object(&self, properties: Map<String, Value>, within: Option<&str>) -> Option<Value> {
        let is = |name: Option<&str>, key: &str| name.is_some_and(|name| same(name, key));
        let mut kept = Map::new();
        for (key, value) in properties {
            let value = match value {
                Value::Object(inner) if is(within, &key) => self.object(inner, None),
                Value::Object(inner) if is(self.table, &key) => table(inner),
                other if self.texts.iter().any(|name| same(name, &key)) => scalar(other),
                _ => None,
            };
            if let Some(value) = value {
                kept.insert(key, value);
            }
        }
        (!kept.is_empty()).then_some(Value::Object(kept))
    }
}

fn same(name: &str, key: &str) -> bool {
    name.eq_ignore_ascii_case(key)
}

fn scalar(value: Value) -> Option<Value> {
    match value {
        Value::String(text) => told(&text).map(Value::String),
        number @ Value::Number(_) => Some(number),
        _ => None,
    }
}

/// Names that the vendor makes up as it needs them: short words, with a text or a number each.
fn table(properties: Map<String, Value>) -> Option<Value> {
    let word = |key: &str| {
        let of_a_word = |c: char| c.is_ascii_alphanumeric() || "._- ".contains(c);
        let insides = ["stack", "trace", "exception"];
        key.len() <= 64
            && key.chars().all(of_a_word)
            && !insides
                .iter()
                .any(|word| key.to_ascii_lowercase().contains(word))
    };
    let kept: Map<String, Value> = properties
        .into_iter()
        .filter(|(key, _)| word(key))
        .filter_map(|(key, value)| Some((key, scalar(value)?)))
        .take(MANY)
        .collect();
    (!kept.is_empty()).then_some(Value::Object(kept))
}

#[cfg(test)]
mod tests;
