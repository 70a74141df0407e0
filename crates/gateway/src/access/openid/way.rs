//! The crate's way to the provider: the gateway's own HTTP client, with its limits. Follows no redirect, and
//! goes to no address that is not encrypted.

use crate::config;
use crate::problem::{Kind, Problem};
use crate::wire::{Wire, client};
use axum::http::Response;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Certificate, Request, Url};
use std::fmt;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long one question to the provider may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How many questions are under way at a time.
const AT_A_TIME: usize = 16;

/// The largest answer of a provider.
const LIMIT: usize = 1024 * 1024;

/// A problem as the crate wants its errors.
#[derive(Debug)]
pub(super) struct Failed(pub(super) Problem);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl std::error::Error for Failed {}

/// The crate's way out.
pub(super) struct Way {
    wire: Wire,
    /// So many questions are under way at a time.
    places: Semaphore,
    /// Whether the provider is on this computer, and speaks without encryption.
    local: bool,
}

impl<'c> AsyncHttpClient<'c> for Way {
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}

impl Way {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// Why no TLS client could be made.
    pub(super) fn new(of: &config::OpenId, local: bool) -> Result<Self, String> {
        let told = |error: reqwest::Error| error.without_url().to_string();
        let mut builder = client(TIMEOUT);
        if let Some(pem) = &of.ca {
            builder = builder.tls_certs_merge(Certificate::from_pem_bundle(pem).map_err(told)?);
        }
        let wire = Wire {
            client: builder.build().map_err(told)?,
            name: of.title.clone(),
            limit: LIMIT,
        };
        Ok(Self {
            wire,
            places: Semaphore::new(AT_A_TIME),
            local,
        })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Failed> {
        let request = Request::try_from(request).map_err(|_| {
            let why = "it names an address that cannot be asked";
            Failed(Problem::new(Kind::Unreadable, why))
        })?;
        if !self.may_reach(request.url()) {
            let why = "it names an address that is not https";
            return Err(Failed(Problem::new(Kind::Unreadable, why)));
        }
        let place = timeout(TIMEOUT, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            let why = "too many sign in at this moment";
            return Err(Failed(Problem::new(Kind::Overloaded, why)));
        };
        let answer = self.wire.send(request).await.map_err(Failed)?;
        let mut response = Response::new(answer.body.to_vec());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }

    /// The secret and everybody's codes go there: encrypted, or nowhere but to this computer where the
    /// provider itself is on it.
    pub(super) fn may_reach(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.local && config::is_loopback(url))
    }
}
