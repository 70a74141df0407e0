//! The client of one vendor system, with its address, credentials and limits. Callers check beforehand what may be
//! requested.

use super::accounts::Accounts;
use super::breaker::Breaker;
use super::error_body;
use super::group_locks::GroupLocks;
use super::lanes::{Lane, LanePermit, Lanes, no_slot};
use super::reads::{Outcome, Reads, When};
use super::route::route;
use crate::config;
use crate::credentials::{Basic, CredentialKind, Credentials, Logon, RequestAuth, Signer, Tokens};
use crate::crypto::{hex, sha256};
use crate::metrics::{Meter, Metrics};
use crate::problem::{Delivery, Kind, Problem};
use crate::vendor_http::{ANSWER_LIMIT, Answer, Trust, VendorHttp, client};
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use reqwest::{Method, Request, Url};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use vendors::call::VendorError;
use vendors::{Operation, System};

/// A vendor system.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) public: vendors::Connection,
    pub(crate) locks: Arc<GroupLocks>,
    pub(crate) timeout: Duration,
    pub(crate) watch: Duration,
    pub(crate) share: Duration,
    base: String,
    /// Identifies how the system is reached.
    route: [u8; 32],
    /// What is probably wrong with the address.
    hint: Option<String>,
    http: VendorHttp,
    credentials: Credentials,
    reads: Reads,
    observer: Option<Arc<dyn ReadObserver>>,
    writes: Option<Arc<dyn WriteObserver>>,
    meter: Arc<Meter>,
    breaker: Breaker,
    lanes: Lanes,
    /// When it last returned a success to any caller.
    answered_at: watch::Sender<Option<Instant>>,
}

/// A request to the vendor, with encoded path and query.
#[derive(Debug, Clone)]
pub(crate) struct VendorRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) accept: &'static str,
    pub(crate) body: Option<Bytes>,
}

impl VendorRequest {
    /// The request for a read operation.
    pub(crate) fn read(of: &vendors::Request) -> Self {
        Self {
            method: Method::GET,
            path: of.path.clone(),
            query: of.query.clone(),
            accept: of.accept,
            body: None,
        }
    }
}

fn is_list(operation: &Operation) -> bool {
    !operation.path.contains("{}")
}

/// Receives every answer to a read before any caller gets it.
pub(crate) trait ReadObserver: fmt::Debug + Send + Sync {
    /// Handles an answer.
    fn answered(&self, operation: &Operation, query: &str, answer: &Answer);
}

/// Receives every write that may have changed something at the vendor.
pub(crate) trait WriteObserver: fmt::Debug + Send + Sync {
    /// Handles a write to a path of this connection, percent-encoded.
    fn written(&self, connection: &str, operation: &Operation, path: &str);
}

impl Upstream {
    /// Builds the client of a configured system without connecting.
    ///
    /// # Errors
    /// The TLS client cannot be built.
    pub(crate) fn new(
        of: config::Connection,
        accounts: &mut Accounts,
        metrics: &Metrics,
        observer: Option<Arc<dyn ReadObserver>>,
        writes: Option<Arc<dyn WriteObserver>>,
    ) -> Result<Self, String> {
        let hint = config::address_hint(&of.base_url, &of.public.system);
        let route = route(&of);
        let config::Connection {
            public,
            base_url,
            credentials,
            ca,
            outbound,
            timeout,
            share,
            watch,
        } = of;
        let meter = metrics.meter(&public.id);
        let base = base_url.as_str().trim_end_matches('/').to_owned();
        let trust = ca.as_deref().map_or(Trust::Also(None), Trust::Only);
        let http = VendorHttp {
            client: client(timeout, &outbound, trust)?,
            name: public.title.clone(),
            limit: ANSWER_LIMIT,
        };
        let refusals = accounts.refusals(&base, &credentials);
        let kind = match credentials {
            config::Credentials::OAuthClient {
                token_url,
                client_id,
                client_secret,
            } => {
                // The token service may be public although the system itself is private.
                let trust = Trust::Also(ca.as_deref());
                let name = format!("{}'s token service", public.title);
                let http = VendorHttp {
                    client: client(timeout, &outbound, trust)?,
                    name,
                    limit: 1024 * 1024,
                };
                CredentialKind::Bearer(Tokens::new(
                    http,
                    token_url,
                    client_id,
                    client_secret,
                    refusals.clone(),
                ))
            }
            config::Credentials::IntegrationKey { owner, api_key } => {
                let queue = accounts.signing_queue(&base, &owner);
                CredentialKind::Signed(Signer::new(owner, api_key, queue))
            }
            config::Credentials::Basic { username, password } => {
                let account = Basic::new(&username, &password);
                match public.system {
                    System::Veeam { accept, .. } => CredentialKind::Session(Logon::new(
                        http.clone(),
                        base.clone(),
                        account,
                        accept,
                        hint.clone(),
                        refusals.clone(),
                    )),
                    _ => CredentialKind::Basic(account),
                }
            }
        };
        let lanes = Lanes::new(kind.takes_turns());
        Ok(Self {
            public,
            locks: accounts.locks(),
            timeout,
            watch,
            share,
            base,
            route,
            hint,
            http,
            credentials: Credentials { kind, refusals },
            reads: Reads::new(share),
            observer,
            writes,
            breaker: Breaker::new(meter.clone()),
            meter,
            lanes,
            answered_at: watch::Sender::default(),
        })
    }

    /// The media type to request: the caller's choice if the vendors support it.
    pub(crate) fn accept(&self, requested: Option<&HeaderValue>) -> &'static str {
        match (requested.map(HeaderValue::as_bytes), &self.public.system) {
            (Some(b"application/json"), _) => "application/json",
            (Some(b"application/xml"), _) => "application/xml",
            (_, System::Veeam { accept, .. }) => accept.as_str(),
            _ => "application/json",
        }
    }

    /// Reads, sharing the request with all callers that read the same.
    pub(crate) async fn read(
        &self,
        lane: &Lane,
        operation: &Operation,
        outgoing: &VendorRequest,
        when: When,
    ) -> Outcome {
        let key = format!("{} {}?{}", outgoing.accept, outgoing.path, outgoing.query);
        let mut fetched = false;
        let fetch = async || {
            fetched = true;
            // The failure of the watcher's list raises an alarm, which no slow read of a person may cause. Resources
            // are too many to be read one by one from a vendor that does not answer.
            let anyway = match lane {
                Lane::Change => true,
                Lane::Watcher => is_list(operation),
                Lane::Person(_) => false,
            };
            let outcome = self.send_in(lane, outgoing, anyway).await;
            if let (Some(observer), Ok(answer)) = (&self.observer, &outcome) {
                observer.answered(operation, &outgoing.query, answer);
            }
            outcome
        };
        let slot = || self.slot(lane);
        if matches!((lane, when), (Lane::Change, When::Now)) {
            // A comparison before a change needs the present state, not an answer from a moment before.
            self.reads.forget();
        }
        let outcome = self.reads.get(&key, when, slot, fetch).await;
        self.meter.read(!fetched);
        outcome
    }

    async fn slot(&self, lane: &Lane) -> Result<LanePermit<'_>, Problem> {
        loop {
            let began = Instant::now();
            if let Some(slot) = self.lanes.slot(lane, self.timeout).await {
                return Ok(slot);
            }
            if !self.may_wait_on(lane, began) {
                return Err(no_slot(&self.public.title));
            }
        }
    }

    /// Waits for the credentials, and authenticates a request.
    async fn auth(&self, lane: &Lane) -> Result<RequestAuth<'_>, Problem> {
        loop {
            let began = Instant::now();
            let auth = self
                .credentials
                .request_auth(None, lane.urgency(), self.timeout)
                .await;
            match auth {
                Err(late) if late.kind == Kind::Timeout && self.may_wait_on(lane, began) => {}
                auth => return auth.map_err(|problem| problem.with_delivery(Delivery::NotSent)),
            }
        }
    }

    /// Whether a request that has waited since `began` may wait once more. The watcher may, if the vendor answered
    /// other requests in the meantime: its wait is then not a failure of the vendor.
    fn may_wait_on(&self, lane: &Lane, began: Instant) -> bool {
        self.credentials.kind.takes_turns()
            && *lane == Lane::Watcher
            && *self.answered_at.borrow() > Some(began)
    }

    /// Waits until the system returns a success to any caller after this time. Returns the time of that.
    pub(crate) async fn next_answer(&self, after: Instant) -> Instant {
        let mut answered_at = self.answered_at.subscribe();
        let next = answered_at.wait_for(|at| *at > Some(after)).await;
        // Cannot fail, because the sender is borrowed here.
        next.ok().and_then(|at| *at).unwrap_or(after)
    }

    /// Handles the end of a write: drops the shared answers, which it may have outdated.
    pub(crate) fn written(&self, operation: &Operation, path: &str) {
        self.reads.forget();
        if let Some(observer) = &self.writes {
            observer.written(&self.public.id, operation, path);
        }
    }

    /// Identifies the resources behind this client: the system, its address and, for Uplynk, the account.
    fn identity(&self) -> (&vendors::Connection, &str, Option<&str>) {
        let account = match &self.credentials.kind {
            CredentialKind::Signed(signer) => Some(signer.owner()),
            // All accounts of these systems see the same resources, within their rights.
            CredentialKind::Bearer(_) | CredentialKind::Basic(_) | CredentialKind::Session(_) => {
                None
            }
        };
        (&self.public, &self.base, account)
    }

    /// Whether another client reaches the same system under the same name.
    pub(crate) fn is_same_system(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// Whether another client of the same system uses the same route, so that both get the same answers.
    pub(crate) fn is_reached_like(&self, other: &Self) -> bool {
        self.route == other.route
    }

    /// A hash that is the same for every client of this system under this name, in any gateway. In hexadecimal digits.
    pub(crate) fn fingerprint(&self) -> String {
        let of = serde_json::to_vec(&self.identity()).unwrap_or_default();
        hex(&sha256(of))
    }

    /// Sends a change, or a read that belongs to one. The body of an error is reduced.
    pub(crate) async fn send(&self, outgoing: &VendorRequest) -> Result<Answer, Problem> {
        let _slot = self.slot(&Lane::Change).await?;
        // A person's change is always attempted, even if earlier reads failed.
        self.send_in(&Lane::Change, outgoing, true).await
    }

    /// Sends a request that has its slot; if `anyway`, even while the breaker is open. After a 401 it is sent again if
    /// there are new credentials. This is safe for writes too, because a request with rejected credentials was not
    /// carried out. All of this takes at most twice the timeout, unless the watcher waits on for its turn.
    async fn send_in(
        &self,
        lane: &Lane,
        outgoing: &VendorRequest,
        anyway: bool,
    ) -> Result<Answer, Problem> {
        let deadline = Instant::now() + 2 * self.timeout;
        let (auth, mut answer) = loop {
            let auth = self.auth(lane).await?;
            // A read that gave way to a change is sent again after it.
            let sent = self.send_with(outgoing, &auth, anyway, self.timeout);
            if let Some(answer) = sent.await? {
                break (auth, answer);
            }
        };
        let mut renewed = false;
        if answer.status == StatusCode::UNAUTHORIZED && auth.renewable {
            let (refused, header) = (Some(auth.number), auth.header.clone());
            drop(auth);
            let auth = self
                .credentials
                .request_auth(refused, lane.urgency(), self.timeout);
            // If that takes too long, the vendor's first refusal stands.
            if let Ok(auth) = timeout_at(deadline, auth).await {
                let auth = auth.map_err(|problem| problem.with_delivery(Delivery::Refused))?;
                let left = deadline.saturating_duration_since(Instant::now());
                renewed = auth.header != header;
                // Only signed requests take turns, and signatures are not renewed, so this request never gives way.
                if renewed {
                    let patience = left.min(self.timeout);
                    let again = self.send_with(outgoing, &auth, anyway, patience).await;
                    // Without a connection, the vendor's first refusal stands.
                    let again = again.map_err(|problem| match problem.delivery {
                        Some(Delivery::NotSent) => problem.with_delivery(Delivery::Refused),
                        _ => problem,
                    })?;
                    answer = again.unwrap_or(answer);
                }
            }
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            let detail = format!(
                "{} returned 401 to the gateway's own credentials",
                self.http.name
            );
            let problem = Problem::new(Kind::Credentials, detail);
            let problem = self.credentials.refused(problem, renewed);
            return Err(problem.with_delivery(Delivery::Refused));
        }
        self.credentials.answered(answer.status);
        if answer.status.is_success() {
            self.answered_at.send_replace(Some(Instant::now()));
        }
        Ok(error_body::reduce(&self.public.system, answer))
    }

    /// Sends a request with its authentication, and waits at most `patience` for the response. `None` for a read that
    /// gave way to a change.
    async fn send_with(
        &self,
        outgoing: &VendorRequest,
        auth: &RequestAuth<'_>,
        anyway: bool,
        patience: Duration,
    ) -> Result<Option<Answer>, Problem> {
        let mut request = Request::new(outgoing.method.clone(), self.url(outgoing, &auth.query)?);
        *request.timeout_mut() = Some(patience);
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static(outgoing.accept));
        if let Some((name, value)) = &auth.header {
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
                // Some servers answer 411 when an empty body has no length.
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            None => {}
        }
        let permit = match self.breaker.enter() {
            Err(_) if anyway => self.breaker.enter_anyway(),
            permit => permit?,
        };
        let exchange = async {
            let began = Instant::now();
            let outcome = self.http.send(request).await.map(Answer::into_utf8);
            self.meter.call(began.elapsed(), &outcome);
            permit.record(&outcome);
            outcome
        };
        tokio::select! {
            outcome = exchange => outcome.map(Some),
            () = auth.is_needed_for_a_change() => Ok(None),
        }
    }

    fn url(&self, outgoing: &VendorRequest, signature: &str) -> Result<Url, Problem> {
        let query: Vec<&str> = [outgoing.query.as_str(), signature]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let address = format!("{}{}{mark}{}", self.base, outgoing.path, query.join("&"));
        Url::parse(&address)
            .ok()
            // Parsing resolves dot segments. A path that still contains one is not sent.
            .filter(|url| url.as_str() == address)
            .ok_or_else(|| {
                Problem::new(
                    Kind::Internal,
                    "the path cannot be sent to the vendor as it is",
                )
            })
    }

    /// Lets the next request log on despite a recent refusal. Returns whether it would have waited.
    pub(crate) fn try_log_on_now(&self) -> bool {
        self.credentials.refusals.try_now()
    }

    /// The problem for a missing list, if the address is the probable reason: the answer contains nothing of the
    /// vendor's, or `base_url` looks wrong.
    pub(crate) fn wrong_address(
        &self,
        request: &vendors::Request,
        error: &VendorError,
    ) -> Option<Problem> {
        let status = StatusCode::from_u16(error.status).ok()?;
        let is_missing = matches!(
            status,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE
        );
        if !is_list(request.operation) || !is_missing || (self.hint.is_none() && !error.left_out) {
            return None;
        }
        let url = Url::parse(&format!("{}{}", self.base, request.path)).ok()?;
        let likely = self.hint.as_deref().unwrap_or("look at base_url");
        let method = request.method().as_str();
        Some(Problem::wrong_address(
            &self.public.title,
            status,
            method,
            &url,
            likely,
        ))
    }

    /// Whether a session at the vendor may have to be ended.
    pub(crate) fn logs_off(&self) -> bool {
        matches!(self.credentials.kind, CredentialKind::Session(_))
    }

    pub(crate) async fn log_off(&self) {
        if let CredentialKind::Session(logon) = &self.credentials.kind {
            logon.log_off().await;
        }
    }
}
