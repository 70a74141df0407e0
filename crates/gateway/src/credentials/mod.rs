//! How the gateway signs in to each vendor system. Secrets live here and in `config` only; none is
//! ever written into a log, a problem or an answer.

mod basic;
mod oauth;
mod signing;
mod veeam;

pub(crate) use basic::Basic;
pub(crate) use oauth::Tokens;
pub(crate) use signing::{Clock, Signer, Turns, wall_clock};
pub(crate) use veeam::Logon;

use crate::problem::{Kind, Problem};
use axum::http::{HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret as _, SecretString};
use signing::Turn;
use std::time::Duration;

/// What one connection signs in with.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// A bearer token, fetched with OAuth2 client credentials.
    Bearer(Tokens),
    /// User name and password on every request.
    Basic(Basic),
    /// A signature on every request.
    Signed(Signer),
    /// A session that is logged on once.
    Session(Logon),
}

/// What one request is sent with.
pub(crate) struct Pass<'a> {
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
    /// What is added to the query; may be empty.
    pub(crate) query: String,
    /// Whether another one can be had when this one is refused.
    pub(crate) renewable: bool,
    /// Which one this is, to say which one was refused.
    pub(crate) number: u64,
    /// Held as long as the request is under way.
    _turn: Option<Turn<'a>>,
}

impl Credentials {
    /// What to send the next request with, but not the pass with the number `refused`. Waits for its
    /// turn at most this long.
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

/// A header value that is not shown by `Debug`.
fn sensitive(prefix: &str, secret: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{prefix}{}", secret.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
