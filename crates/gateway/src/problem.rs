//! The gateway's own errors, as problem details (RFC 9457). A vendor's errors are not among them: they are
//! relayed. Must never hold a secret. A vendor's address is named only where it is the problem itself, without its
//! query. A leaf: it uses no other module.

use axum::http::StatusCode;
use reqwest::Url;

/// The kinds of problem, each with its own `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    NotFound,
    /// The path exists, for other methods.
    MethodNotAllowed,
    BadRequest,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// The request comes from another site, or uses a name that is not the gateway's.
    CrossSite,
    /// A sign-in is needed.
    SignIn,
    /// The user name or the password is wrong. It is never said which.
    WrongPassword,
    /// Too many failed attempts.
    TooManyTries,
    /// The visitor's role does not allow this.
    Forbidden,
    /// The code is not valid.
    WrongCode,
    /// The name is in use.
    NameTaken,
    /// It is not any more what the person saw.
    Changed,
    /// The change is in effect, but would not survive a restart.
    NotSaved,
    /// The gateway is at one of its limits.
    Overloaded,
    /// The gateway is not ready for requests.
    NotReady,
    /// The audit cannot be written, and without its record no change is sent.
    NotRecorded,
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
    /// There is no API of the vendor at the configured address.
    WrongAddress,
    /// The vendor's answer cannot be read.
    Unreadable,
    /// A change lacks its precondition.
    PreconditionRequired,
    /// There is no thumbnail that can be shown.
    Thumbnail,
    /// A fault in the gateway.
    Internal,
}

impl Kind {
    /// The last part of the `type`.
    pub(crate) fn name(self) -> &'static str {
        self.words().0
    }

    /// The last part of the `type`, the title and the usual status.
    #[rustfmt::skip]
    pub(crate) fn words(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::NotFound => ("not-found", "Not found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("method-not-allowed", "Method not allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::BadRequest => ("bad-request", "Bad request", StatusCode::BAD_REQUEST),
            Self::UnsupportedMediaType => ("unsupported-media-type", "Unsupported media type", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::CrossSite => ("cross-site", "Cross-site request refused", StatusCode::FORBIDDEN),
            Self::SignIn => ("sign-in", "Sign in first", StatusCode::UNAUTHORIZED),
            Self::WrongPassword => ("wrong-password", "Not signed in", StatusCode::UNAUTHORIZED),
            Self::TooManyTries => ("too-many-tries", "Too many tries", StatusCode::TOO_MANY_REQUESTS),
            Self::Forbidden => ("forbidden", "Not allowed", StatusCode::FORBIDDEN),
            Self::WrongCode => ("wrong-code", "Wrong code", StatusCode::NOT_FOUND),
            Self::NameTaken => ("name-taken", "Name taken", StatusCode::CONFLICT),
            Self::Changed => ("changed", "Changed meanwhile", StatusCode::CONFLICT),
            Self::NotSaved => ("not-saved", "Not saved", StatusCode::INTERNAL_SERVER_ERROR),
            Self::Overloaded => ("overloaded", "Too much at a time", StatusCode::SERVICE_UNAVAILABLE),
            Self::NotRecorded => ("not-recorded", "The change cannot be recorded", StatusCode::SERVICE_UNAVAILABLE),
            Self::NotReady => ("not-ready", "Not ready", StatusCode::SERVICE_UNAVAILABLE),
            Self::Unreachable => ("unreachable", "Could not reach the vendor", StatusCode::BAD_GATEWAY),
            Self::Timeout => ("timeout", "The vendor did not answer in time", StatusCode::GATEWAY_TIMEOUT),
            Self::TooLarge => ("too-large", "Too large", StatusCode::BAD_GATEWAY),
            Self::Credentials => ("credentials", "The vendor refused the gateway's credentials", StatusCode::BAD_GATEWAY),
            Self::Redirect => ("redirect", "The vendor redirected", StatusCode::BAD_GATEWAY),
            Self::WrongAddress => ("wrong-address", "The address is not that of the vendor's API", StatusCode::BAD_GATEWAY),
            Self::Unreadable => ("unreadable", "The vendor's answer cannot be read", StatusCode::BAD_GATEWAY),
            Self::PreconditionRequired => ("precondition-required", "Precondition required", StatusCode::PRECONDITION_REQUIRED),
            Self::Thumbnail => ("thumbnail", "No thumbnail that could be shown", StatusCode::BAD_GATEWAY),
            Self::Internal => ("internal", "Internal error", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// What is known about a request to a vendor that failed, where its kind does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Nothing was sent.
    NotSent,
    /// The vendor refused it.
    Refused,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) status: StatusCode,
    /// What happened, for people.
    pub(crate) detail: String,
    /// The allowed methods, for [`Kind::MethodNotAllowed`].
    pub(crate) allow: Option<String>,
    /// In how many seconds a retry makes sense.
    pub(crate) retry_after: Option<u32>,
    /// What is known about the request that failed.
    pub(crate) delivery: Option<Delivery>,
}

impl Problem {
    /// A problem with the usual status of its kind.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (_, _, status) = kind.words();
        Self {
            kind,
            status,
            detail: detail.into(),
            allow: None,
            retry_after: None,
            delivery: None,
        }
    }

    /// The problem, with what is known about the request that failed.
    pub(crate) fn of(self, delivery: Delivery) -> Self {
        Self {
            delivery: Some(delivery),
            ..self
        }
    }

    /// The problem for an address at which there is nothing: which it was, and what is likely.
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

    /// Whether a change that ended with this certainly was not carried out. Of one that was relayed, `relay::write` knows
    /// whether it was sent. A change of the gateway's own that could not be recorded in time may be in the store later.
    pub(crate) fn is_not_carried_out(&self) -> bool {
        self.delivery.is_some() || matches!(self.kind, Kind::NotReady | Kind::Overloaded)
    }

    /// Whether a write that was handed to the vendor's client may have been carried out although it failed, because no
    /// answer came back that tells.
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

/// What every problem tells a client. What only some tell is added by who writes it.
impl From<&Problem> for protocol::Problem {
    fn from(problem: &Problem) -> Self {
        let (name, title, _) = problem.kind.words();
        Self {
            kind: format!("/problems/{name}"),
            title: title.to_owned(),
            status: problem.status.as_u16(),
            detail: problem.detail.clone(),
            ..Self::default()
        }
    }
}
