//! The outcome of a change: done, refused or unknown, and the state of the system afterwards.

use super::failure::Failure;
use futures_util::future::LocalBoxFuture;

/// The outcome of a change. A change is sent once; an unknown outcome is settled by reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The change is in effect.
    Done {
        /// A sentence about the change, and the verified state.
        message: String,
        /// Whether the change can be undone.
        undoable: bool,
    },
    /// Nothing was sent: the current state is not what the user saw.
    Changed {
        /// The current state.
        message: String,
    },
    /// Nothing was sent: because of missing data from the vendor, the change would affect more than the user wanted.
    Prevented {
        /// The missing data, and what to do.
        message: String,
    },
    /// The vendor accepted the change, but the state that was read afterwards is different.
    Unverified {
        /// The state that was read.
        message: String,
    },
    /// The vendor or the gateway refused the change.
    Refused {
        /// The error.
        failure: Failure,
        /// The current state, where it explains the refusal.
        message: Option<String>,
        /// The server's values beside the ones that were sent.
        compared: Vec<Compared>,
    },
    /// No response arrived, or the state could not be read afterwards: the change may or may not be in effect.
    Unknown {
        /// Why there is no response, or why the state could not be read.
        failure: Failure,
        /// The state that was read afterwards, or where the user can check it.
        message: String,
    },
}

/// One property: the server's value beside the one that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The property's name.
    pub property: &'static str,
    /// The server's value.
    pub theirs: String,
    /// The value that was sent.
    pub yours: String,
}

impl Outcome {
    /// A refusal with the vendor's error only.
    #[must_use]
    pub fn refused(failure: Failure) -> Self {
        Self::Refused {
            failure,
            message: None,
            compared: Vec::new(),
        }
    }
}

/// Sends a change. Returns a sentence about it, and whether it can be undone.
pub type Sending<'a> = LocalBoxFuture<'a, Result<(String, bool), Failure>>;

/// Reads the state after a change. Returns whether the change is in effect, and the state in words.
pub type Check<'a> = LocalBoxFuture<'a, Result<(bool, String), Failure>>;

/// Sends a change once and then reads the state. The outcome is [`Outcome::Done`] only if the change is in effect;
/// otherwise the message is `unverified` and the state.
pub async fn execute(change: Sending<'_>, unverified: &str, check: Check<'_>) -> Outcome {
    match change.await {
        Ok((done, undoable)) => {
            match check.await {
                Ok((true, now)) => Outcome::Done {
                    undoable,
                    message: format!("{done} {now}"),
                },
                // A service may accept a change without carrying it out.
                Ok((false, now)) => Outcome::Unverified {
                    message: format!("{unverified} {now}"),
                },
                Err(failure) => Outcome::Unknown {
                    failure,
                    message: format!(
                        "{done} The result is not verified, because the current state could not be read."
                    ),
                },
            }
        }
        Err(failure) if is_unknown(&failure) => Outcome::Unknown {
            message: match check.await {
                Ok((_, now)) => format!("Read afterwards: {now}"),
                Err(again) => format!(
                    "The current state could not be read either: {}. The page shows it once it can be read: check it before sending again.",
                    again.line()
                ),
            },
            failure,
        },
        Err(failure) => not_carried_out(failure),
    }
}

/// The outcome of a change that the vendor or the gateway refused, or that the gateway could not send.
fn not_carried_out(failure: Failure) -> Outcome {
    Outcome::Refused {
        message: matches!(failure, Failure::Unreachable(_))
            .then(|| "The change was not carried out.".to_owned()),
        failure,
        compared: Vec::new(),
    }
}

/// The outcome of a change on the gateway itself, whose response is reliable. Without a response, `afterwards`
/// describes the current state.
pub async fn settled<T>(
    answer: Result<T, Failure>,
    done: String,
    afterwards: impl AsyncFnOnce() -> String,
) -> Outcome {
    match answer {
        Ok(_) => Outcome::Done {
            message: done,
            undoable: false,
        },
        Err(failure) if is_unknown(&failure) => Outcome::Unknown {
            failure,
            message: afterwards().await,
        },
        Err(failure) => not_carried_out(failure),
    }
}

/// Whether a failed change may have been applied: there was no response, an unreadable one, or an internal error of the
/// vendor, the gateway, or a proxy between them. Any other failure is a definite refusal, and so is a problem response
/// that says that the change was not carried out.
#[must_use]
pub fn is_unknown(failure: &Failure) -> bool {
    match failure {
        Failure::Unreadable(_) => true,
        Failure::Unreachable(problem) | Failure::Refused(problem) => {
            let is_answer = matches!(problem.status, 1..500);
            !is_answer && problem.carried_out != Some(false)
        }
        // The vendor failed while it processed the change, so a part of it may have been applied.
        Failure::Vendor(error) => error.status >= 500,
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, execute, is_unknown};
    use crate::api::Failure;
    use crate::api::failure::Problem;
    use futures_util::FutureExt;
    use std::future::ready;
    use vendors::call::{Unreadable, VendorError};

    #[test]
    fn a_change_is_done_only_if_the_state_afterwards_confirms_it() {
        let outcome = |sent: Result<(), Failure>, read: Result<(bool, &str), Failure>| {
            let read = read.map(|(is_in_effect, now)| (is_in_effect, now.to_owned()));
            let sent = sent.map(|()| ("Plant B did it.".to_owned(), true));
            let outcome = execute(
                ready(sent).boxed_local(),
                "Not so.",
                ready(read).boxed_local(),
            );
            outcome.now_or_never().expect("nothing to wait for")
        };
        let done = Outcome::Done {
            message: "Plant B did it. It is so.".to_owned(),
            undoable: true,
        };
        assert_eq!(outcome(Ok(()), Ok((true, "It is so."))), done);
        let missed = Outcome::Unverified {
            message: "Not so. It is not.".to_owned(),
        };
        assert_eq!(outcome(Ok(()), Ok((false, "It is not."))), missed);
        let failure = || Failure::no_gateway("timed out");
        let unknown = Outcome::Unknown {
            failure: failure(),
            message: "Plant B did it. The result is not verified, because the current state could not be read.".to_owned(),
        };
        assert_eq!(outcome(Ok(()), Err(failure())), unknown);
        let unsent = Outcome::Unknown {
            failure: failure(),
            message: "Read afterwards: It is not.".to_owned(),
        };
        assert_eq!(outcome(Err(failure()), Ok((false, "It is not."))), unsent);
        let unread = Outcome::Unknown {
            failure: failure(),
            message: "The current state could not be read either: The gateway does not answer: timed out. The page shows it once it can be read: check it before sending again.".to_owned(),
        };
        assert_eq!(outcome(Err(failure()), Err(failure())), unread);
    }

    #[test]
    fn only_a_definite_refusal_makes_the_outcome_known() {
        let vendor = |status| {
            Failure::Vendor(Box::new(VendorError {
                status,
                ..VendorError::default()
            }))
        };
        let problem = |status, carried_out| {
            Failure::from_problem(Problem {
                status,
                carried_out,
                ..Problem::default()
            })
        };
        let unreadable = Failure::Unreadable(Unreadable {
            status: 200,
            problem: String::new(),
            excerpt: String::new(),
        });
        for (failure, unknown) in [
            (Failure::no_gateway("timed out"), true),
            (unreadable, true),
            (problem(401, None), false),
            (problem(409, None), false),
            (problem(500, None), true),
            (problem(500, Some(false)), false),
            (problem(502, None), true),
            (problem(503, Some(false)), false),
            (problem(520, None), true),
            (vendor(400), false),
            (vendor(409), false),
            (vendor(429), false),
            (vendor(500), true),
            (vendor(503), true),
        ] {
            assert_eq!(is_unknown(&failure), unknown, "{failure:?}");
        }
    }
}
