//! How a change ended, as far as the gateway can tell.

use crate::problem::Delivery;
use crate::vendor_client::Outcome;
use serde::de::IgnoredAny;
use vendors::is_refusal;

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeOutcome {
    /// The vendor never got it.
    NotSent,
    /// The vendor carried it out.
    Done,
    /// The vendor got it and did not carry it out.
    Refused,
    /// The vendor may have carried it out.
    Unknown,
}

impl ChangeOutcome {
    /// How a change ended with this outcome, once it was about to be sent.
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Ok(answer) if answer.status.is_success() => {
                if is_refusal(&answer.body) {
                    Self::Refused
                } else if is_of_vendor(&answer.body) {
                    Self::Done
                } else {
                    // Something else may have answered, such as a proxy's sign-in page.
                    Self::Unknown
                }
            }
            // The vendor failed while it handled the request, so its effect is not known.
            Ok(answer) if answer.status.is_server_error() => Self::Unknown,
            Ok(_) => Self::Refused,
            Err(problem) if problem.may_have_been_carried_out() => Self::Unknown,
            // The vendor answered that it does not take the gateway's credentials.
            Err(problem) if problem.delivery == Some(Delivery::Refused) => Self::Refused,
            Err(_) => Self::NotSent,
        }
    }

    /// The audit's word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NotSent => "not sent",
            Self::Done => "done",
            Self::Refused => "refused by the vendor",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether the body of an answer to a change is the vendor's: nothing, or JSON. Every vendor answers changes with one of
/// the two.
fn is_of_vendor(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii().is_empty() || serde_json::from_slice::<IgnoredAny>(body).is_ok()
}
