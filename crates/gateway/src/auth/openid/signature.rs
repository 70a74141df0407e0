//! Reads a signed token (JWS, compact serialization) and checks its signature with the provider's keys. The
//! `openidconnect` crate does the cryptography. The claims are not interpreted here.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, SignatureVerificationError};
use serde_json::{Map, Value};

/// The accepted signature algorithms: only those that use a private key of the provider, so neither `none` nor those
/// that use the client's secret as the key.
const ALGORITHMS: [(&str, CoreJwsSigningAlgorithm); 9] = [
    ("RS256", CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256),
    ("RS384", CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384),
    ("RS512", CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512),
    ("PS256", CoreJwsSigningAlgorithm::RsaSsaPssSha256),
    ("PS384", CoreJwsSigningAlgorithm::RsaSsaPssSha384),
    ("PS512", CoreJwsSigningAlgorithm::RsaSsaPssSha512),
    ("ES256", CoreJwsSigningAlgorithm::EcdsaP256Sha256),
    ("ES384", CoreJwsSigningAlgorithm::EcdsaP384Sha384),
    ("EdDSA", CoreJwsSigningAlgorithm::EdDsa),
];

/// The reason why a token is refused, as the end of a sentence about the provider's response.
#[derive(Debug)]
pub(super) enum Fault {
    /// No known key of the provider made the signature, but a newer key may have.
    Key(String),
    /// Any other reason.
    Invalid(String),
}

/// The claims of a token with a valid signature.
pub(super) fn signed_claims(
    token: &str,
    keys: &CoreJsonWebKeySet,
) -> Result<Map<String, Value>, Fault> {
    let invalid = |why: &str| Fault::Invalid(format!("its token {why}"));
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims, signature) = match parts[..] {
        [header, claims, signature] => (header, claims, signature),
        [_, _, _, _, _] => {
            return Err(invalid(
                "is encrypted, which is not supported: turn encryption off for this client at the provider",
            ));
        }
        _ => return Err(invalid("does not have three parts")),
    };
    let unreadable = || invalid("cannot be read");
    let header = object(header).ok_or_else(unreadable)?;
    let claims = object(claims).ok_or_else(unreadable)?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature);
    let signature = signature.map_err(|_| unreadable())?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let is_present = |name: &str| header.get(name).is_some_and(|value| !value.is_null());
    // RFC 7515, section 4.1.11: critical extensions that are not supported make the token invalid.
    if is_present("crit") {
        return Err(invalid("requires an unsupported extension (crit)"));
    }
    // Another token of the provider, such as an access token, must not be accepted as an ID token.
    let is_jwt = text("typ").is_some_and(|typ| {
        typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("application/jwt")
    });
    if is_present("cty") || (is_present("typ") && !is_jwt) {
        return Err(invalid("is not an ID token (typ, cty)"));
    }
    let name = text("alg").unwrap_or_default();
    let Some((_, algorithm)) = ALGORITHMS.iter().find(|(known, _)| *known == name) else {
        let known = ALGORITHMS.map(|(name, _)| name).join(", ");
        let name: String = name.chars().take(20).collect();
        return Err(invalid(&format!(
            "is signed with {name:?}, which is not supported: choose one of {known} for this client at the provider"
        )));
    };
    let id = match header.get("kid") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(id.clone()),
        Some(other) => Some(other.to_string()),
    };
    let input = &token.as_bytes()[..token.rfind('.').unwrap_or_default()];
    let mut is_wrong_signature = false;
    // Neither `kid` nor `alg` is trusted: they only select among the provider's own signature keys.
    for key in keys.keys() {
        let is_named = id
            .as_ref()
            .is_none_or(|id| key.key_id().is_some_and(|known| known.as_str() == id));
        if !is_named {
            continue;
        }
        match key.verify_signature(algorithm, input, &signature) {
            Ok(()) => return Ok(claims),
            // The key is for another algorithm.
            Err(SignatureVerificationError::InvalidKey(_)) => {}
            Err(_) => is_wrong_signature = true,
        }
    }
    Err(Fault::Key(if is_wrong_signature {
        "the signature of its token was not made with its key".to_owned()
    } else {
        format!("none of its keys is the one that signed its token with {name}")
    }))
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}
