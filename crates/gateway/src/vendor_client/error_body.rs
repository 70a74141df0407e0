//! Reduces the body of a vendor's error to the fields of its API, because the rest may contain anything. Successful
//! answers stay as they are.

use crate::vendor_http::Answer;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use vendors::{LEFT_OUT_HEADER, System};

/// The answer, with a reduced body if its status is an error.
pub(super) fn reduce(system: &System, mut answer: Answer) -> Answer {
    answer.headers.remove(LEFT_OUT_HEADER);
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
