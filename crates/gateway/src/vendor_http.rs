//! The HTTP client for outgoing requests: sends one request and reads its response within limits. It follows no
//! redirects, keeps no cookies and uses only a configured proxy. It knows nothing about the vendors' credentials.

mod charset;

use crate::config;
use crate::problem::{Delivery, Kind, Problem};
use crate::tls::{self, UntrustedCertificate};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, ClientBuilder, NoProxy, Proxy, Request, Url};
use rustls::{CertificateError, OtherError};
use secrecy::ExposeSecret as _;
use std::error::Error;
use std::fmt;
use std::io;
use std::iter::successors;
use std::time::Duration;
use tokio::time::Instant;

/// The maximum size of a vendor's response, in bytes.
pub(crate) const ANSWER_LIMIT: usize = 50 * 1024 * 1024;

/// A complete response.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The time at which the response was complete.
    pub(crate) at: Instant,
}

impl Answer {
    /// The response in the form that the `vendors` crate reads.
    pub(crate) fn plain(&self) -> vendors::Answer {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = self.headers.iter();
        vendors::Answer {
            status: self.status.as_u16(),
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: self.body.to_vec(),
        }
    }

    /// The age of the response at a later time: its time in caches on the way, and the time since it was complete.
    pub(crate) fn age(&self, at: Instant) -> Duration {
        let age = self.headers.get(header::AGE);
        let age = age.and_then(|age| age.to_str().ok()?.trim().parse::<u32>().ok());
        Duration::from_secs(age.unwrap_or(0).into()) + at.saturating_duration_since(self.at)
    }
}

/// The client of one server.
#[derive(Debug, Clone)]
pub(crate) struct VendorHttp {
    pub(crate) client: Client,
    /// The server's name in messages, such as `Plant A`.
    pub(crate) name: String,
    /// The maximum size of a response, in bytes.
    pub(crate) limit: usize,
}

/// A resolver's error for a name whose addresses are all forbidden.
#[derive(Debug)]
pub(crate) struct NotAllowed;

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its address is one that the gateway does not connect to")
    }
}

impl Error for NotAllowed {}

/// The certificates that a client trusts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trust<'a> {
    /// Only the certificates of a PEM file and those that they sign.
    Only(&'a [u8]),
    /// The known authorities and the certificates of a PEM file.
    Also(Option<&'a [u8]>),
}

/// Builds a client with the settings that all clients share.
///
/// # Errors
/// The certificates or the proxy cannot be used.
pub(crate) fn client(
    timeout: Duration,
    outbound: &config::Outbound,
    trust: Trust<'_>,
) -> Result<Client, String> {
    build(client_builder(timeout, outbound, trust)?)
}

/// Builds a client without connecting.
///
/// # Errors
/// The client cannot be built.
pub(crate) fn build(builder: ClientBuilder) -> Result<Client, String> {
    builder
        .build()
        .map_err(|error| error.without_url().to_string())
}

/// The settings that all clients share.
///
/// # Errors
/// The certificates or the proxy cannot be used.
pub(crate) fn client_builder(
    timeout: Duration,
    outbound: &config::Outbound,
    trust: Trust<'_>,
) -> Result<ClientBuilder, String> {
    let tls = match trust {
        Trust::Only(pem) => tls::trusting_only(pem)?,
        Trust::Also(extra) => tls::trusting(outbound.roots == config::Roots::Bundled, extra)?,
    };
    let builder = Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(timeout)
        .timeout(timeout)
        .user_agent(concat!("failover-console/", env!("CARGO_PKG_VERSION")));
    let Some(config::ProxySettings {
        https,
        http,
        except,
    }) = &outbound.proxy
    else {
        return Ok(builder);
    };
    let except = exceptions(except);
    let mut builder = builder;
    let servers = https
        .iter()
        .map(|server| (server, Proxy::https(server.url.clone())));
    for (server, proxy) in servers.chain(
        http.iter()
            .map(|server| (server, Proxy::http(server.url.clone()))),
    ) {
        let proxy = proxy.map_err(|error| error.without_url().to_string())?;
        let proxy = match &server.credentials {
            Some((name, password)) => proxy.basic_auth(name, password.expose_secret()),
            None => proxy,
        };
        builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&except)));
    }
    Ok(builder)
}

/// The addresses that bypass the proxy: this computer and the configured exceptions.
fn exceptions(except: &str) -> String {
    format!("localhost,127.0.0.0/8,::1,{except}")
}

/// The proxy for requests to an address, if any. Decides as the clients do.
pub(crate) fn proxy_to<'r>(
    outbound: &'r config::Outbound,
    url: &Url,
) -> Option<&'r config::ProxyServer> {
    let proxy = outbound.proxy.as_ref()?;
    let server = match url.scheme() {
        "https" => proxy.https.as_ref(),
        _ => proxy.http.as_ref(),
    };
    let server = server?;
    let matcher = Matcher::builder()
        .all(server.url.as_str())
        .no(exceptions(&proxy.except))
        .build();
    let uri = url.as_str().parse().ok()?;
    matcher.intercept(&uri).map(|_| server)
}

impl VendorHttp {
    /// Sends a request and reads the complete response.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Problem> {
        let mut response = self
            .client
            .execute(request)
            .await
            .map_err(|error| self.failure(&error))?;
        let status = response.status();
        if status.is_redirection() {
            let detail = format!(
                "{} returned {} and sent the gateway to another address, which it does not follow: \
                 look at the connection's base_url",
                self.name,
                status.as_u16(),
            );
            return Err(Problem::new(Kind::Redirect, detail));
        }
        let headers = std::mem::take(response.headers_mut());
        let too_large = || {
            let (name, mib) = (&self.name, self.limit.div_ceil(1024 * 1024));
            let detail = format!("the answer of {name} is larger than {mib} MiB");
            Problem::new(Kind::TooLarge, detail)
        };
        let declared = response.content_length().unwrap_or_default();
        let declared = usize::try_from(declared).unwrap_or(usize::MAX);
        if declared > self.limit {
            return Err(too_large());
        }
        // Allocated at once, because a growing buffer is copied repeatedly and fragments the memory.
        let mut body = Vec::with_capacity(declared);
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failure(&error))?
        {
            if body.len() + chunk.len() > self.limit {
                return Err(too_large());
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

    /// The problem for a failed request. The error's own text may hold the address with its query, so only recognised
    /// causes are named.
    pub(crate) fn failure(&self, error: &reqwest::Error) -> Problem {
        let name = &self.name;
        let problem = if error.is_timeout() {
            Problem::new(Kind::Timeout, format!("{name} did not answer in time"))
        } else {
            let detail = match cause(error) {
                Some(cause) => format!("could not reach {name}: {cause}"),
                None if error.is_connect() => {
                    format!("could not reach {name}: no connection was made")
                }
                None => {
                    format!("the connection to {name} broke off before its answer was complete")
                }
            };
            Problem::new(Kind::Unreachable, detail)
        };
        // Without a connection, nothing was sent.
        match error.is_connect() {
            true => problem.with_delivery(Delivery::NotSent),
            false => problem,
        }
    }
}

/// The cause of a failure, if it is one that people can act on.
fn cause(error: &reqwest::Error) -> Option<String> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(in_tls(tls));
        }
        // The errors of the resolver and of the proxy tunnel have no types to match.
        let text = error.to_string();
        if text.starts_with("dns error") {
            let refused = successors(Some(error), |&error| error.source())
                .find_map(|error| error.downcast_ref::<NotAllowed>());
            if let Some(refused) = refused {
                return Some(refused.to_string());
            }
            return Some("its name is not known (DNS)".to_owned());
        }
        if let Some(why) = text.strip_prefix("tunnel error: ") {
            return Some(in_proxy(why, error));
        }
        next = inner(error);
        if let Some(io) = error.downcast_ref::<io::Error>()
            && let Some(why) = in_io(io.kind())
        {
            return Some(why.to_owned());
        }
    }
    None
}

/// The source of an error.
fn inner<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    // `source` of an `io::Error` skips the error that it wraps.
    let io = error.downcast_ref::<io::Error>();
    io.and_then(|io| io.get_ref().map(|inner| inner as _))
        .or_else(|| error.source())
}

/// The cause of a failure at the proxy: as the HTTP client reports it, or why the proxy could not be reached.
fn in_proxy(why: &str, error: &(dyn Error + 'static)) -> String {
    match why {
        "proxy authorization required" => {
            "the proxy rejected the user name and password (407): look at proxy_username and its password"
                .to_owned()
        }
        "unsuccessful" => "the proxy refused to connect to it".to_owned(),
        _ => {
            let io = successors(inner(error), |&error| inner(error))
                .find_map(|error| in_io(error.downcast_ref::<io::Error>()?.kind()));
            let unknown = successors(Some(error), |&error| inner(error))
                .any(|error| error.to_string().starts_with("dns error"));
            match (io, unknown) {
                (_, true) => "the proxy's name is not known (DNS)".to_owned(),
                (Some(why), _) => format!("the proxy cannot be reached: {why}"),
                (None, _) => "the proxy cannot be reached, or closed the connection".to_owned(),
            }
        }
    }
}

/// The description of a network failure, if it is a known one.
pub(crate) fn in_io(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some("it refused the connection"),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            Some("it reset the connection")
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some("there is no route to it")
        }
        _ => None,
    }
}

/// The reason why the TLS handshake failed.
pub(crate) fn in_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(why)))
            if why.is::<UntrustedCertificate>() =>
        {
            why.to_string()
        }
        rustls::Error::InvalidCertificate(why) => format!("its certificate is not trusted ({why})"),
        rustls::Error::InvalidMessage(_) => {
            "the TLS handshake failed: it does not answer in TLS, so the port may be one for http"
                .to_owned()
        }
        other => format!("the TLS handshake failed ({other})"),
    }
}
