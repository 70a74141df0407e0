//! The gateway's own errors, as problem details (RFC 9457). A vendor's errors are relayed instead. A problem must never
//! hold a secret. It names a vendor's address only if the address itself is the problem, and without its query. A leaf:
//! it uses no other module.

use axum::http::StatusCode;
use reqwest::Url;

/// The kinds of problem, each with its own `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    NotFound,
    /// The path exists, but not for this method.
    MethodNotAllowed,
    BadRequest,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// The request comes from another site, or its host name is not the gateway's.
    CrossSite,
    /// The request needs a session.
    SignIn,
    /// The user name or the password is wrong. Never reveals which one.
    WrongPassword,
    /// Too many failed attempts.
    TooManyTries,
    /// The visitor's role does not allow this.
    Forbidden,
    /// The code is not valid.
    WrongCode,
    /// The name is in use.
    NameTaken,
    /// The resource has changed since the user saw it.
    Changed,
    /// The change is in effect, but would not survive a restart.
    NotSaved,
    /// The gateway is at one of its limits.
    Overloaded,
    /// The gateway is not ready for requests.
    NotReady,
    /// The audit cannot be written. No change is sent without an audit record.
    NotRecorded,
    /// The store, or a file used instead of it, cannot be read or written.
    StoreUnavailable,
    /// The vendor's system could not be reached.
    Unreachable,
    /// The vendor's system did not answer in time.
    Timeout,
    /// A body is larger than the limit.
    TooLarge,
    /// The vendor's system refused the gateway's credentials.
    Credentials,
    /// The vendor's system sent a redirect.
    Redirect,
    /// The configured address has no API of the vendor.
    WrongAddress,
    /// The vendor's response cannot be read.
    Unreadable,
    /// A change lacks its precondition.
    PreconditionRequired,
    /// No thumbnail can be shown.
    Thumbnail,
    /// An internal error of the gateway.
    Internal,
}

impl Kind {
    /// The last part of the `type`.
    pub(crate) fn name(self) -> &'static str {
        self.description().0
    }

    /// The `type` of a problem of this kind.
    pub(crate) fn uri(self) -> String {
        format!("/problems/{}", self.name())
    }

    /// The last part of the `type`, the title and the usual status.
    #[rustfmt::skip]
    pub(crate) fn description(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::NotFound => ("not-found", "Not found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("method-not-allowed", "Method not allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::BadRequest => ("bad-request", "Bad request", StatusCode::BAD_REQUEST),
            Self::UnsupportedMediaType => ("unsupported-media-type", "Unsupported media type", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::CrossSite => ("cross-site", "Cross-site request refused", StatusCode::FORBIDDEN),
            Self::SignIn => ("sign-in", "Sign in first", StatusCode::UNAUTHORIZED),
            Self::WrongPassword => ("wrong-password", "Not signed in", StatusCode::UNAUTHORIZED),
            Self::TooManyTries => ("too-many-tries", "Too many attempts", StatusCode::TOO_MANY_REQUESTS),
            Self::Forbidden => ("forbidden", "Not allowed", StatusCode::FORBIDDEN),
            Self::WrongCode => ("wrong-code", "Wrong code", StatusCode::NOT_FOUND),
            Self::NameTaken => ("name-taken", "Name taken", StatusCode::CONFLICT),
            Self::Changed => ("changed", "Changed in the meantime", StatusCode::CONFLICT),
            Self::NotSaved => ("not-saved", "Not saved", StatusCode::INTERNAL_SERVER_ERROR),
            Self::Overloaded => ("overloaded", "Limit reached", StatusCode::SERVICE_UNAVAILABLE),
            Self::NotRecorded => ("not-recorded", "The change cannot be recorded", StatusCode::SERVICE_UNAVAILABLE),
            Self::StoreUnavailable => ("store-unavailable", "The store is not available", StatusCode::SERVICE_UNAVAILABLE),
            Self::NotReady => ("not-ready", "Not ready", StatusCode::SERVICE_UNAVAILABLE),
            Self::Unreachable => ("unreachable", "Could not reach the vendor", StatusCode::BAD_GATEWAY),
            Self::Timeout => ("timeout", "The vendor did not answer in time", StatusCode::GATEWAY_TIMEOUT),
            Self::TooLarge => ("too-large", "Too large", StatusCode::BAD_GATEWAY),
            Self::Credentials => ("credentials", "The vendor refused the gateway's credentials", StatusCode::BAD_GATEWAY),
            Self::Redirect => ("redirect", "The vendor redirected", StatusCode::BAD_GATEWAY),
            Self::WrongAddress => ("wrong-address", "The address is not that of the vendor's API", StatusCode::BAD_GATEWAY),
            Self::Unreadable => ("unreadable", "The vendor's response is unreadable", StatusCode::BAD_GATEWAY),
            Self::PreconditionRequired => ("precondition-required", "Precondition required", StatusCode::PRECONDITION_REQUIRED),
            Self::Thumbnail => ("thumbnail", "No usable thumbnail", StatusCode::BAD_GATEWAY),
            Self::Internal => ("internal", "Internal error", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// What is known about a failed request to a vendor or to the store, in addition to its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Nothing was sent, or nothing was stored.
    NotSent,
    /// The vendor refused the request.
    Refused,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) status: StatusCode,
    /// The description for people.
    pub(crate) detail: String,
    /// The allowed methods, for [`Kind::MethodNotAllowed`].
    pub(crate) allow: Option<String>,
    /// The seconds after which a retry makes sense.
    pub(crate) retry_after: Option<u32>,
    /// What is known about the request that failed.
    pub(crate) delivery: Option<Delivery>,
}

impl Problem {
    /// A problem with the usual status of its kind.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (_, _, status) = kind.description();
        Self {
            kind,
            status,
            detail: detail.into(),
            allow: None,
            retry_after: None,
            delivery: None,
        }
    }

    /// Adds what is known about the request that failed.
    pub(crate) fn with_delivery(self, delivery: Delivery) -> Self {
        Self {
            delivery: Some(delivery),
            ..self
        }
    }

    /// The problem for an address without the expected API. `likely` is the likely cause.
    pub(crate) fn wrong_address(
        name: &str,
        status: StatusCode,
        method: &str,
        url: &Url,
        likely: &str,
    ) -> Self {
        let mut url = url.clone();
        url.set_query(None);
        Self::new(
            Kind::WrongAddress,
            format!(
                "{name} returned {} to {method} {url}: {likely}",
                status.as_u16()
            ),
        )
    }

    /// Whether a change that ended with this problem was certainly not carried out. For relayed changes, `relay::write`
    /// knows whether they were sent. A change of the gateway's own that was not recorded in time may still be stored
    /// later.
    pub(crate) fn is_not_carried_out(&self) -> bool {
        self.delivery.is_some() || matches!(self.kind, Kind::NotReady | Kind::Overloaded)
    }

    /// Whether a write that failed after it was passed to the vendor's client may have been carried out, because no
    /// response confirms or denies it.
    pub(crate) fn may_have_been_carried_out(&self) -> bool {
        self.delivery.is_none()
            && matches!(
                self.kind,
                Kind::Unreachable
                    | Kind::Timeout
                    | Kind::TooLarge
                    | Kind::Redirect
                    | Kind::Internal
            )
    }
}

/// The fields that every problem sends to a client. Callers add the others.
impl From<&Problem> for protocol::Problem {
    fn from(problem: &Problem) -> Self {
        let (_, title, _) = problem.kind.description();
        Self {
            kind: problem.kind.uri(),
            title: title.to_owned(),
            status: problem.status.as_u16(),
            detail: problem.detail.clone(),
            ..Self::default()
        }
    }
}
