//! The reasons why a reading failed, and their consequences.

use crate::problem::{Kind, Problem};
use protocol::ReadFailure;
use std::time::Duration;
use vendors::Failure;

/// A problem of the gateway, as it is reported to viewers.
pub(super) fn of_problem(problem: &Problem) -> ReadFailure {
    ReadFailure::Problem(protocol::Problem {
        retry_after: problem.retry_after.map(u64::from),
        ..problem.into()
    })
}

/// The failure for a fault of the gateway while it watched the connection with this title.
pub(super) fn of_fault(title: &str) -> ReadFailure {
    of_problem(&Problem::new(
        Kind::Internal,
        format!(
            "The gateway failed while it read {title}. Retrying automatically; the gateway's log has the details."
        ),
    ))
}

/// The failure for a vendor's answer.
pub(super) fn of_vendor(failure: Failure) -> ReadFailure {
    match failure {
        Failure::Vendor(error) => ReadFailure::Vendor(error),
        Failure::Unreadable(nonsense) => ReadFailure::Unreadable(nonsense),
    }
}

/// How long to wait before the next read, as the vendor (at most [`vendors::call::MAX_RETRY_AFTER`]) or the gateway
/// asks. An overload of the gateway itself says nothing about the vendor.
pub(super) fn retry_after(failure: &ReadFailure) -> Option<Duration> {
    let seconds = match failure {
        ReadFailure::Problem(problem) if problem.kind == Kind::Overloaded.uri() => None,
        ReadFailure::Problem(problem) => problem.retry_after,
        ReadFailure::Vendor(error) => error.retry_after,
        ReadFailure::Unreadable(_) => None,
    };
    seconds.map(Duration::from_secs)
}

/// Whether the vendor, or the gateway for it, asks for fewer requests, so that no further ones are sent for now.
pub(super) fn asks_for_a_pause(failure: &ReadFailure) -> bool {
    let is_too_many = matches!(failure, ReadFailure::Vendor(error) if error.status == 429);
    is_too_many || retry_after(failure).is_some()
}

/// Whether it concerns the whole connection, not only the resource that was read.
pub(super) fn is_of_connection(failure: &ReadFailure) -> bool {
    match failure {
        ReadFailure::Problem(_) | ReadFailure::Unreadable(_) => true,
        ReadFailure::Vendor(error) => matches!(error.status, 401 | 429) || error.status >= 500,
    }
}

/// Whether the credentials were rejected.
pub(super) fn is_refusal(failure: &ReadFailure) -> bool {
    matches!(failure, ReadFailure::Problem(problem) if problem.kind == Kind::Credentials.uri())
}

/// Whether the vendor does not know the requested resource.
pub(super) fn is_missing(failure: &ReadFailure) -> bool {
    matches!(failure, ReadFailure::Vendor(error) if error.status == 404)
}

/// Whether it ends a reading although the same system has just answered: the system accepts no more requests or is no
/// longer reachable. A vendor may fail for one resource and answer for the others.
pub(super) fn ends_a_reading(failure: &ReadFailure) -> bool {
    match failure {
        // An address with an answer is not wrong.
        ReadFailure::Problem(problem) => [Kind::Unreadable, Kind::TooLarge, Kind::WrongAddress]
            .iter()
            .all(|kind| problem.kind != kind.uri()),
        ReadFailure::Unreadable(_) => false,
        ReadFailure::Vendor(error) => matches!(error.status, 401 | 429),
    }
}

/// One line, with the vendor's own words if there are any.
pub(crate) fn line(failure: &ReadFailure) -> String {
    match failure {
        ReadFailure::Problem(problem) => problem.line(),
        ReadFailure::Vendor(error) => error.line(),
        ReadFailure::Unreadable(nonsense) => {
            format!("Unreadable response: {}", nonsense.problem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vendors::call::VendorError;

    fn vendor(status: u16, retry_after: Option<u64>) -> ReadFailure {
        ReadFailure::Vendor(Box::new(VendorError {
            status,
            message: "no".to_owned(),
            retry_after,
            ..VendorError::default()
        }))
    }

    #[test]
    fn failures_are_assigned_to_the_connection_or_to_one_resource() {
        for (status, expected, ends) in [
            (400, false, false),
            (401, true, true),
            (403, false, false),
            (404, false, false),
            (409, false, false),
            (429, true, true),
            (500, true, false),
            (503, true, false),
        ] {
            let failure = vendor(status, None);
            let is = (is_of_connection(&failure), ends_a_reading(&failure));
            assert_eq!(is, (expected, ends), "{status}");
        }
        for (kind, ends) in [
            (Kind::Timeout, true),
            (Kind::Unreachable, true),
            (Kind::Unreadable, false),
            (Kind::TooLarge, false),
            (Kind::WrongAddress, false),
        ] {
            let failure = of_problem(&Problem::new(kind, "x"));
            assert_eq!(ends_a_reading(&failure), ends, "{kind:?}");
        }
        let timeout = of_problem(&Problem::new(
            Kind::Timeout,
            "Plant A did not answer in time",
        ));
        assert!(is_of_connection(&timeout));
        assert_eq!(line(&timeout), "Plant A did not answer in time");
        assert_eq!(line(&vendor(503, None)), "503: no");
    }

    #[test]
    fn a_vendor_can_request_a_pause_but_the_gateways_own_limit_cannot() {
        let wait = Some(Duration::from_secs(7));
        assert_eq!(retry_after(&vendor(503, Some(7))), wait);
        for (kind, expected) in [(Kind::Timeout, wait), (Kind::Overloaded, None)] {
            let problem = Problem {
                retry_after: Some(7),
                ..Problem::new(kind, "x")
            };
            assert_eq!(retry_after(&of_problem(&problem)), expected, "{kind:?}");
        }
    }
}
