//! The outcome of a change: done, refused or unknown, and the state of the system afterwards.

use super::failure::Failure;
use futures_util::future::LocalBoxFuture;

/// The outcome of a change. A change is sent once; an unknown outcome is settled by reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The vendor did it.
    Done {
        /// What was done, and the verified state.
        message: String,
        /// Whether the change can be undone.
        undoable: bool,
    },
    /// Nothing was sent: the current state is not what the user saw.
    Changed {
        /// The current state.
        message: String,
    },
    /// Nothing was sent: with what the vendor reports it would change more than was asked for.
    Prevented {
        /// What is missing, and what to do.
        message: String,
    },
    /// The vendor accepted the change, and what was asked for is not what was read afterwards.
    Unverified {
        /// What was read instead.
        message: String,
    },
    /// The vendor or the gateway refused the change.
    Refused {
        /// The error.
        failure: Failure,
        /// The current state, where it explains the refusal.
        message: Option<String>,
        /// Its values beside those that were sent.
        compared: Vec<Compared>,
    },
    /// No response arrived, or it could not be read afterwards what the change did: it may or may not be in effect.
    Unknown {
        /// Why there is no response, or why nothing could be read.
        failure: Failure,
        /// What was read afterwards, or where it can be seen.
        message: String,
    },
}

/// One property: the server's value beside the one that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Its name.
    pub property: &'static str,
    /// The server's value.
    pub theirs: String,
    /// The value that was sent.
    pub yours: String,
}

impl Outcome {
    /// A refusal in the vendor's words alone.
    #[must_use]
    pub fn refused(failure: Failure) -> Self {
        Self::Refused {
            failure,
            message: None,
            compared: Vec::new(),
        }
    }
}

/// Sends a change: what it did in words, and whether that can be undone.
pub type Sending<'a> = LocalBoxFuture<'a, Result<(String, bool), Failure>>;

/// Reads the state after a change: whether what was asked for is there, and the state in words.
pub type Check<'a> = LocalBoxFuture<'a, Result<(bool, String), Failure>>;

/// Sends a change once and then reads the state. It is done only if what was asked for is there; `missed` stands before
/// the state where it is not.
pub async fn execute(change: Sending<'_>, missed: &str, check: Check<'_>) -> Outcome {
    match change.await {
        Ok((done, undoable)) => {
            match check.await {
                Ok((true, now)) => Outcome::Done {
                    undoable,
                    message: format!("{done} {now}"),
                },
                // A service may accept a change and not make it.
                Ok((false, now)) => Outcome::Unverified {
                    message: format!("{missed} {now}"),
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
                    "The current state could not be read either: {}.",
                    again.line()
                ),
            },
            failure,
        },
        Err(failure) => not_carried_out(failure),
    }
}

/// The outcome of a change that the vendor refused, or the gateway, which may have been unable to send it.
fn not_carried_out(failure: Failure) -> Outcome {
    Outcome::Refused {
        message: matches!(failure, Failure::Unreachable(_))
            .then(|| "The change was not carried out.".to_owned()),
        failure,
        compared: Vec::new(),
    }
}

/// The outcome of a change at the gateway itself, which says what it did. `afterwards` reads and describes the current
/// state where no response came.
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

/// Whether a failed change may have been applied: there was no response, an unreadable one, or a fault while it was
/// processed, of the vendor, the gateway, or a proxy between. Any other failure is a definite refusal, as is what the
/// gateway knows not to have been carried out.
#[must_use]
pub fn is_unknown(failure: &Failure) -> bool {
    match failure {
        Failure::Unreadable(_) => true,
        Failure::Unreachable(problem) | Failure::Refused(problem) => {
            let is_answer = matches!(problem.status, 1..500);
            !is_answer && problem.carried_out != Some(false)
        }
        // The vendor failed while processing it, so the change may have been applied in part.
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
    fn a_change_is_done_only_where_what_it_did_was_read() {
        let told = |sent: Result<(), Failure>, read: Result<(bool, &str), Failure>| {
            let read = read.map(|(is_there, now)| (is_there, now.to_owned()));
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
        assert_eq!(told(Ok(()), Ok((true, "It is so."))), done);
        let missed = Outcome::Unverified {
            message: "Not so. It is not.".to_owned(),
        };
        assert_eq!(told(Ok(()), Ok((false, "It is not."))), missed);
        let failure = || Failure::no_gateway("timed out");
        let unknown = Outcome::Unknown {
            failure: failure(),
            message: "Plant B did it. The result is not verified, because the current state could not be read.".to_owned(),
        };
        assert_eq!(told(Ok(()), Err(failure())), unknown);
        let unsent = Outcome::Unknown {
            failure: failure(),
            message: "Read afterwards: It is not.".to_owned(),
        };
        assert_eq!(told(Err(failure()), Ok((false, "It is not."))), unsent);
    }

    #[test]
    fn only_an_answer_that_says_no_is_a_refusal() {
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
