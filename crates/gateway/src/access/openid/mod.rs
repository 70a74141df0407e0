//! Signing in at an OpenID Connect provider: authorization code with PKCE. The browser is sent there with a
//! sealed cookie that says what was asked, and comes back with a code; nothing is remembered in between, so
//! that another gateway with the same key may be the one it comes back to. Tokens are read once and kept
//! nowhere. What goes wrong leads back to the sign-in page with a word for it, never with a text.

mod attempt;
mod claims;
mod provider;
mod refusal;
mod tokens;
mod way;

use super::seal::Seal;
use super::ticket::Provided;
use super::{For, Users, Visitor, Way};
use crate::app::Gateway;
use crate::audit::{self, Who};
use crate::config::{self, Role, User};
use crate::problem::{Kind, Problem};
use attempt::{Attempt, PATIENCE, destination};
use axum::Json;
use axum::extract::Query;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse as _, Response};
use claims::{Claims, Person};
use provider::{Provider, invalid};
pub(crate) use refusal::Refusal;
use refusal::{failed, see};
use reqwest::Url;
use serde::Serialize;
use std::net::IpAddr;
use std::time::Duration;

/// A code that is longer is none.
const LONGEST_CODE: usize = 4096;

/// Where the provider sends browsers back to.
const CALLBACK: &str = "/api/openid/callback";

/// A provider, and what it means here.
pub(super) struct OpenId {
    title: String,
    provider: Provider,
    claims: Claims,
    /// Opens and closes nothing but what travels while somebody signs in.
    seal: Seal,
    /// Of the configuration: who is what by another one has to sign in again.
    mark: String,
}

impl OpenId {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// Why there could be no client.
    pub(super) fn new(of: config::OpenId, seal: &Seal) -> Result<Self, String> {
        let mark = [&of.issuer, &of.client_id, &of.roles_claim]
            .into_iter()
            .chain(&of.admins)
            .chain([&String::new()])
            .chain(&of.viewers)
            .fold(String::from("openid"), |mark, text| {
                format!("{mark}{}:{text}", text.len())
            });
        Ok(Self {
            provider: Provider::new(&of).map_err(|why| format!("openid: {why}"))?,
            claims: Claims::new(&of),
            seal: seal.with_purpose(b"failover-console attempt 1"),
            title: of.title,
            mark,
        })
    }

    /// Somebody whom the provider vouched for, as the tickets know users.
    pub(super) fn user(&self, name: &str, provided: &Provided) -> User {
        User {
            name: name.to_owned(),
            role: if provided.admin {
                Role::Admin
            } else {
                Role::Viewer
            },
            password_hash: format!("{}{}", self.mark, provided.subject),
        }
    }
}

/// `GET /api/sign-in`: how one can sign in.
#[derive(Serialize)]
struct Ways<'a> {
    /// Whether there is anybody with a name and a password.
    password: bool,
    /// What the provider is called.
    provider: Option<&'a str>,
}

/// How one can sign in here.
pub(crate) fn ways(gateway: &Gateway) -> Response {
    let (password, provider) = match &gateway.access.0 {
        Way::Open { .. } => (false, None),
        Way::Users(users) => (
            !users.users.is_empty(),
            users.openid.as_ref().map(|openid| openid.title.as_str()),
        ),
    };
    let ways = Json(Ways { password, provider });
    ([(header::CACHE_CONTROL, "no-store")], ways).into_response()
}

/// `GET /api/openid/start?to=…`: sends the browser to the provider.
///
/// # Errors
/// There is no provider.
pub(crate) async fn begin(
    gateway: &Gateway,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Response, Problem> {
    let (users, openid) = parts(gateway)?;
    let to = destination(single(&asked(uri), "to"));
    let back = back(gateway, headers)?;
    let question = openid.provider.question(&back, to.clone(), (users.clock)());
    let (address, attempt) = match question.await {
        Ok(question) => question,
        Err(refusal) => return Ok(failed(refusal, &to)),
    };
    let cookie = serde_json::to_vec(&attempt)
        .ok()
        .and_then(|plain| openid.seal.close(&plain))
        .and_then(|sealed| users.cookie.set(For::Attempt, headers, &sealed, PATIENCE));
    let Some(cookie) = cookie else {
        return Ok(failed(Refusal::Internal, &to));
    };
    let mut response = see(address.as_str());
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// `GET /api/openid/callback`: the browser comes back from the provider. It comes from another site, so this
/// answer and the redirect that it is see no session; the page that they lead to is a file and needs none, and
/// what that page asks for is asked by our own site.
///
/// # Errors
/// There is no provider.
pub(crate) async fn finish(
    gateway: &Gateway,
    who: &Who,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Response, Problem> {
    let (users, openid) = parts(gateway)?;
    let back = back(gateway, headers)?;
    let attempt = users.attempt(openid, headers);
    let to = attempt.as_ref().map_or("/", |attempt| attempt.to.as_str());
    let came = match &attempt {
        Some(attempt) => {
            let returned = openid.code(attempt, &asked(uri));
            users
                .arrive(openid, attempt, returned, &back, who.from)
                .await
        }
        None => Err(Refusal::Expired),
    };
    let (mut response, name, refused) = match came {
        Ok(Person {
            name,
            subject,
            role: Some(role),
        }) => {
            let admin = role == Role::Admin;
            let provided = Provided { subject, admin };
            let user = openid.user(&name, &provided);
            match users.admit(headers, &user, Some(provided)) {
                Some((visitor, cookie)) => {
                    let mut response = see(to);
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                    (response, Visitor::in_log(&visitor), None)
                }
                None => refused(Refusal::Internal, to, "-"),
            }
        }
        Ok(Person { name, subject, .. }) => {
            refused(Refusal::NoRole, to, &format!("{name} <{subject}>"))
        }
        Err(refusal) => refused(refusal, to, "-"),
    };
    audit::provided(&gateway.shared, who, &name, refused);
    if let Some(gone) = users.cookie.set(For::Attempt, headers, "", Duration::ZERO) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    Ok(response)
}

fn refused(refusal: Refusal, to: &str, name: &str) -> (Response, String, Option<Refusal>) {
    (failed(refusal, to), name.to_owned(), Some(refusal))
}

impl Users {
    /// The attempt that the browser brought along, if it is one and came in time.
    fn attempt(&self, openid: &OpenId, headers: &HeaderMap) -> Option<Attempt> {
        let plain = openid.seal.open(self.cookie.find(For::Attempt, headers)?)?;
        let attempt: Attempt = serde_json::from_slice(&plain).ok()?;
        attempt.is_young((self.clock)()).then_some(attempt)
    }

    /// Who came back with this.
    async fn arrive(
        &self,
        openid: &OpenId,
        attempt: &Attempt,
        returned: Result<String, Refusal>,
        back: &Url,
        from: IpAddr,
    ) -> Result<Person, Refusal> {
        let now = (self.clock)();
        let code = returned?;
        if !self.memory.returned.add(&attempt.state, now) {
            return Err(Refusal::Expired);
        }
        // Per address only: nobody can lock the others out of the provider.
        let throttle = &self.memory.throttle;
        throttle.may_ask(from).map_err(|_| Refusal::TooManyTries)?;
        let redeemed = openid.provider.redeem(code, back, attempt, now).await;
        if let Err(Refusal::Invalid | Refusal::Expired) = redeemed {
            throttle.failed(from);
        }
        openid
            .claims
            .read(&redeemed?)
            .ok_or_else(|| invalid("its token names no subject"))
    }
}

impl OpenId {
    /// The code, if what came back answers what was asked.
    fn code(&self, attempt: &Attempt, asked: &[(String, String)]) -> Result<String, Refusal> {
        let is_ours = single(asked, "state").is_some_and(|state| attempt.expects(state));
        // RFC 9207: a provider that says who it is says the truth.
        let issuer = single(asked, "iss");
        if !is_ours || issuer.is_some_and(|issuer| !self.provider.is(issuer)) {
            return Err(Refusal::Expired);
        }
        match (single(asked, "error"), single(asked, "code")) {
            (Some("server_error" | "temporarily_unavailable"), _) => Err(Refusal::Unreachable),
            (Some(_), _) => Err(Refusal::Denied),
            (None, Some(code)) if (1..=LONGEST_CODE).contains(&code.len()) => Ok(code.to_owned()),
            (None, _) => Err(Refusal::Expired),
        }
    }
}

/// # Errors
/// Nobody signs in, or not elsewhere.
fn parts(gateway: &Gateway) -> Result<(&Users, &OpenId), Problem> {
    match &gateway.access.0 {
        Way::Users(users) => users.openid.as_ref().map(|openid| (&**users, openid)),
        Way::Open { .. } => None,
    }
    .ok_or_else(|| {
        Problem::new(
            Kind::BadRequest,
            "this gateway has no OpenID Connect provider to sign in with",
        )
    })
}

/// The address that the provider knows: under the public name, or under the one of this computer that the
/// browser used, which `guard` has looked at.
fn back(gateway: &Gateway, headers: &HeaderMap) -> Result<Url, Problem> {
    let origin = match &gateway.public_origin {
        Some(origin) => origin.clone(),
        None => {
            let scheme = if gateway.tls { "https" } else { "http" };
            let host = headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok());
            format!("{scheme}://{}", host.unwrap_or("localhost"))
        }
    };
    Url::parse(&format!("{origin}{CALLBACK}")).map_err(|_| {
        Problem::new(
            Kind::BadRequest,
            "the name in `Host` cannot be come back to",
        )
    })
}

/// The query, decoded.
fn asked(uri: &Uri) -> Vec<(String, String)> {
    Query::try_from_uri(uri).map_or_else(|_| Vec::new(), |Query(asked)| asked)
}

/// A parameter that is there once: of two nobody knows which is meant.
fn single<'q>(asked: &'q [(String, String)], name: &str) -> Option<&'q str> {
    let mut found = asked.iter().filter(|(known, _)| known == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}
