//! Why something could not be read, and what follows from it.

use crate::problem::{Kind, Problem};
use protocol::ReadFailure;
use std::time::Duration;
use vendors::Failure;

/// A problem of the gateway's own, as it is told.
pub(super) fn of_problem(problem: &Problem) -> ReadFailure {
    ReadFailure::Problem(protocol::Problem {
        retry_after: problem.retry_after.map(u64::from),
        ..problem.into()
    })
}

/// The gateway's own fault: it failed while it watched the connection with this title.
pub(super) fn of_fault(title: &str) -> ReadFailure {
    of_problem(&Problem::new(
        Kind::Internal,
        format!(
            "The gateway failed while it read {title}. It tries again; its log has the details."
        ),
    ))
}

/// What a vendor's answer amounts to.
pub(super) fn of_vendor(failure: Failure) -> ReadFailure {
    match failure {
        Failure::Vendor(error) => ReadFailure::Vendor(error),
        Failure::Unreadable(nonsense) => ReadFailure::Unreadable(nonsense),
    }
}

/// How long the vendor asked not to be asked again, or the breaker keeps it from being asked. That the
/// gateway itself has too much to do says nothing of the vendor.
pub(super) fn retry_after(failure: &ReadFailure) -> Option<Duration> {
    let seconds = match failure {
        ReadFailure::Problem(problem) if problem.kind == "/problems/overloaded" => None,
        ReadFailure::Problem(problem) => problem.retry_after,
        ReadFailure::Vendor(error) => error.retry_after,
        ReadFailure::Unreadable(_) => None,
    };
    seconds.map(Duration::from_secs)
}

/// Whether it says something of the whole connection and not only of the one thing that was read.
pub(super) fn is_of_connection(failure: &ReadFailure) -> bool {
    match failure {
        ReadFailure::Problem(_) | ReadFailure::Unreadable(_) => true,
        ReadFailure::Vendor(error) => matches!(error.status, 401 | 429) || error.status >= 500,
    }
}

/// Whether the credentials were refused.
pub(super) fn is_refusal(failure: &ReadFailure) -> bool {
    let kind = format!("/problems/{}", Kind::Credentials.name());
    matches!(failure, ReadFailure::Problem(problem) if problem.kind == kind)
}

/// Whether the vendor does not know what was asked for.
pub(super) fn is_missing(failure: &ReadFailure) -> bool {
    matches!(failure, ReadFailure::Vendor(error) if error.status == 404)
}

/// Whether no more can be read after it, where the same system has just answered: it takes no more requests, or is not
/// reached any more. A vendor may fail at one thing and answer for the others.
pub(super) fn ends_a_reading(failure: &ReadFailure) -> bool {
    match failure {
        // An address at which there is an answer is none that is wrong.
        ReadFailure::Problem(problem) => [Kind::Unreadable, Kind::TooLarge, Kind::WrongAddress]
            .iter()
            .all(|kind| problem.kind != format!("/problems/{}", kind.name())),
        ReadFailure::Unreadable(_) => false,
        ReadFailure::Vendor(error) => matches!(error.status, 401 | 429),
    }
}

/// One line: the vendor's own words where there are some.
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
    fn what_a_failure_says_of_the_connection() {
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
    fn a_vendor_may_ask_for_a_pause_and_the_gateways_own_limit_does_not() {
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
