//! The four kinds of failure. They are distinct because each needs a different reaction: unreachable,
//! refused by the gateway, unreadable response, error returned by the vendor.

use protocol::ReadFailure;
use std::time::Duration;
use vendors::call::{Unreadable, VendorError};

pub use protocol::Problem;

/// The reason why a request returned no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The gateway could not be reached, or the gateway could not reach the vendor.
    Unreachable(Box<Problem>),
    /// The gateway refused the request.
    Refused(Box<Problem>),
    /// The vendor's response does not match its contract.
    Unreadable(Unreadable),
    /// The vendor returned an error.
    Vendor(Box<VendorError>),
}

impl Failure {
    /// A failure for a request that got no response.
    #[must_use]
    pub fn no_gateway(detail: &str) -> Self {
        Self::Unreachable(Box::new(Problem {
            kind: "/problems/no-gateway".to_owned(),
            title: "The gateway does not answer".to_owned(),
            detail: detail.to_owned(),
            ..Problem::default()
        }))
    }

    /// Turns a problem response of the gateway into a failure.
    #[must_use]
    pub fn from_problem(problem: Problem) -> Self {
        match problem.status {
            502..=504 => Self::Unreachable(Box::new(problem)),
            _ => Self::Refused(Box::new(problem)),
        }
    }

    /// The HTTP status; 0 without a response.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unreachable(problem) | Self::Refused(problem) => problem.status,
            Self::Unreadable(unreadable) => unreadable.status,
            Self::Vendor(error) => error.status,
        }
    }

    /// The `Retry-After` of the vendor or the gateway.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = match self {
            Self::Unreachable(problem) | Self::Refused(problem) => problem.retry_after,
            Self::Unreadable(_) => None,
            Self::Vendor(error) => error.retry_after,
        };
        seconds.map(Duration::from_secs)
    }

    /// Whether the requested item does not exist. For users who may only read, the gateway relays requests only for
    /// items that it has seen at the vendor, and otherwise reports the item as missing itself.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Vendor(error) => error.status == 404,
            Self::Refused(problem) => problem.kind == "/problems/not-found",
            Self::Unreachable(_) | Self::Unreadable(_) => false,
        }
    }

    /// The complete message in sentences, with reason, resolution and the id to quote.
    #[must_use]
    pub fn in_full(&self) -> String {
        let mut text = format!("{}.", self.line());
        let mut add = |name: &str, words: &Option<String>| {
            if let Some(words) = words {
                text.push_str(&format!(" {name}: {}.", words.trim_end_matches('.')));
            }
        };
        match self {
            Self::Unreachable(problem) | Self::Refused(problem) => {
                add("Request id", &problem.request_id);
            }
            Self::Vendor(error) => {
                add("Reason", &error.reason);
                add("Resolution", &error.resolution);
                add("Operation id", &error.operation_id);
            }
            Self::Unreadable(_) => {}
        }
        text
    }

    /// One line for a chip or a table cell, with the vendor's own text if there is one.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Unreachable(problem) | Self::Refused(problem) => problem.line(),
            Self::Unreadable(unreadable) => format!("Unreadable response: {}", unreadable.problem),
            Self::Vendor(error) => error.line(),
        }
    }
}

impl From<ReadFailure> for Failure {
    /// The failure that the gateway got when it read a connection.
    fn from(failure: ReadFailure) -> Self {
        match failure {
            ReadFailure::Problem(problem) => Self::from_problem(problem),
            ReadFailure::Vendor(error) => Self::Vendor(error),
            ReadFailure::Unreadable(unreadable) => Self::Unreadable(unreadable),
        }
    }
}

impl From<vendors::Failure> for Failure {
    fn from(failure: vendors::Failure) -> Self {
        match failure {
            vendors::Failure::Vendor(error) => Self::Vendor(error),
            vendors::Failure::Unreadable(unreadable) => Self::Unreadable(unreadable),
        }
    }
}

/// An HTTP status with its standard reason phrase: "503 Service Unavailable".
#[must_use]
pub fn status_line(status: u16) -> String {
    let reason = match status {
        400 => " Bad Request",
        401 => " Unauthorized",
        403 => " Forbidden",
        404 => " Not Found",
        405 => " Method Not Allowed",
        406 => " Not Acceptable",
        408 => " Request Timeout",
        409 => " Conflict",
        410 => " Gone",
        412 => " Precondition Failed",
        413 => " Content Too Large",
        415 => " Unsupported Media Type",
        422 => " Unprocessable Content",
        429 => " Too Many Requests",
        500 => " Internal Server Error",
        501 => " Not Implemented",
        502 => " Bad Gateway",
        503 => " Service Unavailable",
        504 => " Gateway Timeout",
        _ => "",
    };
    format!("{status}{reason}")
}

#[cfg(test)]
mod tests {
    use super::{Failure, Problem, status_line};

    #[test]
    fn a_not_found_problem_of_the_gateway_counts_as_missing() {
        for (kind, missing) in [("not-found", true), ("forbidden", false)] {
            let problem = Problem {
                kind: format!("/problems/{kind}"),
                status: 404,
                ..Problem::default()
            };
            assert_eq!(
                Failure::from_problem(problem).is_missing(),
                missing,
                "{kind}"
            );
        }
    }

    #[test]
    fn a_known_status_has_its_reason_phrase() {
        assert_eq!(status_line(503), "503 Service Unavailable");
        assert_eq!(status_line(599), "599");
    }

    #[test]
    fn a_502_503_or_504_of_the_gateway_is_not_a_refusal() {
        let problem = |status| Problem {
            status,
            ..Problem::default()
        };
        for status in [502, 503, 504] {
            assert!(matches!(
                Failure::from_problem(problem(status)),
                Failure::Unreachable(_)
            ));
        }
        for status in [400, 401, 403, 404, 405, 413, 500] {
            assert!(
                matches!(Failure::from_problem(problem(status)), Failure::Refused(_)),
                "{status}"
            );
        }
    }
}
