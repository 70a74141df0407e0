//! Reduces the body of a vendor's error to the contract's own fields, because the rest may hold anything.
//! Leaves successful answers as they are.

use crate::vendor_http::Answer;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use vendors::{LEFT_OUT, System};

/// The answer, with its body reduced if its status is an error.
pub(super) fn reduce(system: &System, mut answer: Answer) -> Answer {
    answer.headers.remove(LEFT_OUT);
    if answer.status.is_success() {
        return answer;
    }
    let kept = system.kept(&answer.body);
    answer.body = Bytes::from(kept.body);
    let headers = &mut answer.headers;
    headers.remove(header::CONTENT_TYPE);
    if let Some(media_type) = kept.media_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    if kept.left_out {
        headers.insert(LEFT_OUT, HeaderValue::from_static("body"));
    }
    answer
}
