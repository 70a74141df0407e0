//! The HTTP transport for the `openidconnect` crate: the gateway's own client with its limits. It follows no redirects
//! and sends nothing unencrypted.

use super::answers::reduced;
use crate::config;
use crate::problem::{Kind, Problem};
use crate::vendor_http::{Trust, VendorHttp, client};
use axum::http::{Method, Response, StatusCode, header::CONTENT_TYPE};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Request, Url};
use std::fmt;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The timeout of a request to the provider.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum number of concurrent requests.
const MAX_CONCURRENT_REQUESTS: usize = 16;

/// The maximum size of a provider's response.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// A problem as the crate's error type.
#[derive(Debug)]
pub(super) struct Failed(pub(super) Problem);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl std::error::Error for Failed {}

/// Sends the crate's requests.
pub(super) struct HttpTransport {
    http: VendorHttp,
    permits: Semaphore,
    /// Whether the provider is on this computer and uses plain http.
    is_local: bool,
}

impl<'c> AsyncHttpClient<'c> for HttpTransport {
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}

impl HttpTransport {
    /// Builds the client without connecting.
    ///
    /// # Errors
    /// The TLS client cannot be built.
    pub(super) fn new(of: &config::OpenId, is_local: bool) -> Result<Self, String> {
        let trust = Trust::Also(of.ca.as_deref());
        let http = VendorHttp {
            client: client(REQUEST_TIMEOUT, &of.outbound, trust)?,
            name: of.title.clone(),
            limit: MAX_RESPONSE_BYTES,
        };
        Ok(Self {
            http,
            permits: Semaphore::new(MAX_CONCURRENT_REQUESTS),
            is_local,
        })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Failed> {
        let request = Request::try_from(request).map_err(|_| {
            let why = "it names an invalid address";
            Failed(Problem::new(Kind::Unreadable, why))
        })?;
        let is_token = request.method() == Method::POST;
        if !self.may_reach(request.url()) {
            let why = "it names an address that is not https";
            return Err(Failed(Problem::new(Kind::Unreadable, why)));
        }
        let permit = timeout(REQUEST_TIMEOUT, self.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else {
            let why = "too many sign-ins at a time";
            return Err(Failed(Problem::new(Kind::Overloaded, why)));
        };
        let answer = self.http.send(request).await.map_err(Failed)?;
        let read = reduced(is_token, &answer.body);
        let mut response = Response::new(Vec::new());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        match read {
            Some(read) => {
                if read.refuses && answer.status == StatusCode::OK {
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                }
                // The body is JSON, whatever the provider's content type.
                response.headers_mut().remove(CONTENT_TYPE);
                *response.body_mut() = read.body;
            }
            None => *response.body_mut() = answer.body.to_vec(),
        }
        Ok(response)
    }

    /// Whether requests may be sent to this address. They carry the client's secret and users' codes, so they must be
    /// encrypted, unless the provider is on this computer.
    pub(super) fn may_reach(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.is_local && config::is_loopback(url))
    }
}
