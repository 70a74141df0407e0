//! `ErrorResponse`, in every shape that it comes in: whole, in part, in another case, or not at all
//! because something in between answered.

use crate::call::{Answer, VendorError};
use crate::error_body::{self, take};

/// `Error` is the contract's; the others are what proxies and frameworks before the service say.
const MESSAGES: &[&str] = &["Error", "message", "detail", "title"];

/// Reads every status but 2xx. A text that is not there is looked for no further: the published 403
/// of one operation is typed as a session by mistake, and then says nothing of why.
pub(super) fn refused(answer: &Answer) -> VendorError {
    let mut error = error_body::read(answer, MESSAGES);
    error.reason = take(&mut error.more, "Reason");
    error.resolution = take(&mut error.more, "Resolution");
    let header = || answer.header("operation-id").map(ToOwned::to_owned);
    error.operation_id = take(&mut error.more, "OperationId").or_else(header);
    error
}
