//! Reads `ErrorResponse` in all its forms: complete, partial, in a different case, or replaced by a proxy's body.

use crate::call::{Answer, VendorError};
use crate::error_body::{self, take};

/// `Error` is the contract's field; the others come from proxies and frameworks in front of the service.
const MESSAGES: &[&str] = &["Error", "message", "msg", "detail", "title"];

/// Reads the response to any status except 2xx. Missing texts stay missing: the published 403 of one operation has the
/// type of a session by mistake and contains no reason.
pub(super) fn vendor_error(answer: &Answer) -> VendorError {
    let mut error = error_body::read(answer, MESSAGES);
    error.reason = take(&mut error.more, "Reason");
    error.resolution = take(&mut error.more, "Resolution");
    let header = || answer.header("operation-id").map(ToOwned::to_owned);
    error.operation_id = take(&mut error.more, "OperationId").or_else(header);
    error
}
