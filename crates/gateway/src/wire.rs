//! Sending one request to a vendor and reading its answer within limits. Follows no redirect, keeps
//! no cookie, asks no proxy. Knows nothing of credentials or of who is asking.

use crate::problem::{Kind, Problem};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use reqwest::{Client, ClientBuilder, Request};
use std::error::Error as _;
use std::fmt;
use std::io;
use std::iter::successors;
use std::time::Duration;
use tokio::time::Instant;

/// The largest answer that is passed on.
pub(crate) const ANSWER_LIMIT: usize = 50 * 1024 * 1024;

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When it had come.
    pub(crate) at: Instant,
}

/// A way to one server.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub(crate) client: Client,
    /// What it is called in sentences: `"Plant A"`.
    pub(crate) name: String,
    pub(crate) limit: usize,
}

/// What a resolver says of a name that leads only to addresses that must not be connected to.
#[derive(Debug)]
pub(crate) struct NotAllowed;

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its address is one that the gateway does not connect to")
    }
}

impl std::error::Error for NotAllowed {}

/// A client as every wire needs it.
pub(crate) fn client(timeout: Duration) -> ClientBuilder {
    crate::tls::install();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(timeout)
        .timeout(timeout)
        .user_agent(concat!("failover-console/", env!("CARGO_PKG_VERSION")))
}

impl Wire {
    /// Sends and reads to the end.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Problem> {
        let mut response = self
            .client
            .execute(request)
            .await
            .map_err(|error| self.failure(&error))?;
        let status = response.status();
        if status.is_redirection() {
            let detail = format!(
                "{} answered {} and sent the gateway to another address, which it does not follow: \
                 look at the connection's base_url",
                self.name,
                status.as_u16(),
            );
            return Err(Problem::new(Kind::Redirect, detail));
        }
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failure(&error))?
        {
            if body.len() + chunk.len() > self.limit {
                let detail = format!(
                    "the answer of {} is larger than {} MiB",
                    self.name,
                    self.limit.div_ceil(1024 * 1024)
                );
                return Err(Problem::new(Kind::TooLarge, detail));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            body: Bytes::from(body),
            at: Instant::now(),
        })
    }

    /// The problem that a failure to exchange a request and an answer is. The error's own text may
    /// hold the address with its query: only what is recognised is said.
    fn failure(&self, error: &reqwest::Error) -> Problem {
        let name = &self.name;
        if error.is_timeout() {
            return Problem::new(Kind::Timeout, format!("{name} did not answer in time"));
        }
        let detail = match cause(error) {
            Some(cause) => format!("could not reach {name}: {cause}"),
            None if error.is_connect() => format!("could not reach {name}: no connection was made"),
            None => format!("the connection to {name} broke off before its answer was complete"),
        };
        Problem::new(Kind::Unreachable, detail)
    }
}

/// The cause of a failure in plain words, if it is one that people can do something about.
fn cause(error: &reqwest::Error) -> Option<String> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(in_tls(tls));
        }
        // The resolver's error has no type of its own that could be asked for.
        if error.to_string().starts_with("dns error") {
            let refused = successors(Some(error), |&error| error.source())
                .find_map(|error| error.downcast_ref::<NotAllowed>());
            if let Some(refused) = refused {
                return Some(refused.to_string());
            }
            return Some("its name is not known (DNS)".to_owned());
        }
        next = match error.downcast_ref::<io::Error>() {
            Some(io) => match in_io(io.kind()) {
                Some(words) => return Some(words.to_owned()),
                // What an io::Error holds is no source of it: its sources begin behind that.
                None => io
                    .get_ref()
                    .map(|inner| inner as _)
                    .or_else(|| error.source()),
            },
            None => error.source(),
        };
    }
    None
}

fn in_io(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some("it refused the connection"),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            Some("it reset the connection")
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some("there is no way to it in the network")
        }
        _ => None,
    }
}

fn in_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => {
            format!(
                "its certificate is not trusted ({why}); a certificate of its own can be named with ca_file"
            )
        }
        other => format!("no encrypted connection came about ({other})"),
    }
}
