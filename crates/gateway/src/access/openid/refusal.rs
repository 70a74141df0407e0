//! Why nobody is signed in, and the redirects that a sign-in ends with. A browser gets a word, never a text.

use crate::problem::{Kind, Problem};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Why nobody is signed in. The console says each in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The provider does not let them in, or they turned back.
    Denied,
    /// They are nobody here.
    NoRole,
    /// What came back is not what this browser was sent for, or too late, or for the second time.
    Expired,
    /// The provider did not answer.
    Unreachable,
    /// The provider's answer is not what it has to be.
    Invalid,
    /// Too many failed.
    TooManyTries,
    /// A mistake in the gateway.
    Internal,
}

impl Refusal {
    /// The word that the console knows it by.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NoRole => "no-role",
            Self::Expired => "expired",
            Self::Unreachable => "unreachable",
            Self::Invalid => "invalid",
            Self::TooManyTries => "too-many-tries",
            Self::Internal => "internal",
        }
    }

    /// Whether it is no decision about anybody.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Unreachable | Self::Invalid | Self::Internal)
    }
}

/// Sends the browser on.
pub(super) fn see(address: &str) -> Response {
    let Ok(address) = HeaderValue::try_from(address) else {
        return Problem::new(Kind::Internal, "an address cannot be sent in a header")
            .into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, address);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Sends the browser back to the sign-in page, which says why, and leads to where somebody wanted to go.
pub(super) fn failed(refusal: Refusal, to: &str) -> Response {
    let to = match to {
        "/" => String::new(),
        to => format!("&to={}", utf8_percent_encode(to, NON_ALPHANUMERIC)),
    };
    see(&format!("/sign-in?failed={}{to}", refusal.code()))
}
