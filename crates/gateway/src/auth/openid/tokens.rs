//! Verifies ID tokens: issued by the provider, for this gateway, for this attempt, and recently. The crate
//! does the verification; this module configures how strict it is.

use super::attempt::Attempt;
use chrono::DateTime;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreIdTokenVerifier,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, Client, ClientId, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenFields, Nonce,
    StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;

/// How far the provider's clock may be off.
const SKEW: Duration = Duration::from_secs(60);

/// The accepted signature algorithms: only those with a private key of the provider. Not `none`, and none
/// that uses the client's secret as its key.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The claims that the standard does not define.
#[derive(Serialize, Deserialize)]
pub(super) struct Rest {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
}

impl AdditionalClaims for Rest {}

/// An ID token with all its claims.
pub(super) type Token =
    IdToken<Rest, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

type Fields = IdTokenFields<
    Rest,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// A client of a provider whose metadata is known, with all claims.
pub(super) type ProviderClient = Client<
    Rest,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The claims of a valid token.
pub(super) fn verified(
    token: &Token,
    party: &ClientId,
    metadata: &CoreProviderMetadata,
    attempt: &Attempt,
    now: Duration,
) -> Result<Value, ClaimsVerificationError> {
    let at = |time: Duration| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        DateTime::from_timestamp(seconds, 0).unwrap_or_default()
    };
    let latest = at(now + SKEW);
    // As a client without a secret, so that no signature made with the secret is accepted.
    let verifier = CoreIdTokenVerifier::new_public_client(
        party.clone(),
        metadata.issuer().clone(),
        metadata.jwks().clone(),
    )
    .set_allowed_algs(ALGORITHMS)
    .set_time_fn(move || at(now.saturating_sub(SKEW)))
    .set_issue_time_verifier_fn(move |issued| {
        if issued <= latest {
            Ok(())
        } else {
            Err("it was issued in the future".to_owned())
        }
    });
    let claims = token.claims(&verifier, &Nonce::new(attempt.nonce.clone()))?;
    // The crate leaves this check to its users: the token may have been issued to another client.
    if claims
        .authorized_party()
        .is_some_and(|other| other != party)
    {
        let why = "it was given to another party (azp)".to_owned();
        return Err(ClaimsVerificationError::InvalidAudience(why));
    }
    serde_json::to_value(claims)
        .map_err(|_| ClaimsVerificationError::Other("its claims cannot be read".to_owned()))
}
