//! What a vendor says when it says no, cut to what may be passed on: the contract's own fields of an
//! error, and headers that are what they are called. Must leave answers of success as they are.

use crate::wire::Answer;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, header};
use vendors::{LEFT_OUT_HEADER, System};

/// The longest header that is passed on, in bytes.
const LONGEST: usize = 128;

/// The answer with as much of its body as may be passed on, if its status is no success.
pub(super) fn cut(system: &System, mut answer: Answer) -> Answer {
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

/// Whether a header of a vendor's holds what its name says, and not a sentence, a trace or a page.
pub(super) fn is_plain(name: &HeaderName, value: &HeaderValue) -> bool {
    let of = |allowed: fn(u8) -> bool| value.as_bytes().iter().all(|byte| allowed(*byte));
    value.len() <= LONGEST
        && match name.as_str() {
            "operation-id" => {
                of(|byte| byte.is_ascii_alphanumeric() || b"-_.:|/+={}".contains(&byte))
            }
            "total-count" => of(|byte| byte.is_ascii_digit()),
            // A number or a date.
            "retry-after" | "date" => {
                of(|byte| byte.is_ascii_alphanumeric() || b" ,:+-".contains(&byte))
            }
            _ => true,
        }
}
