//! One operation of a vendor's contract: a method and a path, used both to build requests and to
//! recognise them. The gateway relays only these operations.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// The HTTP methods that the three contracts use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or acts.
    Post,
    /// Replaces.
    Put,
    /// Changes some fields.
    Patch,
    /// Removes.
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
    /// The contract's name for it, in a few lower-case words ("list groups").
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path after the connection's base; `{}` is one encoded segment.
    pub path: &'static str,
    /// The query parameters that the contract lists; no other is relayed.
    pub query: &'static [Parameter],
}

/// Declares operations: `/// Success. NAME = "name", Method "/path", query;`.
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
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub values: Values,
    /// Whether it may not be left out.
    pub required: bool,
}

/// The values of a query parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// A whole number, at least this one.
    Number(u32),
    /// One of these words.
    Words(&'static [&'static str]),
    /// Any text.
    Text,
}

impl Parameter {
    /// A parameter that may be left out.
    #[must_use]
    pub const fn optional(name: &'static str, values: Values) -> Self {
        Self {
            name,
            values,
            required: false,
        }
    }

    /// Whether the contract gives it this decoded value.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        match self.values {
            Values::Number(least) => {
                // `parse` would take a sign.
                value.bytes().all(|byte| byte.is_ascii_digit())
                    && value.parse::<u32>().is_ok_and(|number| number >= least)
            }
            Values::Words(words) => words.contains(&value),
            Values::Text => true,
        }
    }
}

/// Everything but RFC 3986's unreserved characters is encoded in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whether a URL can address this id. It can address none that is empty, nor one with `.` or `..` as the whole or
/// between its slashes: parsers treat these, encoded or not, as a relative path, and `groups/%2E/status` would address
/// another group. Nor one with a NUL, at which some servers end the path.
#[must_use]
pub fn is_addressable(id: &str) -> bool {
    let is_relative = |part: &str| matches!(part, "." | "..");
    // Apart from that, ids may hold dots, slashes and backslashes.
    !id.is_empty() && !id.split('/').any(is_relative) && !id.contains('\0')
}

/// One path segment, percent-encoded so that no id can change the path. It is empty where no URL can address the id
/// ([`is_addressable`]), which matches no operation, so the relay rejects the request.
#[must_use]
pub fn segment(id: &str) -> String {
    if is_addressable(id) {
        percent_encoded(id)
    } else {
        String::new()
    }
}

/// Any text, percent-encoded for a path or a query that no vendor's server reads.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

impl Operation {
    /// Whether the operation changes the vendor's data. Reads are exactly the `GET`s.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.method != Method::Get
    }

    /// The path with `ids` encoded into its `{}` places, in order.
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

    /// Whether `segments`, decoded and after the base, match this operation's path.
    ///
    /// What no URL can address never matches an id: a server would resolve it to another path
    /// ([`is_addressable`]).
    #[must_use]
    pub fn matches(&self, method: Method, segments: &[&str]) -> bool {
        let mut pattern = self.path.split('/').skip(1);
        self.method == method
            && segments.iter().all(|have| match pattern.next() {
                Some("{}") => is_addressable(have),
                Some(fixed) => fixed == *have,
                None => false,
            })
            && pattern.next().is_none()
    }
}
