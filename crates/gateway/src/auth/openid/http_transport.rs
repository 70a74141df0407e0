//! The HTTP transport that the OpenID Connect crate uses: the gateway's own client with its limits. It
//! follows no redirect and sends nothing unencrypted.

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

/// How long one request to the provider may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How many requests run at a time.
const MAX_CONCURRENT_REQUESTS: usize = 16;

/// The largest answer of a provider.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

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
    places: Semaphore,
    /// Whether the provider is on this computer and uses plain http.
    local: bool,
}

impl<'c> AsyncHttpClient<'c> for HttpTransport {
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}

impl HttpTransport {
    /// Makes the client without connecting.
    ///
    /// # Errors
    /// No TLS client could be made.
    pub(super) fn new(of: &config::OpenId, local: bool) -> Result<Self, String> {
        let trust = Trust::Also(of.ca.as_deref());
        let http = VendorHttp {
            client: client(REQUEST_TIMEOUT, &of.outbound, trust)?,
            name: of.title.clone(),
            limit: MAX_ANSWER_BYTES,
        };
        Ok(Self {
            http,
            places: Semaphore::new(MAX_CONCURRENT_REQUESTS),
            local,
        })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Failed> {
        let request = Request::try_from(request).map_err(|_| {
            let why = "it names an address that cannot be asked";
            Failed(Problem::new(Kind::Unreadable, why))
        })?;
        let is_token = request.method() == Method::POST;
        if !self.may_reach(request.url()) {
            let why = "it names an address that is not https";
            return Err(Failed(Problem::new(Kind::Unreadable, why)));
        }
        let place = timeout(REQUEST_TIMEOUT, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            let why = "too many sign in at this moment";
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
                // It was JSON, whatever it was called.
                response.headers_mut().remove(CONTENT_TYPE);
                *response.body_mut() = read.body;
            }
            None => *response.body_mut() = answer.body.to_vec(),
        }
        Ok(response)
    }

    /// Whether requests may be sent to this address. They carry the client's secret and users' codes, so they
    /// are encrypted, or stay on this computer if the provider is on it.
    pub(super) fn may_reach(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.local && config::is_loopback(url))
    }
}
