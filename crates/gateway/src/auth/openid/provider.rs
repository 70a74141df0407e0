//! The client of the provider: reads its metadata, redeems codes and verifies tokens. It must not log a code, a token
//! or the secret, and so logs no errors of the crate that may contain the body of a response.

use super::Refusal;
use super::attempt::Attempt;
use super::http_transport::{Failed, HttpTransport};
use super::signature::Fault;
use super::tokens::{ProviderClient, verified};
use crate::config;
use crate::problem::Kind;
use crate::single_flight::{Fetched, SingleFlight};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType, CoreProviderMetadata,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DiscoveryError, IssuerUrl,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse,
};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The time after which the provider's metadata is read again.
const METADATA_LIFETIME: Duration = Duration::from_secs(3600);

/// The delays before a retry: short without any metadata, longer with previous metadata.
const FIRST_READ_RETRY_DELAY: Duration = Duration::from_secs(5);
const RETRY_DELAY: Duration = Duration::from_secs(60);

/// The minimum interval between reads of the keys that are caused by unknown or changed keys.
const KEY_REFRESH_INTERVAL: Duration = Duration::from_secs(30);

/// The provider's metadata as last read, or why it could not be read.
#[derive(Clone)]
struct CachedMetadata {
    metadata: Result<Arc<CoreProviderMetadata>, Refusal>,
    /// The time of the next read.
    until: Instant,
    /// The time of the last read that an unknown or a changed key caused.
    keys_requested_at: Option<Instant>,
}

/// A provider, and this gateway's account there.
pub(super) struct Provider {
    transport: HttpTransport,
    issuer: IssuerUrl,
    client_id: ClientId,
    secret: SecretString,
    scopes: Vec<Scope>,
    cached: SingleFlight<CachedMetadata>,
}

impl Provider {
    /// Builds the client without connecting.
    ///
    /// # Errors
    /// The TLS client cannot be built.
    pub(super) fn new(of: &config::OpenId) -> Result<Self, String> {
        let issuer = IssuerUrl::new(of.issuer.clone()).map_err(|error| error.to_string())?;
        Ok(Self {
            transport: HttpTransport::new(of, issuer.url().scheme() == "http")?,
            issuer,
            client_id: ClientId::new(of.client_id.clone()),
            secret: of.client_secret.clone(),
            scopes: of.scopes.iter().cloned().map(Scope::new).collect(),
            cached: SingleFlight::default(),
        })
    }

    /// Reads the metadata once.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) async fn check(&self) -> Result<(), String> {
        let found =
            CoreProviderMetadata::discover_async(self.issuer.clone(), &self.transport).await;
        let metadata = found.map_err(describe)?;
        let address = metadata.authorization_endpoint().url();
        if self.transport.may_reach(address) {
            Ok(())
        } else {
            Err("its authorization endpoint is not https".to_owned())
        }
    }

    /// Whether this is the provider's issuer identifier.
    pub(super) fn has_issuer(&self, issuer: &str) -> bool {
        self.issuer.as_str() == issuer
    }

    /// The address at which the browser signs in, and the attempt to complete afterwards.
    pub(super) async fn authorization(
        &self,
        back: &Url,
        to: String,
        now: Duration,
    ) -> Result<(Url, Attempt), Refusal> {
        let metadata = self.metadata().await.value.metadata?;
        if !self
            .transport
            .may_reach(metadata.authorization_endpoint().url())
        {
            tracing::warn!("the OpenID Connect provider's authorization endpoint is not https");
            return Err(Refusal::Unreachable);
        }
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = self
            .client(&metadata, back)
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
            previous: None,
            holder: None,
        };
        Ok((address, attempt))
    }

    /// Redeems a code. Returns the verified claims of the user to whom it was issued.
    pub(super) async fn redeem(
        &self,
        code: String,
        back: &Url,
        attempt: &Attempt,
        now: Duration,
    ) -> Result<Value, Refusal> {
        let cached = self.metadata().await;
        let metadata = cached.value.metadata?;
        let client = self.client(&metadata, back);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| invalid("it names no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
        let answer = request
            .request_async(&self.transport)
            .await
            .map_err(token_refusal)?;
        let fields = answer.extra_fields().extra_fields();
        let token = fields
            .raw_id_token
            .as_deref()
            .ok_or_else(|| invalid("its answer holds no ID token"))?;
        match verified(token, &self.client_id, &metadata, attempt, now) {
            Err(Fault::Key(_)) => {
                // The provider may have changed its keys since they were read, even without a new key id.
                let metadata = self.metadata_after(cached.number).await.value.metadata?;
                verified(token, &self.client_id, &metadata, attempt, now)
            }
            outcome => outcome,
        }
        .map_err(|fault| match fault {
            Fault::Key(why) | Fault::Invalid(why) => invalid(&why),
        })
    }

    fn client(&self, metadata: &CoreProviderMetadata, back: &Url) -> ProviderClient {
        let secret = ClientSecret::new(self.secret.expose_secret().to_owned());
        let methods = metadata.token_endpoint_auth_methods_supported();
        // Basic authentication is the default (OpenID Connect Discovery 1.0, section 3).
        let by_header = methods
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let by_body = methods
            .is_some_and(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretPost));
        ProviderClient::from_provider_metadata(
            metadata.clone(),
            self.client_id.clone(),
            Some(secret),
        )
        .set_auth_type(if by_body && !by_header {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        })
        .set_redirect_uri(RedirectUrl::from_url(back.clone()))
    }

    /// The provider's metadata, from the cache while it is valid.
    async fn metadata(&self) -> Fetched<CachedMetadata> {
        let is_usable = |fetched: &Fetched<CachedMetadata>| Instant::now() < fetched.value.until;
        self.cached
            .get(is_usable, |last| self.discover(last, None))
            .await
    }

    /// Metadata newer than fetch `number`, unless an unknown key has caused a read recently.
    async fn metadata_after(&self, number: u64) -> Fetched<CachedMetadata> {
        let is_usable = |fetched: &Fetched<CachedMetadata>| {
            let at = fetched.value.keys_requested_at;
            fetched.number != number || at.is_some_and(|at| at.elapsed() < KEY_REFRESH_INTERVAL)
        };
        let requested_at = Some(Instant::now());
        self.cached
            .get(is_usable, |last| self.discover(last, requested_at))
            .await
    }

    async fn discover(
        &self,
        last: Option<Fetched<CachedMetadata>>,
        keys_requested_at: Option<Instant>,
    ) -> CachedMetadata {
        let found =
            CoreProviderMetadata::discover_async(self.issuer.clone(), &self.transport).await;
        let now = Instant::now();
        let last = last.map(|last| last.value);
        let keys_requested_at =
            keys_requested_at.or(last.as_ref().and_then(|last| last.keys_requested_at));
        let cached = |metadata, life| CachedMetadata {
            metadata,
            until: now + life,
            keys_requested_at,
        };
        match found {
            Ok(metadata) => cached(Ok(Arc::new(metadata)), METADATA_LIFETIME),
            Err(error) => {
                tracing::warn!(
                    why = ?describe(error),
                    "the metadata of the OpenID Connect provider could not be read"
                );
                match last.map(|last| last.metadata) {
                    Some(Ok(metadata)) => cached(Ok(metadata), RETRY_DELAY),
                    _ => cached(Err(Refusal::Unreachable), FIRST_READ_RETRY_DELAY),
                }
            }
        }
    }
}

/// Logs why a response of the provider is not accepted.
pub(super) fn invalid(why: &str) -> Refusal {
    tracing::warn!(
        ?why,
        "the OpenID Connect provider's answer was not accepted"
    );
    Refusal::Invalid
}

/// The reason why discovery failed, without the body of the response, which may be long.
fn describe(error: DiscoveryError<Failed>) -> String {
    match error {
        DiscoveryError::Request(failed) if failed.0.kind == Kind::Redirect => {
            "it sent the gateway to another address, which it does not follow: look at `issuer`"
                .to_owned()
        }
        DiscoveryError::Request(failed) => failed.0.detail,
        DiscoveryError::Response(status, _, _) => {
            format!(
                "it returned {} or a body that is not JSON: look at `issuer`",
                status.as_u16()
            )
        }
        DiscoveryError::Parse(error) => format!("a field is missing or invalid: {error}"),
        DiscoveryError::Validation(why) => format!("{why}: look at `issuer`"),
        _ => "the request failed".to_owned(),
    }
}

/// The refusal for a failed token request. The response is not logged, because it may contain a token.
fn token_refusal(
    error: RequestTokenError<Failed, StandardErrorResponse<CoreErrorResponseType>>,
) -> Refusal {
    match error {
        RequestTokenError::Request(Failed(problem)) => {
            let why = problem.detail;
            tracing::warn!(?why, "the OpenID Connect provider issued no token");
            Refusal::Unreachable
        }
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            CoreErrorResponseType::InvalidGrant => {
                tracing::warn!("the OpenID Connect provider issued no token: invalid_grant");
                Refusal::Expired
            }
            CoreErrorResponseType::Extension(_) => {
                invalid("it issued no token, with an unknown error code")
            }
            known => invalid(&format!("it issued no token: {}", known.as_ref())),
        },
        RequestTokenError::Parse(..) => invalid("its answer to the code cannot be read"),
        RequestTokenError::Other(_) => invalid("its answer to the code is empty or not JSON"),
    }
}
