//! One vendor system as the gateway reaches it: address, credentials, limits. What may be asked of
//! it was decided before.

use super::breaker::Breaker;
use super::locks::Locks;
use super::reads::Reads;
use super::refused;
use crate::config;
use crate::credentials::{Basic, Clock, Credentials, Logon, Pass, Signer, Tokens, Turns};
use crate::metrics::{Meter, Metrics};
use crate::problem::{Kind, Problem};
use crate::thumbnails::Thumbnails;
use crate::wire::{ANSWER_LIMIT, Answer, Wire, client};
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use reqwest::{Certificate, Method, Request, Url};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use vendors::System;

/// How many requests to one system are under way at a time.
const AT_A_TIME: usize = 16;

/// A vendor system.
#[derive(Debug)]
pub struct Upstream {
    pub(crate) public: vendors::Connection,
    pub(crate) reads: Reads,
    pub(crate) locks: Arc<Locks>,
    /// Where the pictures are, for systems that have some.
    pub(crate) thumbnails: Option<Thumbnails>,
    base: String,
    wire: Wire,
    credentials: Credentials,
    pub(super) timeout: Duration,
    pub(super) meter: Arc<Meter>,
    breaker: Breaker,
    /// So many requests are under way at a time.
    places: Semaphore,
}

/// A request to relay, decided and encoded.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) accept: &'static str,
    pub(crate) body: Option<Bytes>,
}

/// What connections share: those of one account the queue of its signed requests, those to one
/// service its groups.
pub(crate) struct Accounts {
    clock: Clock,
    turns: HashMap<(String, String), Arc<Turns>>,
    locks: HashMap<String, Arc<Locks>>,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

impl Accounts {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            turns: HashMap::new(),
            locks: HashMap::new(),
        }
    }

    fn of(&mut self, base: &str, owner: &str) -> Arc<Turns> {
        let key = (base.to_owned(), owner.to_owned());
        self.turns
            .entry(key)
            .or_insert_with(|| Arc::new(Turns::new(self.clock.clone())))
            .clone()
    }

    fn locks(&mut self, base: &str) -> Arc<Locks> {
        self.locks.entry(base.to_owned()).or_default().clone()
    }
}

impl Upstream {
    /// Makes the way to a configured system, without connecting.
    ///
    /// # Errors
    /// Why no TLS client could be made.
    pub(crate) fn new(
        of: config::Connection,
        accounts: &mut Accounts,
        metrics: &Metrics,
    ) -> Result<Self, String> {
        let config::Connection {
            public,
            base_url,
            credentials,
            ca,
            timeout,
            share,
        } = of;
        let meter = metrics.meter(&public.id);
        let base = base_url.as_str().trim_end_matches('/').to_owned();
        let mut builder = client(timeout);
        if let Some(pem) = &ca {
            builder = builder.tls_backend_preconfigured(crate::tls::trusting_only(pem)?);
        }
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .build()
                .map_err(|error| error.without_url().to_string())
        };
        let wire = Wire {
            client: build(builder)?,
            name: public.title.clone(),
            limit: ANSWER_LIMIT,
        };
        let credentials = match credentials {
            config::Credentials::ClientCredentials {
                token_url,
                client_id,
                client_secret,
            } => {
                // Tokens may come from a public service though the system itself is private.
                let mut builder = client(timeout);
                if ca.is_some() {
                    builder = builder.tls_certs_merge(certificates(ca.as_deref())?);
                }
                let name = format!("{}'s token service", public.title);
                let wire = Wire {
                    client: build(builder)?,
                    name,
                    limit: 1024 * 1024,
                };
                Credentials::Bearer(Tokens::new(wire, token_url, client_id, client_secret))
            }
            config::Credentials::IntegrationKey { owner, api_key } => {
                let turns = accounts.of(&base, &owner);
                Credentials::Signed(Signer::new(owner, api_key, turns))
            }
            config::Credentials::Basic { username, password } => {
                let account = Basic::new(&username, &password);
                match public.system {
                    System::Veeam { accept } => Credentials::Session(Logon::new(
                        wire.clone(),
                        base.clone(),
                        account,
                        accept,
                    )),
                    _ => Credentials::Basic(account),
                }
            }
        };
        let thumbnails = if matches!(public.system, System::Uplynk) {
            // Pictures may come from a public service though the system itself is private.
            let extra = certificates(ca.as_deref())?;
            Some(Thumbnails::new(&base_url, &extra)?)
        } else {
            None
        };
        Ok(Self {
            public,
            reads: Reads::new(share),
            locks: accounts.locks(&base),
            thumbnails,
            base,
            wire,
            credentials,
            timeout,
            breaker: Breaker::new(meter.clone()),
            meter,
            places: Semaphore::new(AT_A_TIME),
        })
    }

    /// The media type to ask for: the caller's choice if it is one of the two that the vendors speak.
    pub(crate) fn accept(&self, asked: Option<&HeaderValue>) -> &'static str {
        match (asked.map(HeaderValue::as_bytes), &self.public.system) {
            (Some(b"application/json"), _) => "application/json",
            (Some(b"application/xml"), _) => "application/xml",
            (_, System::Veeam { accept }) => accept.as_str(),
            _ => "application/json",
        }
    }

    /// Asks the vendor. A 401 is answered with new credentials and asked again, once: a request that
    /// was refused for who asked was not carried out, so that writes may be repeated too. Of any other
    /// refusal only what may be passed on comes back.
    pub(crate) async fn ask(&self, outgoing: &Outgoing) -> Result<Answer, Problem> {
        let pass = self.credentials.pass(None, self.timeout).await?;
        let mut answer = self.send(outgoing, &pass).await?;
        if answer.status == StatusCode::UNAUTHORIZED && pass.renewable {
            let refused = pass.number;
            drop(pass);
            let pass = self.credentials.pass(Some(refused), self.timeout).await?;
            answer = self.send(outgoing, &pass).await?;
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            let detail = format!(
                "{} answered 401 to the gateway's own credentials",
                self.wire.name
            );
            return Err(Problem::new(Kind::Credentials, detail));
        }
        Ok(refused::cut(&self.public.system, answer))
    }

    async fn send(&self, outgoing: &Outgoing, pass: &Pass<'_>) -> Result<Answer, Problem> {
        let mut request = Request::new(outgoing.method.clone(), self.url(outgoing, &pass.query)?);
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static(outgoing.accept));
        if let Some((name, value)) = &pass.header {
            headers.insert(name, value.clone());
        }
        match &outgoing.body {
            Some(body) => {
                headers.insert(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                );
                *request.body_mut() = Some(body.clone().into());
            }
            None if outgoing.method != Method::GET => {
                // An empty body has to be said: some servers answer 411 otherwise.
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            None => {}
        }
        let place = tokio::time::timeout(self.timeout, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            let detail = format!(
                "too many requests to {} are under way; this one was not sent",
                self.public.title
            );
            return Err(Problem {
                retry_after: Some(5),
                ..Problem::new(Kind::Overloaded, detail)
            });
        };
        let leave = self.breaker.enter()?;
        let began = Instant::now();
        let outcome = self.wire.send(request).await;
        self.meter.call(began.elapsed(), &outcome);
        leave.tell(&outcome);
        outcome
    }

    fn url(&self, outgoing: &Outgoing, signature: &str) -> Result<Url, Problem> {
        let query: Vec<&str> = [outgoing.query.as_str(), signature]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let address = format!("{}{}{mark}{}", self.base, outgoing.path, query.join("&"));
        Url::parse(&address)
            .ok()
            // Parsing resolves dot segments. None should have come this far; if one did, it is not sent.
            .filter(|url| url.as_str() == address)
            .ok_or_else(|| {
                Problem::new(
                    Kind::Internal,
                    "the path cannot be sent to the vendor as it is",
                )
            })
    }

    /// Ends what was begun with the vendor.
    pub(crate) async fn log_off(&self) {
        if let Credentials::Session(logon) = &self.credentials {
            logon.log_off().await;
        }
    }
}

/// The certificates of a PEM file, none without one.
fn certificates(pem: Option<&[u8]>) -> Result<Vec<Certificate>, String> {
    pem.map_or(Ok(Vec::new()), |pem| {
        Certificate::from_pem_bundle(pem).map_err(|error| error.to_string())
    })
}
