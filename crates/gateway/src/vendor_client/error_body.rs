//! Reduces the body of a vendor's error to the fields of its API, because the rest may contain anything. The bodies of
//! successful answers stay as they are.

use crate::vendor_http::Answer;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use vendors::{LEFT_OUT_HEADER, System};

/// The header with the id of an operation, which is shown to people and recorded.
const OPERATION_ID: &str = "operation-id";

/// The answer without an implausible operation id, and with a reduced body if its status is an error.
pub(super) fn reduce(system: &System, mut answer: Answer) -> Answer {
    answer.headers.remove(LEFT_OUT_HEADER);
    let id = answer.headers.get(OPERATION_ID);
    if id.is_some_and(|id| !is_plausible(id.as_bytes())) {
        answer.headers.remove(OPERATION_ID);
    }
    if answer.status.is_success() {
        return answer;
    }
    let kept = system.redact(&answer.body);
    answer.body = Bytes::from(kept.body);
    let headers = &mut answer.headers;
    headers.remove(header::CONTENT_TYPE);
    if let Some(media_type) = kept.media_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    if kept.left_out {
        headers.insert(LEFT_OUT_HEADER, HeaderValue::from_static("body"));
    }
    answer
}

fn is_plausible(id: &[u8]) -> bool {
    let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:|/+={}".contains(byte);
    id.len() <= 128 && id.iter().all(is_usual)
}
