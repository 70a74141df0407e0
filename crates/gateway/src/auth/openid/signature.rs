//! Reads a signed token (JWS, compact form) and checks its signature with the provider's keys. The crate does the
//! cryptography. Knows no claim.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, SignatureVerificationError};
use serde_json::{Map, Value};

/// The accepted signature algorithms: only those with a private key of the provider. Not `none`, and none
/// that uses the client's secret as its key.
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

/// Why a token is refused, as the end of a sentence about the provider's answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// No key of the provider made the signature. Newer keys may have.
    Key(String),
    /// Anything else.
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
        _ => return Err(invalid("is not of three parts")),
    };
    let unreadable = || invalid("cannot be read");
    let header = object(header).ok_or_else(unreadable)?;
    let claims = object(claims).ok_or_else(unreadable)?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature);
    let signature = signature.map_err(|_| unreadable())?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let given = |name: &str| header.get(name).is_some_and(|value| !value.is_null());
    // RFC 7515, section 4.1.11: what has to be understood and is not makes the token invalid.
    if given("crit") {
        return Err(invalid("demands something that is not supported (crit)"));
    }
    // Another token of the provider, such as one for access, must not pass for an ID token.
    let is_jwt = text("typ").is_some_and(|typ| {
        typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("application/jwt")
    });
    if given("cty") || (given("typ") && !is_jwt) {
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
    let mut wrong = false;
    // Neither `kid` nor `alg` is trusted: they only choose among the provider's own keys for signatures.
    for key in keys.keys() {
        let is_named = id
            .as_ref()
            .is_none_or(|id| key.key_id().is_some_and(|known| known.as_str() == id));
        if !is_named {
            continue;
        }
        match key.verify_signature(algorithm, input, &signature) {
            Ok(()) => return Ok(claims),
            // A key for something else.
            Err(SignatureVerificationError::InvalidKey(_)) => {}
            Err(_) => wrong = true,
        }
    }
    Err(Fault::Key(if wrong {
        "the signature of its token was not made with its key".to_owned()
    } else {
        format!("none of its keys is the one that signed its token with {name}")
    }))
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}
