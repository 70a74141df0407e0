//! The four kinds of failure. They are distinct because each needs a different reaction: unreachable,
//! refused by the gateway, unreadable response, error returned by the vendor.

use serde::Deserialize;
use std::time::Duration;
use vendors::call::{Nonsense, VendorError};

/// Why there is no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The gateway could not be reached, or the gateway could not reach the vendor.
    Unreachable(Problem),
    /// The gateway refused the request.
    Refused(Problem),
    /// The vendor's response does not match its contract.
    Nonsense(Nonsense),
    /// The vendor returned an error.
    Vendor(Box<VendorError>),
}

/// `application/problem+json` (RFC 9457), the format of the gateway's own errors.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Problem {
    /// `/problems/…`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What it is, in a few words.
    #[serde(default)]
    pub title: String,
    /// The HTTP status; 0 when nothing answered.
    #[serde(default)]
    pub status: u16,
    /// What happened this time.
    #[serde(default)]
    pub detail: String,
    /// The gateway's request id, to find it in the log.
    #[serde(skip)]
    pub request_id: Option<String>,
    /// How long not to ask again, in seconds.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// Title and detail in one line. For an unreachable vendor the detail alone is enough: "Could not reach
    /// Plant A: it refused the connection".
    #[must_use]
    pub fn line(&self) -> String {
        let says_all = matches!(
            self.kind.as_str(),
            "/problems/unreachable" | "/problems/timeout"
        );
        let mut letters = self.detail.chars();
        match (letters.next(), self.title.as_str()) {
            (None, title) => title.to_owned(),
            (Some(first), title) if says_all || title.is_empty() => {
                first.to_uppercase().chain(letters).collect()
            }
            (Some(_), title) => format!("{title}: {}", self.detail),
        }
    }
}

impl Failure {
    /// Nothing answered at all.
    #[must_use]
    pub fn no_gateway(detail: &str) -> Self {
        Self::Unreachable(Problem {
            kind: "/problems/no-gateway".to_owned(),
            title: "The gateway does not answer".to_owned(),
            detail: detail.to_owned(),
            ..Problem::default()
        })
    }

    /// The failure that a problem response of the gateway stands for.
    #[must_use]
    pub fn from_problem(problem: Problem) -> Self {
        match problem.status {
            502..=504 => Self::Unreachable(problem),
            _ => Self::Refused(problem),
        }
    }

    /// The HTTP status, 0 when nothing answered.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unreachable(problem) | Self::Refused(problem) => problem.status,
            Self::Nonsense(nonsense) => nonsense.status,
            Self::Vendor(error) => error.status,
        }
    }

    /// How long the vendor or the gateway asked not to be asked again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = match self {
            Self::Unreachable(problem) | Self::Refused(problem) => problem.retry_after,
            Self::Nonsense(_) => None,
            Self::Vendor(error) => error.retry_after,
        };
        seconds.map(Duration::from_secs)
    }

    /// Whether the failure concerns the whole connection and not only the requested resource: no response,
    /// a response from something else, or a vendor that is overloaded, down or denies access.
    #[must_use]
    pub fn is_of_connection(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Refused(_) | Self::Nonsense(_) => true,
            Self::Vendor(error) => matches!(error.status, 401 | 429) || error.status >= 500,
        }
    }

    /// Whether the vendor says that the thing does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Vendor(error) if error.status == 404)
    }

    /// One line for a chip or a table cell: the vendor's own words where there are some.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Unreachable(problem) | Self::Refused(problem) => problem.line(),
            Self::Nonsense(nonsense) => format!("Unreadable response: {}", nonsense.problem),
            Self::Vendor(error) => format!("{}: {}", error.status, error.message),
        }
    }
}

impl From<vendors::Failure> for Failure {
    fn from(failure: vendors::Failure) -> Self {
        match failure {
            vendors::Failure::Vendor(error) => Self::Vendor(error),
            vendors::Failure::Nonsense(nonsense) => Self::Nonsense(nonsense),
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
    fn a_status_has_its_reason_phrase_where_there_is_one() {
        assert_eq!(status_line(503), "503 Service Unavailable");
        assert_eq!(status_line(599), "599");
    }

    #[test]
    fn a_gateway_that_cannot_reach_the_vendor_is_not_a_refusal() {
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

    #[test]
    fn who_cannot_be_reached_is_said_once() {
        let line = |kind: &str, title: &str, detail: &str| {
            let (kind, title, detail) = (kind.to_owned(), title.to_owned(), detail.to_owned());
            Failure::from_problem(Problem {
                kind,
                title,
                detail,
                status: 502,
                ..Problem::default()
            })
            .line()
        };
        for (kind, title, detail, expected) in [
            (
                "/problems/unreachable",
                "Could not reach the vendor",
                "could not reach Plant A: it reset the connection",
                "Could not reach Plant A: it reset the connection",
            ),
            (
                "/problems/timeout",
                "The vendor did not answer in time",
                "Plant A did not answer in time",
                "Plant A did not answer in time",
            ),
            (
                "/problems/timeout",
                "The vendor did not answer in time",
                "",
                "The vendor did not answer in time",
            ),
            (
                "/problems/redirect",
                "The vendor redirected",
                "Plant A answered 302",
                "The vendor redirected: Plant A answered 302",
            ),
            ("about:blank", "", "é", "É"),
        ] {
            assert_eq!(line(kind, title, detail), expected);
        }
    }
}
