//! A Veeam Enterprise Manager session: opened once for all requests of a connection, reopened when it has expired,
//! closed at shutdown. Only the session header is sent, never a cookie, because the server would prefer the cookie.

use super::{Basic, NumberedHeader, Refusals, Urgency, not_about_credentials, sensitive};
use crate::problem::{Kind, Problem};
use crate::single_flight::{Fetched, SingleFlight};
use crate::vendor_http::VendorHttp;
use axum::http::{HeaderName, HeaderValue, header};
use reqwest::{Method, Request, Url};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use vendors::veeam;

/// The header with the session id.
pub(crate) const SESSION: HeaderName = HeaderName::from_static("x-restsvcsessionid");

/// The hint for a log-on to a wrong address.
const LIKELY: &str = "look at base_url, which has to be that of Enterprise Manager's REST API, usually with port 9398";

/// Opens and keeps a connection's session.
#[derive(Debug)]
pub(crate) struct Logon {
    http: VendorHttp,
    address: Address,
    account: Basic,
    /// The probable mistake in the address.
    hint: Option<String>,
    refusals: Arc<Refusals>,
    flight: SingleFlight<Result<Session, Problem>>,
}

/// The address for opening and closing sessions.
#[derive(Debug, Clone)]
struct Address {
    base: String,
    accept: veeam::MediaType,
}

#[derive(Debug, Clone)]
struct Session {
    /// The value of the header.
    ticket: SecretString,
    /// The id in the path of the log-off.
    id: SecretString,
}

impl Logon {
    pub(crate) fn new(
        http: VendorHttp,
        base: String,
        account: Basic,
        accept: veeam::MediaType,
        hint: Option<String>,
        refusals: Arc<Refusals>,
    ) -> Self {
        Self {
            http,
            address: Address { base, accept },
            account,
            hint,
            refusals,
            flight: SingleFlight::default(),
        }
    }

    /// The current session, unless it is the one with the number `ended`, which is replaced and logged off: it may have
    /// been refused for one request only, and a server limits the sessions of an account. While it cannot be replaced,
    /// it stays in use for other requests.
    pub(crate) async fn session_header(
        &self,
        ended: Option<u64>,
        urgency: Urgency,
    ) -> Result<NumberedHeader, Problem> {
        let serves = |fetched: &Fetched<Result<Session, Problem>>| {
            Some(fetched.number) != ended && fetched.value.is_ok()
        };
        let mut failure = None;
        let renew = async |last: Option<Fetched<Result<Session, Problem>>>| {
            let Some(last) = last.and_then(|last| last.value.ok()) else {
                return self.log_on().await;
            };
            if !self.refusals.may_renew(urgency) {
                return Ok(last);
            }
            let new = match self.log_on().await {
                // After a refused log-on the old session is dropped too. A success with it would end the wait.
                Err(problem) if problem.kind != Kind::Credentials => {
                    self.refusals.renewal_failed();
                    failure = Some(problem);
                    return Ok(last);
                }
                new => new,
            };
            // The request with the new session does not wait for the log-off.
            let (address, http) = (self.address.clone(), self.http.clone());
            tokio::spawn(async move { log_off(&http, &address, &last).await });
            new
        };
        let fetched = self.flight.get(serves, renew).await;
        if let Some(problem) = failure {
            return Err(problem);
        }
        let header = sensitive("", &fetched.value?.ticket)
            .ok_or_else(|| self.refused("the session that it opened cannot be sent in a header"))?;
        Ok(NumberedHeader {
            header,
            number: fetched.number,
        })
    }

    /// Closes the open session, if any.
    pub(crate) async fn log_off(&self) {
        if let Some(Ok(session)) = self.flight.take().await {
            log_off(&self.http, &self.address, &session).await;
        }
    }

    async fn log_on(&self) -> Result<Session, Problem> {
        self.refusals.check()?;
        let call = veeam::log_on();
        let account = self
            .account
            .header()
            .ok_or_else(|| self.refused("the user name or password cannot be sent"))?;
        let request = self
            .address
            .request(&call.request, header::AUTHORIZATION, account)?;
        let url = request.url().clone();
        let answer = self.http.send(request).await?.into_utf8();
        if !answer.status.is_success() {
            let hint = self.hint.as_deref();
            let likely = hint.unwrap_or(LIKELY);
            let other = not_about_credentials(&answer, &self.http.name, &url, likely);
            return Err(other.unwrap_or_else(|| {
                let status = answer.status.as_u16();
                let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
                let why = format!("it returned {status}{hint}");
                self.refusals.log_on_refused(self.refused(&why))
            }));
        }
        let logon = call
            .read(&answer.plain())
            .map_err(|_| self.refused("its answer to the log-on holds no session"))?;
        // If the body contains no id for the log-off, the header's value is tried.
        let id = logon.logon_id.unwrap_or_else(|| logon.session_id.clone());
        Ok(Session {
            ticket: logon.session_id.into(),
            id: id.into(),
        })
    }

    fn refused(&self, why: &str) -> Problem {
        Problem::new(
            Kind::Credentials,
            format!("{} rejected the log-on: {why}", self.http.name),
        )
    }
}

impl Address {
    fn request(
        &self,
        request: &vendors::Request,
        name: HeaderName,
        value: HeaderValue,
    ) -> Result<Request, Problem> {
        let url = Url::parse(&format!("{}{}", self.base, request.target()))
            .map_err(|_| Problem::new(Kind::Internal, "the log-on's address cannot be built"))?;
        let method = if request.method() == vendors::Method::Delete {
            Method::DELETE
        } else {
            Method::POST
        };
        let mut request = Request::new(method, url);
        let headers = request.headers_mut();
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static(self.accept.as_str()),
        );
        // Some servers return 411 if an empty body has no length.
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        headers.insert(name, value);
        Ok(request)
    }
}

/// Closes a session. If that fails, the session expires by itself.
async fn log_off(http: &VendorHttp, address: &Address, session: &Session) {
    let call = veeam::log_off(session.id.expose_secret());
    let Some(ticket) = sensitive("", &session.ticket) else {
        return;
    };
    let outcome = match address.request(&call.request, SESSION, ticket) {
        Ok(request) => http.send(request).await,
        Err(problem) => Err(problem),
    };
    let system = &http.name;
    match outcome {
        Ok(answer) if answer.status.is_success() => tracing::info!(system, "logged off"),
        Ok(answer) => {
            tracing::warn!(system, status = answer.status.as_u16(), "log-off refused");
        }
        Err(problem) => tracing::warn!(system, detail = problem.detail, "log-off failed"),
    }
}
