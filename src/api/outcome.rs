//! What came of a change: it was done, it was refused, or nobody knows; and what the system then holds.

use super::failure::Failure;
use super::transport::Arrived;
use std::future::Future;

/// What came of a change. A change is sent once; what is not known afterwards is settled by reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The vendor did it.
    Done {
        /// What it did, and what it then holds.
        message: String,
        /// Whether something was changed that can be taken back.
        undoable: bool,
    },
    /// Nothing was sent: what is there is not what the person saw.
    Changed {
        /// What is there now.
        message: String,
    },
    /// The vendor, or the gateway before it, said no.
    Refused {
        /// In whose words.
        failure: Failure,
        /// What it holds instead, where that explains the refusal.
        message: Option<String>,
        /// Its values beside those that were sent.
        compared: Vec<Compared>,
    },
    /// No answer came: it may have been done or not.
    Unknown {
        /// Why there is no answer.
        failure: Failure,
        /// What the system holds now.
        message: String,
    },
}

/// One property of what the server holds, beside what was sent.
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

/// Sends a change once, then reads what the system holds. `done` words the answer and says whether it
/// can be taken back; `check` reads and words what is there now.
pub async fn execute<T>(
    change: impl Future<Output = Result<Arrived<T>, Failure>>,
    done: impl FnOnce(&T) -> (String, bool),
    check: impl AsyncFnOnce() -> Result<String, Failure>,
) -> Outcome {
    match change.await {
        Ok(answer) => {
            let (done, undoable) = done(&answer.value);
            Outcome::Done {
                undoable,
                message: match check().await {
                    Ok(now) => format!("{done} {now}"),
                    Err(failure) => format!(
                        "{done} The current state could not be read: {}.",
                        failure.line()
                    ),
                },
            }
        }
        Err(failure) if is_unknown(&failure) => Outcome::Unknown {
            message: match check().await {
                Ok(now) => now,
                Err(again) => format!(
                    "The current state could not be read either: {}.",
                    again.line()
                ),
            },
            failure,
        },
        Err(failure) => Outcome::refused(failure),
    }
}

/// Whether a change may have been done although it failed: nobody answered, or somebody did who cannot
/// be understood. Everything else is an answer.
#[must_use]
pub fn is_unknown(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable(_) | Failure::Nonsense(_) => true,
        Failure::Refused(_) => false,
        // The vendor failed while it handled it: how far it came, it does not say.
        Failure::Vendor(error) => error.status >= 500,
    }
}

#[cfg(test)]
mod tests {
    use super::is_unknown;
    use crate::api::Failure;
    use crate::api::failure::Problem;
    use vendors::call::{Nonsense, VendorError};

    #[test]
    fn only_an_answer_that_says_no_is_a_refusal() {
        let vendor = |status| {
            Failure::Vendor(Box::new(VendorError {
                status,
                ..VendorError::default()
            }))
        };
        let nonsense = Failure::Nonsense(Nonsense {
            status: 200,
            problem: String::new(),
            excerpt: String::new(),
        });
        for (failure, unknown) in [
            (Failure::no_gateway("timed out"), true),
            (nonsense, true),
            (Failure::Refused(Problem::default()), false),
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
