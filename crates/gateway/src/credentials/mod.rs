//! Authentication at the vendor systems. Secrets are held here and in `config` only. No log, problem or answer
//! may hold one.

mod basic;
mod oauth;
mod signing;
mod veeam;

pub(crate) use basic::Basic;
pub(crate) use oauth::Tokens;
pub(crate) use signing::{Signer, Turns};
pub(crate) use veeam::Logon;

use crate::problem::{Kind, Problem};
use axum::http::{HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret as _, SecretString};
use signing::Turn;
use std::time::Duration;

/// The credentials of one connection.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// A bearer token, fetched with OAuth2 client credentials.
    Bearer(Tokens),
    /// User name and password on every request.
    Basic(Basic),
    /// A signature on every request.
    Signed(Signer),
    /// A session that is opened once.
    Session(Logon),
}

/// What authenticates one request.
pub(crate) struct Pass<'a> {
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
    /// An addition to the query. May be empty.
    pub(crate) query: String,
    /// Whether a refused pass can be replaced.
    pub(crate) renewable: bool,
    /// Identifies the pass, to say which one was refused.
    pub(crate) number: u64,
    /// Held while the request runs.
    _turn: Option<Turn<'a>>,
}

impl Credentials {
    /// The pass for the next request, other than the one with the number `refused`. Waits for its turn at most
    /// for `patience`.
    pub(crate) async fn pass(
        &self,
        refused: Option<u64>,
        patience: Duration,
    ) -> Result<Pass<'_>, Problem> {
        let with = |header, renewable, number| {
            Ok(Pass {
                header: Some(header),
                query: String::new(),
                renewable,
                number,
                _turn: None,
            })
        };
        match self {
            Self::Bearer(tokens) => {
                let bearer = tokens.bearer(refused).await?;
                with((header::AUTHORIZATION, bearer.header), true, bearer.number)
            }
            Self::Session(logon) => {
                let ticket = logon.ticket(refused).await?;
                with((veeam::SESSION, ticket.header), true, ticket.number)
            }
            Self::Basic(basic) => match basic.header() {
                Some(value) => with((header::AUTHORIZATION, value), false, 0),
                None => Err(Problem::new(
                    Kind::Internal,
                    "the user name or password cannot be sent",
                )),
            },
            Self::Signed(signer) => {
                let turn = signer.turn(patience).await?;
                let query = signer.query(&turn)?;
                Ok(Pass {
                    header: None,
                    query,
                    renewable: false,
                    number: 0,
                    _turn: Some(turn),
                })
            }
        }
    }
}

/// A header value that `Debug` does not show.
fn sensitive(prefix: &str, secret: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{prefix}{}", secret.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
