//! A request and how to read its response.

use crate::from_json;
use crate::http_date;
use crate::json;
use crate::operation::{Method, Operation};
use crate::redaction::{LEFT_OUT_HEADER, redact_text};
use crate::refusal::is_refusal;
use crate::status::words;
use serde::Serialize;
use serde_json::{Map, Value};

/// An HTTP request without the host and the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The operation of the contract.
    pub operation: &'static Operation,
    /// The path, percent-encoded, beginning with `/`.
    pub path: String,
    /// The query, percent-encoded, without `?`; empty if there is none.
    pub query: String,
    /// The media type for `Accept`.
    pub accept: &'static str,
    /// A JSON body.
    pub body: Option<String>,
}

impl Request {
    /// A request for JSON without query and body.
    pub(crate) fn new(operation: &'static Operation, path: String) -> Self {
        Self {
            operation,
            path,
            query: String::new(),
            accept: "application/json",
            body: None,
        }
    }

    /// Sets a JSON body.
    pub(crate) fn with_body(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string());
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.operation.method
    }

    /// Path and query for a request line.
    #[must_use]
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }
}

/// The longest `Retry-After` that is honoured, in seconds. Some services send months, but recover sooner.
pub const MAX_RETRY_AFTER: u64 = 15 * 60;

/// An HTTP response. Header names are lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The unmodified body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// The seconds of `Retry-After`, which is a number or a date, at most [`MAX_RETRY_AFTER`]. A date is compared
    /// with the response's own `Date`, so that no other clock is needed; one in the past means now.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        let value = self.header("retry-after")?.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // A number that is too large for the type is too large for the limit.
            return Some(
                value
                    .parse()
                    .map_or(MAX_RETRY_AFTER, |wait: u64| wait.min(MAX_RETRY_AFTER)),
            );
        }
        let date = http_date::parse(self.header("date")?)?;
        let wait = http_date::parse(value)?.signed_duration_since(date);
        Some(
            u64::try_from(wait.num_seconds())
                .unwrap_or(0)
                .min(MAX_RETRY_AFTER),
        )
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A vendor's error response, with the vendor's own texts.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct VendorError {
    /// The HTTP status.
    pub status: u16,
    /// The vendor's message, or the status text if there is none.
    pub message: String,
    /// The reason (AVEVA `Reason`).
    pub reason: Option<String>,
    /// The recommended action (AVEVA `Resolution`).
    pub resolution: Option<String>,
    /// The id for the vendor's support (AVEVA `OperationId`).
    pub operation_id: Option<String>,
    /// The minimum delay before the next request, in seconds (HTTP `Retry-After`).
    pub retry_after: Option<u64>,
    /// Whether the gateway removed a complete non-empty body, such as an HTML page (it then sets the header
    /// [`crate::LEFT_OUT_HEADER`]).
    pub left_out: bool,
    /// All other properties of the error body, unmodified.
    pub more: Map<String, Value>,
}

from_json! { struct VendorError {
    status, message, reason, resolution, operation_id, retry_after, left_out or default, more,
} }

impl VendorError {
    /// Whether the response has a 2xx status although its body reports a refusal.
    #[must_use]
    pub fn is_refusal_with_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The status and the vendor's message in one line.
    #[must_use]
    pub fn line(&self) -> String {
        // Sentences that contain the line end with their own full stop.
        let message = self.message.trim_end_matches('.');
        if self.is_refusal_with_success() {
            format!("Refused: {message}")
        } else {
            format!("{}: {message}", self.status)
        }
    }
}

/// The reason why a [`Call`] has no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The status was not 2xx, or the body reports a refusal.
    Vendor(Box<VendorError>),
    /// The status was 2xx, but the body cannot be read.
    Unreadable(Unreadable),
}

/// A 2xx response that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The HTTP status.
    pub status: u16,
    /// The expectation and the finding in one sentence, without the body.
    pub problem: String,
    /// The beginning of the body as text, for diagnosis.
    pub excerpt: String,
}

from_json! { struct Unreadable { status, problem, excerpt } }

/// The maximum length of a problem and an excerpt, in characters.
const EXCERPT: usize = 300;

/// A request and how to read its response as `T`.
pub struct Call<T> {
    /// The request.
    pub request: Request,
    read: fn(&Answer) -> Result<T, String>,
    read_error: fn(&Answer) -> VendorError,
}

impl<T> Clone for Call<T> {
    fn clone(&self) -> Self {
        Self {
            request: self.request.clone(),
            read: self.read,
            read_error: self.read_error,
        }
    }
}

impl<T> std::fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.request.fmt(f)
    }
}

/// Reads a response that is one JSON value.
pub(crate) fn read_json<T>(
    answer: &Answer,
    read: fn(&json::Value<'_>) -> Result<T, String>,
) -> Result<T, String> {
    json::parse(&answer.body, read)
}

/// Reads the response to a write that returns no data. A 204 has no body, and some services return 200
/// with JSON instead. Any other body, such as a proxy's page, does not confirm the write.
pub(crate) fn read_empty(answer: &Answer) -> Result<(), String> {
    let body = json::without_bom(&answer.body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    json::parse(body, |_| Ok(()))
        .map_err(|_| "expected no body, found one that is not JSON".to_owned())
}

impl<T> Call<T> {
    /// Creates a call. `read` gets 2xx responses, `read_error` all others.
    pub(crate) fn new(
        request: Request,
        read: fn(&Answer) -> Result<T, String>,
        read_error: fn(&Answer) -> VendorError,
    ) -> Self {
        Self {
            request,
            read,
            read_error,
        }
    }

    /// Reads a response.
    ///
    /// # Errors
    /// [`Failure::Vendor`] for every status but 2xx and for a refusal that comes with 2xx,
    /// [`Failure::Unreadable`] for a 2xx that cannot be read.
    pub fn read(&self, answer: &Answer) -> Result<T, Failure> {
        let refused = answer.is_success() && is_refusal(&answer.body);
        if refused || !answer.is_success() {
            let mut error = (self.read_error)(answer);
            if refused {
                // This body has not been redacted, so only the vendor's message is kept.
                error.message = redact_text(&error.message).unwrap_or_else(|| words(answer.status));
                error.more.clear();
            }
            error.retry_after = answer.retry_after();
            error.left_out = answer.header(LEFT_OUT_HEADER).is_some();
            return Err(Failure::Vendor(Box::new(error)));
        }
        (self.read)(answer).map_err(|problem| {
            let excerpt = String::from_utf8_lossy(&answer.body)
                .chars()
                .take(EXCERPT)
                .collect();
            // The problem may quote arbitrary values of the body.
            let problem = problem.chars().take(EXCERPT);
            let problem = problem.map(|c| if c.is_control() { ' ' } else { c });
            Failure::Unreadable(Unreadable {
                status: answer.status,
                problem: problem.collect(),
                excerpt,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        for (value, seconds) in [
            ("3", Some(3)),
            (" 120 ", Some(120)),
            ("0", Some(0)),
            ("Sat, 21 Nov 2026 14:33:08 GMT", Some(60)),
            ("Sat, 21 Nov 2026 14:31:08 GMT", Some(0)),
            ("Sat, 21 Nov 2026 14:32:08 GMT", Some(0)),
            ("Sat, 21 Nov 2026 14:47:07 GMT", Some(899)),
            ("Tue, 31 Dec 2199 23:59:59 GMT", Some(900)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("900", Some(900)),
            ("901", Some(900)),
            ("99999999999", Some(900)),
            ("99999999999999999999999999", Some(900)),
            ("-3", None),
            ("soon", None),
            ("", None),
        ] {
            let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let answer = Answer {
                headers: vec![
                    header("date", "Sat, 21 Nov 2026 14:32:08 GMT"),
                    header("retry-after", value),
                ],
                ..Answer::default()
            };
            assert_eq!(answer.retry_after(), seconds, "{value:?}");
        }
        assert_eq!(Answer::default().retry_after(), None);
        let without_date = Answer {
            headers: vec![(
                "retry-after".to_owned(),
                "Sat, 21 Nov 2026 14:33:08 GMT".to_owned(),
            )],
            ..Answer::default()
        };
        assert_eq!(without_date.retry_after(), None);
    }
}
