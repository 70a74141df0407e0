//! `ErrorResponse`, in every shape that it comes in: whole, in part, in another case, or not at all
//! because something in between answered.

use crate::call::{Answer, VendorError};
use crate::json::{Object, parse};
use crate::status;

const KNOWN: &[&str] = &["OperationId", "Error", "Reason", "Resolution"];

/// Reads every status but 2xx. A text that is not there is looked for no further: the published 403
/// of one operation is typed as a session by mistake, and then says nothing of why.
pub(super) fn refused(answer: &Answer) -> VendorError {
    let header = answer.header("operation-id").map(ToOwned::to_owned);
    let blank = VendorError {
        status: answer.status,
        message: status::text_or_words(answer.status, &answer.body),
        operation_id: header,
        ..VendorError::default()
    };
    let Ok(value) = parse(&answer.body) else {
        return blank;
    };
    if let Some(text) = value.as_str().filter(|text| !text.trim().is_empty()) {
        return VendorError {
            message: text.to_owned(),
            ..blank
        };
    }
    let Ok(object) = Object::of(&value, "error") else {
        return blank;
    };
    let text = |name| {
        object
            .text(name)
            .ok()
            .flatten()
            .filter(|text| !text.trim().is_empty())
    };
    VendorError {
        message: text("Error")
            .or_else(|| text("message"))
            .or_else(|| text("title"))
            .unwrap_or(blank.message),
        reason: text("Reason"),
        resolution: text("Resolution"),
        operation_id: text("OperationId").or(blank.operation_id),
        more: object.others(KNOWN),
        status: answer.status,
    }
}
