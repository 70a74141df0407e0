//! Sign-in at an OpenID Connect provider by authorization code with PKCE. The browser is redirected to the provider
//! with a sealed cookie that holds the attempt, and returns with a code. The gateway stores nothing in between, so that
//! another gateway with the same key can complete the sign-in. Tokens are read once and not kept.

mod answers;
mod attempt;
mod claims;
mod http_transport;
mod provider;
mod refusal;
mod signature;
mod tokens;

pub(crate) use refusal::Refusal;

use super::throttle::CountedAttempt;
use super::ticket::Provided;
use super::users::PreviousSession;
use super::visitor::SessionHolder;
use super::{Access, Users, Visitor};
use crate::config;
use crate::crypto::{CookiePurpose, Seal};
use crate::identity::{Role, User};
use crate::problem::{Kind, Problem};
use attempt::{ATTEMPT_LIFETIME, Attempt, destination};
use axum::http::{HeaderMap, HeaderValue};
use claims::{Claims, Person};
use provider::{Provider, invalid};
use reqwest::Url;
use std::net::IpAddr;
use std::time::Duration;

/// The maximum length of a code.
const MAX_CODE_LENGTH: usize = 4096;

/// A provider, and the meaning of its claims.
pub(super) struct OpenId {
    title: String,
    provider: Provider,
    claims: Claims,
    /// The path prefix of the console in browsers.
    base_path: String,
    /// The seal of attempts, which cannot open sessions.
    seal: Seal,
    /// A fingerprint of the configuration. When the mapping of claims changes, users must sign in again.
    fingerprint: String,
}

impl OpenId {
    /// Builds the client without connecting.
    ///
    /// # Errors
    /// The client cannot be built.
    pub(super) fn new(of: config::OpenId, base_path: String, seal: &Seal) -> Result<Self, String> {
        let fingerprint = [&of.issuer, &of.client_id, &of.roles_claim]
            .into_iter()
            .chain(&of.admins)
            .chain([&String::new()])
            .chain(&of.viewers)
            .fold(String::from("openid"), |fingerprint, text| {
                format!("{fingerprint}{}:{text}", text.len())
            });
        Ok(Self {
            provider: Provider::new(&of).map_err(|why| format!("openid: {why}"))?,
            claims: Claims::new(&of),
            base_path,
            seal: seal.with_purpose(b"failover-console attempt 1"),
            title: of.title,
            fingerprint,
        })
    }

    /// The provider's title.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// The configured name of the claim that holds the roles.
    pub(super) fn roles_claim(&self) -> &str {
        self.claims.roles_claim()
    }

    /// A user of the provider, in the form that sessions use.
    pub(super) fn user(&self, name: &str, provided: &Provided) -> User {
        User {
            name: name.to_owned(),
            role: if provided.admin {
                Role::Admin
            } else {
                Role::Viewer
            },
            password_hash: format!("{}{}", self.fingerprint, provided.subject),
        }
    }

    /// The code, if the returned parameters belong to this attempt.
    fn code(&self, attempt: &Attempt, query: &[(String, String)]) -> Result<String, Refusal> {
        let is_ours = single(query, "state").is_some_and(|state| attempt.expects(state));
        // RFC 9207: if the provider names itself, it must be the configured one.
        let issuer = single(query, "iss");
        if !is_ours || issuer.is_some_and(|issuer| !self.provider.has_issuer(issuer)) {
            return Err(Refusal::Expired);
        }
        match (single(query, "error"), single(query, "code")) {
            (Some("server_error" | "temporarily_unavailable"), _) => Err(Refusal::Unreachable),
            (Some(_), _) => Err(Refusal::Denied),
            (None, Some(code)) if (1..=MAX_CODE_LENGTH).contains(&code.len()) => {
                Ok(code.to_owned())
            }
            (None, _) => Err(Refusal::Expired),
        }
    }
}

/// Reads the metadata of a provider once.
///
/// # Errors
/// Why it cannot be read.
pub(crate) async fn check(of: &config::OpenId) -> Result<(), String> {
    Provider::new(of)?.check().await
}

/// The redirect of the browser to the provider.
pub(crate) struct AuthorizationRedirect {
    /// The page to return to after the sign-in.
    pub(crate) to: String,
    /// The provider's address and the cookie with the attempt, or why the sign-in cannot begin.
    pub(crate) provider: Result<(Url, HeaderValue), Refusal>,
}

/// The result of a sign-in at the provider.
pub(crate) struct Completed {
    /// The page to go to.
    pub(crate) to: String,
    /// Whether the browser had begun a sign-in. Anybody can send requests without one.
    pub(crate) was_begun: bool,
    /// The user's name for the audit, or `-`.
    pub(crate) name: String,
    /// The holder of the replaced session, and why a restart may bring the session back.
    pub(crate) replaced: Option<(SessionHolder, Option<Kind>)>,
    /// The new session's cookie, or why the sign-in failed.
    pub(crate) session: Result<HeaderValue, Refusal>,
    /// The cookie that deletes the attempt.
    pub(crate) clear_attempt: Option<HeaderValue>,
}

impl Access {
    /// Begins a sign-in at the provider, which redirects the browser to `back` afterwards.
    ///
    /// # Errors
    /// No provider is configured.
    pub(crate) async fn begin_at_provider(
        &self,
        headers: &HeaderMap,
        back: &Url,
        query: &[(String, String)],
    ) -> Result<AuthorizationRedirect, Problem> {
        let (users, openid) = self.provider()?;
        let to = self.destination(query)?;
        let now = (users.clock)();
        let provider = match openid.provider.authorization(back, to.clone(), now).await {
            Ok((address, mut attempt)) => {
                let visitor = users.visitor(headers);
                attempt.previous = visitor.as_ref().and_then(PreviousSession::of);
                attempt.holder = visitor.as_ref().map(Visitor::holder);
                users
                    .attempt_cookie(openid, headers, &attempt)
                    .map(|cookie| (address, cookie))
                    .ok_or(Refusal::Internal)
            }
            Err(refusal) => Err(refusal),
        };
        Ok(AuthorizationRedirect { to, provider })
    }

    /// The page of the console to which a sign-in with these parameters returns.
    ///
    /// # Errors
    /// No provider is configured.
    pub(crate) fn destination(&self, query: &[(String, String)]) -> Result<String, Problem> {
        let (_, openid) = self.provider()?;
        Ok(destination(single(query, "to"), &openid.base_path))
    }

    /// Completes a sign-in with the parameters that the provider sent back to `back`.
    ///
    /// # Errors
    /// No provider is configured.
    pub(crate) async fn complete_at_provider(
        &self,
        headers: &HeaderMap,
        back: &Url,
        query: &[(String, String)],
        from: IpAddr,
    ) -> Result<Completed, Problem> {
        let (users, openid) = self.provider()?;
        let attempt = users.attempt(openid, headers);
        let person = match &attempt {
            Some(attempt) => {
                let code = openid.code(attempt, query);
                users.redeem(openid, attempt, code, back, from).await
            }
            None => Err(Refusal::Expired),
        };
        let mut replaced = None;
        let (name, session) = match person {
            Ok(Person {
                name,
                subject,
                role: Ok(role),
            }) => {
                let admin = role == Role::Admin;
                let provided = Provided { subject, admin };
                let user = openid.user(&name, &provided);
                match users.begin_session(headers, &user, Some(provided)) {
                    Some((visitor, cookie)) => {
                        if let Some(attempt) = &attempt
                            && let Some(previous) = &attempt.previous
                            && users.is_open(previous)
                        {
                            let unsaved = users.end(previous).await.err().map(|why| why.kind);
                            replaced = attempt.holder.clone().map(|holder| (holder, unsaved));
                        }
                        (visitor.log_name(), Ok(cookie))
                    }
                    None => ("-".to_owned(), Err(Refusal::Internal)),
                }
            }
            Ok(Person {
                name,
                subject,
                role: Err(refusal),
            }) => (format!("{name} <{subject}>"), Err(refusal)),
            Err(refusal) => ("-".to_owned(), Err(refusal)),
        };
        Ok(Completed {
            was_begun: attempt.is_some(),
            to: attempt.map_or_else(
                || destination(None, &openid.base_path),
                |attempt| attempt.to,
            ),
            name,
            replaced,
            session,
            clear_attempt: users
                .cookie
                .set(CookiePurpose::Attempt, headers, "", Duration::ZERO),
        })
    }

    /// # Errors
    /// No provider is configured.
    fn provider(&self) -> Result<(&Users, &OpenId), Problem> {
        self.users()
            .and_then(|users| users.openid.as_ref().map(|openid| (users, openid)))
            .ok_or_else(|| {
                Problem::new(
                    Kind::BadRequest,
                    "this gateway has no OpenID Connect provider to sign in with",
                )
            })
    }
}

impl Users {
    fn attempt_cookie(
        &self,
        openid: &OpenId,
        headers: &HeaderMap,
        attempt: &Attempt,
    ) -> Option<HeaderValue> {
        let sealed = openid.seal.close(&serde_json::to_vec(attempt).ok()?)?;
        self.cookie
            .set(CookiePurpose::Attempt, headers, &sealed, ATTEMPT_LIFETIME)
    }

    /// The attempt in the browser's cookie, if it is valid and recent.
    fn attempt(&self, openid: &OpenId, headers: &HeaderMap) -> Option<Attempt> {
        let cookie = self.cookie.find(CookiePurpose::Attempt, headers)?;
        let plain = openid.seal.open(cookie)?;
        let attempt: Attempt = serde_json::from_slice(&plain).ok()?;
        attempt.is_recent((self.clock)()).then_some(attempt)
    }

    /// The user to whom the provider issued the code.
    async fn redeem(
        &self,
        openid: &OpenId,
        attempt: &Attempt,
        code: Result<String, Refusal>,
        back: &Url,
        from: IpAddr,
    ) -> Result<Person, Refusal> {
        let now = (self.clock)();
        let code = code?;
        let (throttle, counted) = (&self.memory.throttle, CountedAttempt::at_provider(from));
        // Checked before the id is marked as used, because refused attempts must not displace other ids.
        throttle
            .begin(&counted)
            .map_err(|_| Refusal::TooManyTries)?;
        if !self.memory.used_ids.add(&attempt.state, now) {
            throttle.forgive(&counted);
            return Err(Refusal::Expired);
        }
        let redeemed = openid.provider.redeem(code, back, attempt, now).await;
        // Only failures count, because many users may share one address.
        if !matches!(redeemed, Err(Refusal::Invalid | Refusal::Expired)) {
            throttle.forgive(&counted);
        }
        let mut person = openid
            .claims
            .read(&redeemed?)
            .ok_or_else(|| invalid("its token names no subject"))?;
        // Successes are limited because each adds a row to the audit, which is kept forever.
        if person.role.is_ok() && throttle.signed_in_at_provider(&person.subject).is_err() {
            person.role = Err(Refusal::TooManyTries);
        }
        Ok(person)
    }
}

/// The value of a parameter that was sent exactly once.
fn single<'q>(query: &'q [(String, String)], name: &str) -> Option<&'q str> {
    let mut found = query.iter().filter(|(known, _)| known == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}
