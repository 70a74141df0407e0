//! Reads `ErrorResponse` in all its shapes: complete, partial, in another case, or replaced by the body
//! of a proxy.

use crate::call::{Answer, VendorError};
use crate::error_body::{self, take};

/// `Error` is the contract's field; the others come from proxies and frameworks in front of the service.
const MESSAGES: &[&str] = &["Error", "message", "msg", "detail", "title"];

/// Reads every status except 2xx. Missing texts stay missing: the published 403 of one operation is
/// typed as a session by mistake, and gives no reason.
pub(super) fn vendor_error(answer: &Answer) -> VendorError {
    let mut error = error_body::read(answer, MESSAGES);
    error.reason = take(&mut error.more, "Reason");
    error.resolution = take(&mut error.more, "Resolution");
    let header = || answer.header("operation-id").map(ToOwned::to_owned);
    error.operation_id = take(&mut error.more, "OperationId").or_else(header);
    error
}
