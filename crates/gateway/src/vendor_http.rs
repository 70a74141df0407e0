//! The HTTP client for outgoing requests: sends one request and reads its answer within limits. It follows
//! no redirect, keeps no cookie and uses no proxy. It knows nothing about credentials.

use crate::problem::{Kind, Problem};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use reqwest::{Certificate, Client, ClientBuilder, Request};
use std::error::Error as _;
use std::fmt;
use std::io;
use std::iter::successors;
use std::time::Duration;
use tokio::time::Instant;

/// The largest answer of a vendor, in bytes.
pub(crate) const ANSWER_LIMIT: usize = 50 * 1024 * 1024;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When it was complete.
    pub(crate) at: Instant,
}

/// The client of one server.
#[derive(Debug, Clone)]
pub(crate) struct VendorHttp {
    pub(crate) client: Client,
    /// The server's name in messages, such as `Plant A`.
    pub(crate) name: String,
    /// The largest answer, in bytes.
    pub(crate) limit: usize,
}

/// A resolver's error for a name that has only addresses which must not be connected to.
#[derive(Debug)]
pub(crate) struct NotAllowed;

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its address is one that the gateway does not connect to")
    }
}

impl std::error::Error for NotAllowed {}

/// The settings that all clients share.
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

/// The certificates of a PEM file. None without a file.
///
/// # Errors
/// The file is not valid.
pub(crate) fn certificates(pem: Option<&[u8]>) -> Result<Vec<Certificate>, String> {
    pem.map_or(Ok(Vec::new()), |pem| {
        Certificate::from_pem_bundle(pem).map_err(|error| error.to_string())
    })
}

impl VendorHttp {
    /// Sends a request and reads the answer to its end.
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

    /// The problem for a failed exchange. The error's own text may hold the address with its query, so only
    /// recognised causes are named.
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

/// The cause of a failure, if it is one that people can act on.
fn cause(error: &reqwest::Error) -> Option<String> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(in_tls(tls));
        }
        // The resolver's error has no type that could be matched.
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
                // `source` of an io::Error skips the error that it wraps.
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
