//! The vendor's response for the browser: status, body and a few headers.

use crate::vendor_http::Answer;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, Response, header};
use protocol::VIA;
use tokio::time::Instant;

/// The vendor's headers that are passed on to the browser.
const RETURNED: [HeaderName; 7] = [
    HeaderName::from_static(vendors::LEFT_OUT_HEADER),
    header::CONTENT_TYPE,
    header::DATE,
    header::RETRY_AFTER,
    header::ETAG,
    HeaderName::from_static("total-count"),
    HeaderName::from_static("operation-id"),
];

/// The maximum length of a header's value, in bytes.
const MAX_LENGTH: usize = 128;

/// Creates the response. `Via` marks it as the vendor's own, and `Age` is its age.
pub(super) fn response(answer: Answer) -> Response<Bytes> {
    let age = answer.age(Instant::now()).as_secs();
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    for name in RETURNED {
        if let Some(value) = answer.headers.get(&name)
            && is_plain(&name, value)
        {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(header::AGE, HeaderValue::from(age));
    headers.insert(header::VIA, HeaderValue::from_static(VIA));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether a header's value has the expected form. A vendor might put text into it that must not be passed on.
fn is_plain(name: &HeaderName, value: &HeaderValue) -> bool {
    let all = |allowed: fn(u8) -> bool| value.as_bytes().iter().all(|byte| allowed(*byte));
    value.len() <= MAX_LENGTH
        && match name.as_str() {
            "total-count" => all(|byte| byte.is_ascii_digit()),
            // A number or a date.
            "retry-after" | "date" => {
                all(|byte| byte.is_ascii_alphanumeric() || b" ,:+-".contains(&byte))
            }
            _ => true,
        }
}
