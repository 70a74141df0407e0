//! The operations of the vendors' contracts: method and path, used both to build requests and to recognise them. The
//! gateway relays only these operations.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// The HTTP methods that the three contracts use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads data.
    Get,
    /// Creates an object or runs an action.
    Post,
    /// Replaces an object.
    Put,
    /// Changes some fields.
    Patch,
    /// Deletes an object.
    Delete,
}

impl Method {
    /// The method in a request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation of a vendor's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The contract's name in a few lower-case words ("list groups").
    pub name: &'static str,
    /// The method.
    pub method: Method,
    /// The path after the connection's base; `{}` is the placeholder for an encoded segment.
    pub path: &'static str,
    /// The query parameters of the contract; others are not relayed.
    pub query: &'static [Parameter],
}

/// Declares operations: `/// Success status. NAME = "name", Method "/path", query;`.
macro_rules! operations {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $method:ident $path:literal, $query:expr;)*) => {
        $($(#[$doc])* pub static $id: $crate::operation::Operation = $crate::operation::Operation {
            name: $name,
            method: $crate::operation::Method::$method,
            path: $path,
            query: $query,
        };)*
    };
}
pub(crate) use operations;

/// A query parameter of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The name.
    pub name: &'static str,
    /// The allowed values.
    pub values: Values,
    /// Whether it is required.
    pub required: bool,
}

/// The values of a query parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// A whole number with this minimum.
    Number(u32),
    /// One of these values.
    Words(&'static [&'static str]),
    /// Any text.
    Text,
}

impl Parameter {
    /// An optional parameter.
    #[must_use]
    pub const fn optional(name: &'static str, values: Values) -> Self {
        Self {
            name,
            values,
            required: false,
        }
    }

    /// Whether the contract allows this decoded value.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        match self.values {
            Values::Number(min) => {
                // `parse` would accept a sign.
                value.bytes().all(|byte| byte.is_ascii_digit())
                    && value.parse::<u32>().is_ok_and(|number| number >= min)
            }
            Values::Words(words) => words.contains(&value),
            Values::Text => true,
        }
    }
}

/// The characters that are encoded in a path segment: all but the unreserved ones of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whether a URL can address this id. It cannot if the id is empty or if `.` or `..` is the id or a part between
/// slashes: parsers treat these, even encoded, as a relative path, so `groups/%2E/status` would address another group.
/// Nor if it contains a NUL, where some servers end the path.
#[must_use]
pub fn is_addressable(id: &str) -> bool {
    let is_relative = |part: &str| matches!(part, "." | "..");
    // Other dots, slashes and backslashes are allowed.
    !id.is_empty() && !id.split('/').any(is_relative) && !id.contains('\0')
}

/// An id as a percent-encoded path segment, so that no id can change the path. Empty if no URL can address the id
/// ([`is_addressable`]); that matches no operation, so the relay rejects the request.
#[must_use]
pub fn segment(id: &str) -> String {
    if is_addressable(id) {
        percent_encoded(id)
    } else {
        String::new()
    }
}

/// Any text, percent-encoded for a path or a query of the console's own.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

impl Operation {
    /// Whether the operation changes the vendor's data: all methods but `GET` do.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.method != Method::Get
    }

    /// The path with its placeholders `{}` replaced by the encoded `ids`, in order.
    #[must_use]
    pub fn path_for(&self, base: &str, ids: &[&str]) -> String {
        let mut ids = ids.iter();
        let mut path = base.to_owned();
        for part in self.path.split('/').skip(1) {
            path.push('/');
            match part {
                "{}" => path.push_str(&segment(ids.next().copied().unwrap_or_default())),
                fixed => path.push_str(fixed),
            }
        }
        path
    }

    /// Whether `segments`, decoded and without the base, match this operation's path. An id that no URL can address
    /// never matches, because a server would resolve it to another path ([`is_addressable`]).
    #[must_use]
    pub fn matches(&self, method: Method, segments: &[&str]) -> bool {
        let mut pattern = self.path.split('/').skip(1);
        self.method == method
            && segments.iter().all(|segment| match pattern.next() {
                Some("{}") => is_addressable(segment),
                Some(fixed) => fixed == *segment,
                None => false,
            })
            && pattern.next().is_none()
    }
}
