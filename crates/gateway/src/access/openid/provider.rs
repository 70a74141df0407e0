//! Asking the provider: where it is to be asked, what a code is worth, whether a token is its own. Must not
//! write a code, a token or the secret anywhere, and so writes none of the crate's errors that can hold an
//! answer's body.

use super::Refusal;
use super::attempt::Attempt;
use super::tokens::{Asking, verified};
use super::way::{Failed, Way};
use crate::config;
use crate::problem::Kind;
use crate::single_flight::{Landed, SingleFlight};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType, CoreProviderMetadata,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    DiscoveryError, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    TokenResponse as _,
};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long what a provider says of itself is good.
const LIFE: Duration = Duration::from_secs(3600);

/// After a failure, when it is asked again: soon where nothing is known of it, later where the last answer
/// still serves.
const SOON: Duration = Duration::from_secs(5);
const LATER: Duration = Duration::from_secs(60);

/// How often an unknown key may be a reason to ask for the keys anew.
const KEYS: Duration = Duration::from_secs(30);

/// What is known of the provider.
#[derive(Clone)]
struct Known {
    said: Result<Arc<CoreProviderMetadata>, Refusal>,
    /// When it is asked again.
    until: Instant,
    /// When an unknown key was the reason to ask.
    keys: Option<Instant>,
}

/// A provider, and what it knows this gateway by.
pub(super) struct Provider {
    way: Way,
    issuer: IssuerUrl,
    client_id: ClientId,
    secret: SecretString,
    scopes: Vec<Scope>,
    known: SingleFlight<Known>,
}

impl Provider {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// Why no TLS client could be made.
    pub(super) fn new(of: &config::OpenId) -> Result<Self, String> {
        let issuer = IssuerUrl::new(of.issuer.clone()).map_err(|error| error.to_string())?;
        Ok(Self {
            way: Way::new(of, issuer.url().scheme() == "http")?,
            issuer,
            client_id: ClientId::new(of.client_id.clone()),
            secret: of.client_secret.clone(),
            scopes: of.scopes.iter().cloned().map(Scope::new).collect(),
            known: SingleFlight::default(),
        })
    }

    /// Whether this is what it calls itself.
    pub(super) fn is(&self, issuer: &str) -> bool {
        self.issuer.as_str() == issuer
    }

    /// Where a browser is sent to sign in, and what has to come back from there.
    pub(super) async fn question(
        &self,
        back: &Url,
        to: String,
        now: Duration,
    ) -> Result<(Url, Attempt), Refusal> {
        let said = self.said().await.value.said?;
        if !self.way.may_reach(said.authorization_endpoint().url()) {
            tracing::warn!("the OpenID Connect provider's authorization endpoint is not https");
            return Err(Refusal::Unreachable);
        }
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = self
            .asking(&said, back)
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(challenge)
            .url();
        let attempt = Attempt {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            to,
            began: now.as_secs(),
        };
        Ok((address, attempt))
    }

    /// The verified claims of whoever a code was given to.
    pub(super) async fn redeem(
        &self,
        code: String,
        back: &Url,
        attempt: &Attempt,
        now: Duration,
    ) -> Result<Value, Refusal> {
        let known = self.said().await;
        let said = known.value.said?;
        let asking = self.asking(&said, back);
        let request = asking
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| invalid("it names no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
        let answer = request.request_async(&self.way).await.map_err(not_given)?;
        let token = answer
            .id_token()
            .ok_or_else(|| invalid("its answer holds no ID token"))?;
        match verified(token, &self.client_id, &said, attempt, now) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                // It may have changed its keys since they were read.
                let said = self.said_after(known.number).await.value.said?;
                verified(token, &self.client_id, &said, attempt, now)
            }
            outcome => outcome,
        }
        .map_err(|error| match error {
            ClaimsVerificationError::SignatureVerification(inner) => {
                invalid(&format!("the signature of its token: {inner}"))
            }
            error => invalid(&format!("its token: {error}")),
        })
    }

    fn asking(&self, said: &CoreProviderMetadata, back: &Url) -> Asking {
        let secret = ClientSecret::new(self.secret.expose_secret().to_owned());
        let ways = said.token_endpoint_auth_methods_supported();
        // The first is what a provider that says nothing has (OpenID Connect Discovery 1.0, section 3).
        let by_header =
            ways.is_none_or(|ways| ways.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let by_body =
            ways.is_some_and(|ways| ways.contains(&CoreClientAuthMethod::ClientSecretPost));
        Asking::from_provider_metadata(said.clone(), self.client_id.clone(), Some(secret))
            .set_auth_type(if by_body && !by_header {
                AuthType::RequestBody
            } else {
                AuthType::BasicAuth
            })
            .set_redirect_uri(RedirectUrl::from_url(back.clone()))
    }

    /// What the provider says of itself.
    async fn said(&self) -> Landed<Known> {
        let serves = |landed: &Landed<Known>| Instant::now() < landed.value.until;
        self.known.get(serves, |last| self.ask(last, None)).await
    }

    /// The same, but said later than `number` if it was not asked too often for such a reason.
    async fn said_after(&self, number: u64) -> Landed<Known> {
        let serves = |landed: &Landed<Known>| {
            let lately = landed.value.keys.is_some_and(|at| at.elapsed() < KEYS);
            landed.number != number || lately
        };
        let asked = Some(Instant::now());
        self.known.get(serves, |last| self.ask(last, asked)).await
    }

    async fn ask(&self, last: Option<Landed<Known>>, keys: Option<Instant>) -> Known {
        let asked = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.way).await;
        let now = Instant::now();
        let last = last.map(|last| last.value);
        let keys = keys.or(last.as_ref().and_then(|last| last.keys));
        let known = |said, life| Known {
            said,
            until: now + life,
            keys,
        };
        match asked {
            Ok(said) => known(Ok(Arc::new(said)), LIFE),
            Err(error) => {
                tracing::warn!(
                    why = ?in_words(error),
                    "what the OpenID Connect provider says of itself could not be read"
                );
                match last.map(|last| last.said) {
                    Some(Ok(said)) => known(Ok(said), LATER),
                    _ => known(Err(Refusal::Unreachable), SOON),
                }
            }
        }
    }
}

/// An answer that is not what it should be.
pub(super) fn invalid(why: &str) -> Refusal {
    tracing::warn!(
        ?why,
        "the OpenID Connect provider's answer was not accepted"
    );
    Refusal::Invalid
}

/// Why discovery failed. Its bodies are public, and long.
fn in_words(error: DiscoveryError<Failed>) -> String {
    match error {
        DiscoveryError::Request(failed) if failed.0.kind == Kind::Redirect => {
            "it sent the gateway to another address, which it does not follow: look at `issuer`"
                .to_owned()
        }
        DiscoveryError::Request(failed) => failed.0.detail,
        DiscoveryError::Response(status, _, _) => {
            format!(
                "it answered {} or something else than JSON: look at `issuer`",
                status.as_u16()
            )
        }
        DiscoveryError::Parse(error) => format!("it lacks or misspells something: {error}"),
        DiscoveryError::Validation(why) => format!("{why}: look at `issuer`"),
        _ => "it could not be asked".to_owned(),
    }
}

/// Why there is no token. What was answered may hold one, and is not told.
fn not_given(
    error: RequestTokenError<Failed, StandardErrorResponse<CoreErrorResponseType>>,
) -> Refusal {
    match error {
        RequestTokenError::Request(Failed(problem)) => {
            let why = problem.detail;
            tracing::warn!(?why, "the OpenID Connect provider gave no token");
            Refusal::Unreachable
        }
        RequestTokenError::ServerResponse(said) => match said.error() {
            CoreErrorResponseType::InvalidGrant => {
                tracing::warn!("the OpenID Connect provider gave no token: invalid_grant");
                Refusal::Expired
            }
            CoreErrorResponseType::Extension(_) => {
                invalid("it gave no token and said why in no known word")
            }
            known => invalid(&format!("it gave no token: {}", known.as_ref())),
        },
        RequestTokenError::Parse(..) => invalid("its answer to the code cannot be read"),
        RequestTokenError::Other(_) => invalid("its answer to the code is empty or no JSON"),
    }
}
