//! The outcome of a change, as far as the gateway knows.

use crate::problem::Delivery;
use crate::vendor_client::Outcome;
use serde::de::IgnoredAny;
use vendors::is_refusal;

/// The outcome of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeOutcome {
    /// The vendor did not receive it.
    NotSent,
    /// The vendor carried it out.
    Done,
    /// The vendor received it and did not carry it out.
    Refused,
    /// The vendor may have carried it out.
    Unknown,
}

impl ChangeOutcome {
    /// The outcome of a change that was about to be sent. A success has to contain an object if the operation
    /// `returns_data`.
    pub(super) fn of(outcome: &Outcome, returns_data: bool) -> Self {
        match outcome {
            Ok(answer) if answer.status.is_success() => {
                if is_refusal(&answer.body) {
                    Self::Refused
                } else if is_of_vendor(&answer.body, returns_data) {
                    Self::Done
                } else {
                    // The response may not be the vendor's, but for example a proxy's sign-in page.
                    Self::Unknown
                }
            }
            // The vendor failed while handling the request, so the effect is unknown.
            Ok(answer) if answer.status.is_server_error() => Self::Unknown,
            Ok(_) => Self::Refused,
            Err(problem) if problem.may_have_been_carried_out() => Self::Unknown,
            // The vendor rejected the gateway's credentials.
            Err(problem) if problem.delivery == Some(Delivery::Refused) => Self::Refused,
            Err(_) => Self::NotSent,
        }
    }

    /// The name of the outcome in the audit.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not sent",
            Self::Done => "done",
            Self::Refused => "refused by the vendor",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether the body of a response to a change can be the vendor's: an object, or without data an empty body or any
/// JSON. The console reads the responses by the same rule, so that it shows the outcome that is recorded.
fn is_of_vendor(body: &[u8], returns_data: bool) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let body = body.trim_ascii();
    let is_json = || serde_json::from_slice::<IgnoredAny>(body).is_ok();
    match returns_data {
        true => body.starts_with(b"{") && is_json(),
        false => body.is_empty() || is_json(),
    }
}
