//! Authentication at the vendor systems. Only this module and `config` hold secrets. No log, problem or response
//! may contain one.

mod basic;
mod oauth;
mod refusals;
mod signing;
mod veeam;

pub(crate) use basic::Basic;
pub(crate) use oauth::Tokens;
pub(crate) use refusals::{RETRIED_LATER, Refusals};
pub(crate) use signing::{MAX_SECONDS_AHEAD, SharedSeconds, Signer, SigningQueue};
pub(crate) use veeam::Logon;

use crate::problem::{Kind, Problem};
use crate::vendor_http::Answer;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use refusals::TrialGuard;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use signing::SigningTurn;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

/// The priority of a request. A read never delays a change for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    Read,
    Change,
}

/// The credentials of one connection, and their refusals.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) kind: CredentialKind,
    pub(crate) refusals: Arc<Refusals>,
}

/// The kind of credentials.
#[derive(Debug)]
pub(crate) enum CredentialKind {
    /// A bearer token, fetched with OAuth2 client credentials.
    Bearer(Tokens),
    /// User name and password on every request.
    Basic(Basic),
    /// A signature on every request.
    Signed(Signer),
    /// A session that is opened once.
    Session(Logon),
}

impl CredentialKind {
    /// Whether requests take turns, because each is signed with a second of its own.
    pub(crate) fn takes_turns(&self) -> bool {
        matches!(self, Self::Signed(_))
    }
}

/// The header of a session or token, with a number that identifies the session or token.
#[derive(Debug)]
pub(crate) struct NumberedHeader {
    header: HeaderValue,
    number: u64,
}

/// The authentication of one request.
pub(crate) struct RequestAuth<'a> {
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
    /// Parameters to append to the query. May be empty.
    pub(crate) query: String,
    /// Whether the session or token can be replaced if it is refused.
    pub(crate) renewable: bool,
    /// Identifies the session or token, to report which one was refused.
    pub(crate) number: u64,
    /// Held while the request runs.
    turn: Option<SigningTurn<'a>>,
    /// Held while the request tries a password that has not been accepted yet.
    _trial: Option<TrialGuard<'a>>,
}

impl RequestAuth<'_> {
    /// Returns when this request, a read, should be aborted because a change is waiting for its turn.
    pub(crate) async fn is_needed_for_a_change(&self) {
        match &self.turn {
            Some(turn) => turn.is_needed_for_a_change().await,
            None => pending().await,
        }
    }
}

impl Credentials {
    /// Returns the authentication for the next request, other than the one with the number `refused`. Waits at most
    /// `patience` for its turn.
    pub(crate) async fn request_auth(
        &self,
        refused: Option<u64>,
        urgency: Urgency,
        patience: Duration,
    ) -> Result<RequestAuth<'_>, Problem> {
        let with = |header, renewable, number| {
            Ok(RequestAuth {
                header: Some(header),
                query: String::new(),
                renewable,
                number,
                turn: None,
                _trial: None,
            })
        };
        match &self.kind {
            CredentialKind::Bearer(tokens) => {
                let bearer = tokens.bearer_header(refused, urgency).await?;
                with((header::AUTHORIZATION, bearer.header), true, bearer.number)
            }
            CredentialKind::Session(logon) => {
                let session = logon.session_header(refused, urgency).await?;
                with((veeam::SESSION, session.header), true, session.number)
            }
            CredentialKind::Basic(basic) => {
                let value = basic.header().ok_or_else(|| {
                    Problem::new(Kind::Internal, "the user name or password cannot be sent")
                })?;
                let late = || {
                    let detail = "the password is being tried, and no answer came in time";
                    Problem::new(Kind::Timeout, detail)
                };
                let trial = self.refusals.trial(urgency, patience, late).await?;
                Ok(RequestAuth {
                    _trial: trial,
                    ..with((header::AUTHORIZATION, value), false, 0)?
                })
            }
            CredentialKind::Signed(signer) => {
                let turn = signer.turn(urgency, patience).await?;
                let query = signer.query(&turn)?;
                Ok(RequestAuth {
                    header: None,
                    query,
                    renewable: false,
                    number: 0,
                    turn: Some(turn),
                    _trial: None,
                })
            }
        }
    }

    /// Records a response that is not a 401.
    pub(crate) fn answered(&self, status: StatusCode) {
        // A failing server may not have checked the credentials.
        if !status.is_server_error() {
            self.refusals.accepted();
        }
    }

    /// Records a 401 to a request with the newest session or token, which may have been `renewed` for this request.
    /// Returns the problem to report.
    pub(crate) fn refused(&self, problem: Problem, renewed: bool) -> Problem {
        match &self.kind {
            // Another session or token would be refused as well.
            CredentialKind::Bearer(_) | CredentialKind::Session(_) if renewed => {
                self.refusals.log_on_refused(problem)
            }
            // The refusal may concern this request only. Others keep using the same session or token.
            CredentialKind::Bearer(_) | CredentialKind::Session(_) => {
                self.refusals.check().err().unwrap_or(problem)
            }
            CredentialKind::Basic(_) => self.refusals.request_refused(problem),
            // A refused signature locks no account, and the cause may be this computer's clock.
            CredentialKind::Signed(_) => problem,
        }
    }
}

/// The problem for a response to a log-on that is neither a success nor a refusal of the credentials.
fn not_about_credentials(answer: &Answer, name: &str, url: &Url, likely: &str) -> Option<Problem> {
    let status = answer.status;
    let unavailable = || Problem {
        retry_after: answer
            .plain()
            .retry_after()
            .and_then(|seconds| u32::try_from(seconds).ok()),
        ..Problem::new(
            Kind::Unreachable,
            format!("{name} returned {} to the log-on", status.as_u16()),
        )
    };
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => {
            Some(Problem::wrong_address(name, status, "POST", url, likely))
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Some(unavailable()),
        _ if status.is_client_error() => None,
        _ => Some(unavailable()),
    }
}

/// A header value that `Debug` does not show.
fn sensitive(prefix: &str, secret: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{prefix}{}", secret.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
