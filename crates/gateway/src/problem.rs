//! What the gateway itself says when something fails: problem details (RFC 9457). The vendors' own
//! errors are not among them, their known fields are relayed. Must never hold a secret or an address.

use axum::body::Body;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

/// The kinds of problem. Each is a `type` of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is nothing here.
    NotFound,
    /// There is something here, for other methods.
    MethodNotAllowed,
    /// The request cannot be understood.
    BadRequest,
    /// A body of another type than JSON.
    UnsupportedMediaType,
    /// Another site tried to use the visitor's browser, or the name in the address is not ours.
    CrossSite,
    /// Nobody is signed in.
    SignIn,
    /// A sign-in with a name or a password that is wrong; never which.
    WrongPassword,
    /// Too many tries to sign in.
    TooManyTries,
    /// Who is signed in may not do this.
    Forbidden,
    /// A code that no screen shows, or no longer.
    WrongCode,
    /// A name that is another's already.
    NameTaken,
    /// More is asked of the gateway than it does at a time.
    Overloaded,
    /// Requests should go to another gateway.
    NotReady,
    /// The vendor's system could not be reached.
    Unreachable,
    /// The vendor's system did not answer in time.
    Timeout,
    /// The body is larger than what is passed on.
    TooLarge,
    /// The vendor's system did not accept the gateway's own credentials.
    Credentials,
    /// The vendor's system sent the gateway elsewhere.
    Redirect,
    /// What the vendor's system answered cannot be read.
    Unreadable,
    /// A change that has to say what it is based on does not.
    PreconditionRequired,
    /// Where a thumbnail should be is none that could be shown.
    Thumbnail,
    /// A mistake in the gateway.
    Internal,
}

impl Kind {
    /// The last part of the `type`.
    pub(crate) fn name(self) -> &'static str {
        self.words().0
    }

    /// The last part of the `type`, the title and the status it has as a rule.
    fn words(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::NotFound => ("not-found", "Not found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                "Method not allowed",
                StatusCode::METHOD_NOT_ALLOWED,
            ),
            Self::BadRequest => ("bad-request", "Bad request", StatusCode::BAD_REQUEST),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                "Unsupported media type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ),
            Self::CrossSite => (
                "cross-site",
                "Cross-site request refused",
                StatusCode::FORBIDDEN,
            ),
            Self::SignIn => ("sign-in", "Sign in first", StatusCode::UNAUTHORIZED),
            Self::WrongPassword => ("wrong-password", "Not signed in", StatusCode::UNAUTHORIZED),
            Self::TooManyTries => (
                "too-many-tries",
                "Too many tries",
                StatusCode::TOO_MANY_REQUESTS,
            ),
            Self::Forbidden => ("forbidden", "Not allowed", StatusCode::FORBIDDEN),
            Self::WrongCode => ("wrong-code", "Wrong code", StatusCode::NOT_FOUND),
            Self::NameTaken => ("name-taken", "Name taken", StatusCode::CONFLICT),
            Self::Overloaded => (
                "overloaded",
                "Too much at a time",
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            Self::NotReady => ("not-ready", "Not ready", StatusCode::SERVICE_UNAVAILABLE),
            Self::Unreachable => (
                "unreachable",
                "Could not reach the vendor",
                StatusCode::BAD_GATEWAY,
            ),
            Self::Timeout => (
                "timeout",
                "The vendor did not answer in time",
                StatusCode::GATEWAY_TIMEOUT,
            ),
            Self::TooLarge => ("too-large", "Too large", StatusCode::BAD_GATEWAY),
            Self::Credentials => (
                "credentials",
                "The vendor refused the gateway's credentials",
                StatusCode::BAD_GATEWAY,
            ),
            Self::Redirect => ("redirect", "The vendor redirected", StatusCode::BAD_GATEWAY),
            Self::Unreadable => (
                "unreadable",
                "The vendor's answer cannot be read",
                StatusCode::BAD_GATEWAY,
            ),
            Self::PreconditionRequired => (
                "precondition-required",
                "Precondition required",
                StatusCode::PRECONDITION_REQUIRED,
            ),
            Self::Thumbnail => (
                "thumbnail",
                "No thumbnail that could be shown",
                StatusCode::BAD_GATEWAY,
            ),
            Self::Internal => (
                "internal",
                "Internal error",
                StatusCode::INTERNAL_SERVER_ERROR,
            ),
        }
    }
}

/// One problem, to be answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which kind.
    pub kind: Kind,
    /// The status of the answer.
    pub status: StatusCode,
    /// What happened this time, in plain words.
    pub detail: String,
    /// The methods that would be allowed, for [`Kind::MethodNotAllowed`].
    pub allow: Option<String>,
    /// In how many seconds another try makes sense.
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem with its kind's usual status.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (_, _, status) = kind.words();
        Self {
            kind,
            status,
            detail: detail.into(),
            allow: None,
            retry_after: None,
        }
    }

    /// Whether a write may have arrived all the same: the vendor was asked and did not answer, or not so
    /// that it could be understood.
    pub(crate) fn is_of_what_was_sent(&self) -> bool {
        matches!(
            self.kind,
            Kind::Unreachable | Kind::Timeout | Kind::TooLarge | Kind::Internal
        )
    }

    /// The answer, `instance` being the path that was asked for.
    #[must_use]
    pub fn answer(&self, instance: &str) -> Response<Body> {
        let (name, title, _) = self.kind.words();
        let body = json!({
            "type": format!("/problems/{name}"),
            "title": title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "instance": instance,
        });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(allow) = self
            .allow
            .as_deref()
            .and_then(|allow| HeaderValue::from_str(allow).ok())
        {
            headers.insert(ALLOW, allow);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // The header has to be there (RFC 9110, 15.5.2); no browser asks for a password because of this.
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Session"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    /// The answer without its instance: `edge` writes it again when it knows the path.
    fn into_response(self) -> axum::response::Response {
        let mut response = self.answer("about:blank");
        response.extensions_mut().insert(self);
        response
    }
}
