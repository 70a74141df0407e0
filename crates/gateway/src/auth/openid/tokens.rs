//! Verifies that ID tokens were issued by the provider, for this gateway, for this attempt, and recently (OpenID
//! Connect Core 1.0, section 3.1.3.7). Claims that are not verified may have any type.

use super::attempt::Attempt;
use super::signature::{Fault, signed_claims};
use crate::crypto::are_equal;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    Client, ClientId, EmptyAdditionalClaims, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    ExtraTokenFields, IdTokenFields, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;

/// The tolerated error of the provider's clock, in seconds.
const PROVIDER_CLOCK_TOLERANCE: f64 = 60.0;

/// The unparsed ID token.
#[derive(Serialize, Deserialize)]
pub(super) struct RawToken {
    /// The field [`super::answers::RAW_ID_TOKEN`].
    pub(super) raw_id_token: Option<String>,
}

impl fmt::Debug for RawToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawToken").finish_non_exhaustive()
    }
}

impl ExtraTokenFields for RawToken {}

type Fields = IdTokenFields<
    EmptyAdditionalClaims,
    RawToken,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The client of a provider with known metadata.
pub(super) type ProviderClient = Client<
    EmptyAdditionalClaims,
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
    token: &str,
    party: &ClientId,
    metadata: &CoreProviderMetadata,
    attempt: &Attempt,
    now: Duration,
) -> Result<Value, Fault> {
    let claims = signed_claims(token, metadata.jwks())?;
    let issuer = metadata.issuer().as_str();
    check(&claims, issuer, party, &attempt.nonce, now.as_secs_f64())
        .map_err(|why| Fault::Invalid(format!("its token {why}")))?;
    Ok(Value::Object(claims))
}

/// # Errors
/// The reason why the claims are not valid, as the end of a sentence about the token.
fn check(
    claims: &Map<String, Value>,
    issuer: &str,
    party: &str,
    nonce: &str,
    now: f64,
) -> Result<(), String> {
    let claim = |name: &str| claims.get(name).filter(|value| !value.is_null());
    let equals = |name: &str, expected: &str| claim(name).and_then(Value::as_str) == Some(expected);
    if !equals("iss", issuer) {
        return Err(format!(
            "is of another issuer (iss): {} and not {issuer:?}",
            shown(claim("iss"))
        ));
    }
    let audiences = match claim("aud") {
        Some(Value::Array(many)) => many.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    if !audiences.iter().any(|one| one.as_str() == Some(party)) {
        return Err(format!(
            "is for another client (aud): {} and not {party:?}",
            shown(claim("aud"))
        ));
    }
    let is_ours = equals("azp", party);
    if claim("azp").is_some() && !is_ours {
        return Err(format!(
            "was given to another client (azp): {}",
            shown(claim("azp"))
        ));
    }
    if audiences.len() > 1 && !is_ours {
        return Err(format!(
            "is for several clients (aud) and does not say that it was given to this one (azp): {}",
            shown(claim("aud"))
        ));
    }
    let found = claim("nonce").and_then(Value::as_str);
    if found.is_none_or(|found| !are_equal(found, nonce)) {
        return Err("does not belong to this sign-in (nonce)".to_owned());
    }
    times(claim, now)
}

/// Checks the times. If a new token has expired or is not valid yet, a clock is wrong.
fn times<'c>(claim: impl Fn(&str) -> Option<&'c Value>, now: f64) -> Result<(), String> {
    let time = |name: &str| match claim(name) {
        None => Ok(None),
        Some(value) => match seconds(value) {
            Some(time) => Ok(Some(time)),
            None => Err(format!("holds no readable time in {name}")),
        },
    };
    let required = |name: &str| time(name)?.ok_or_else(|| format!("holds no {name}"));
    let clock = |what: &str, by: f64| {
        Err(format!(
            "{what} {by:.0} s: look at the clocks, this computer's or the provider's is wrong"
        ))
    };
    let (expires, issued, not_before) = (required("exp")?, required("iat")?, time("nbf")?);
    if expires + PROVIDER_CLOCK_TOLERANCE <= now {
        return clock("expired (exp) before it came, by", now - expires);
    }
    if issued > now + PROVIDER_CLOCK_TOLERANCE {
        return clock("was issued in the future (iat), by", issued - now);
    }
    match not_before {
        Some(not_before) if not_before > now + PROVIDER_CLOCK_TOLERANCE => {
            clock("is valid in the future only (nbf), in", not_before - now)
        }
        _ => Ok(()),
    }
}

/// Seconds since 1970, from a number or a text that holds one.
fn seconds(value: &Value) -> Option<f64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.filter(|seconds| seconds.is_finite())
}

/// A claim for the log, truncated.
fn shown(claim: Option<&Value>) -> String {
    let text = claim.map_or_else(|| "nothing".to_owned(), Value::to_string);
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: f64 = 1_000_000.0;

    /// Checks the usual claims with one of them replaced. Null removes the claim.
    fn checked(name: &str, value: Value) -> Result<(), String> {
        let mut claims = json!({"iss": "i", "aud": "us", "azp": "us", "nonce": "n", "iat": NOW, "exp": NOW + 300.0});
        claims[name] = value;
        if name == "aud" {
            claims["azp"] = Value::Null;
        }
        check(claims.as_object().unwrap(), "i", "us", "n", NOW)
    }

    #[test]
    fn invalid_claims_are_refused() {
        for (name, value, expected) in [
            ("iss", json!("i"), None),
            ("iss", json!("i/"), Some("another issuer")),
            ("iss", json!(["i"]), Some("another issuer")),
            ("iss", json!(null), Some("nothing and not \"i\"")),
            ("aud", json!(["us"]), None),
            ("aud", json!(["us", "them"]), Some("several clients")),
            ("aud", json!(["us", 7]), Some("several clients")),
            ("aud", json!("us them"), Some("another client (aud)")),
            ("aud", json!({"us": 1}), Some("another client (aud)")),
            ("azp", json!(null), None),
            ("azp", json!("them"), Some("another client (azp)")),
            ("azp", json!(["us"]), Some("another client (azp)")),
            ("nonce", json!("N"), Some("nonce")),
            ("nonce", json!(7), Some("nonce")),
            ("exp", json!(NOW - 59.0), None),
            (
                "exp",
                json!(NOW - 60.0),
                Some("by 60 s: look at the clocks"),
            ),
            ("exp", json!("1000300"), None),
            ("exp", json!("soon"), Some("no readable time in exp")),
            ("exp", json!("inf"), Some("no readable time in exp")),
            ("exp", json!(null), Some("holds no exp")),
            ("iat", json!(" 1000000 "), None),
            ("iat", json!(NOW + 60.0), None),
            (
                "iat",
                json!(NOW + 61.0),
                Some("by 61 s: look at the clocks"),
            ),
            ("iat", json!(true), Some("no readable time in iat")),
            ("nbf", json!(NOW + 60.0), None),
            ("nbf", json!("1000000"), None),
            (
                "nbf",
                json!(NOW + 61.0),
                Some("in 61 s: look at the clocks"),
            ),
            ("nbf", json!([]), Some("no readable time in nbf")),
        ] {
            let found = checked(name, value.clone());
            match expected {
                None => assert_eq!(found, Ok(()), "{name} {value}"),
                Some(why) => {
                    let found = found.expect_err(why);
                    assert!(found.contains(why), "{name} {value}: {found}");
                }
            }
        }
    }

    #[test]
    fn a_token_for_several_clients_must_be_issued_to_this_one() {
        let mut claims = json!({"iss": "i", "aud": ["them", "us"], "azp": "us", "nonce": "n", "iat": NOW, "exp": NOW});
        assert_eq!(
            check(claims.as_object().unwrap(), "i", "us", "n", NOW),
            Ok(())
        );
        claims["azp"] = json!("them");
        assert!(check(claims.as_object().unwrap(), "i", "us", "n", NOW).is_err());
    }
}
