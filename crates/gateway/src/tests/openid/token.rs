//! Validation of the provider's ID token.

use super::*;
use std::time::{SystemTime, UNIX_EPOCH};

/// Rejects every kind of invalid token.
#[tokio::test]
async fn a_token_has_to_be_from_this_provider_and_for_this_gateway_and_attempt() {
    type Tampering = (&'static str, &'static str, fn(&mut Value, &mut Value));
    fn now() -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    }
    let tamperings: [Tampering; 21] = [
        (
            "no signature",
            "is signed with \\\"none\\\"",
            |header, _| {
                header["alg"] = json!("none");
            },
        ),
        (
            "signed with the secret",
            "is signed with \\\"HS256\\\", which is not supported: choose one of RS256",
            |header, _| {
                header["alg"] = json!("HS256");
            },
        ),
        ("another algorithm", "none of its keys", |header, _| {
            header["alg"] = json!("RS256");
        }),
        (
            "an unknown algorithm",
            "is signed with \\\"X\\\", which is not supported",
            |header, _| {
                header["alg"] = json!("X");
            },
        ),
        ("an unknown key", "none of its keys", |header, _| {
            header["kid"] = json!("other");
        }),
        (
            "something critical",
            "requires an unsupported extension (crit)",
            |header, _| {
                header["crit"] = json!(["x"]);
            },
        ),
        (
            "wrong nonce",
            "not belong to this sign-in (nonce)",
            |_, claims| {
                claims["nonce"] = json!("other");
            },
        ),
        (
            "no nonce",
            "not belong to this sign-in (nonce)",
            |_, claims| {
                claims.as_object_mut().unwrap().remove("nonce");
            },
        ),
        (
            "wrong audience",
            "another client (aud): \\\"other\\\"",
            |_, claims| {
                claims["aud"] = json!("other");
            },
        ),
        (
            "a second audience",
            "does not say that it was given to this one (azp)",
            |_, claims| {
                claims["aud"] = json!(["failover-console", "other"]);
                claims.as_object_mut().unwrap().remove("azp");
            },
        ),
        (
            "no audience",
            "another client (aud): nothing",
            |_, claims| {
                claims.as_object_mut().unwrap().remove("aud");
            },
        ),
        (
            "another party",
            "another client (azp): \\\"other\\\"",
            |_, claims| {
                claims["azp"] = json!("other");
            },
        ),
        (
            "wrong issuer",
            "another issuer (iss): \\\"https://evil.example\\\"",
            |_, claims| {
                claims["iss"] = json!("https://evil.example");
            },
        ),
        (
            "expired",
            "expired (exp) before it came, by 12",
            |_, claims| {
                claims["exp"] = json!(now() - 120);
            },
        ),
        (
            "issued in the future",
            "issued in the future (iat), by ",
            |_, claims| {
                claims["iat"] = json!(now() + 600);
            },
        ),
        ("no subject", "names no subject", |_, claims| {
            claims["sub"] = json!("");
        }),
        (
            "not yet valid",
            "valid in the future only (nbf), in ",
            |_, claims| {
                claims["nbf"] = json!(now() + 600);
            },
        ),
        (
            "ES512",
            "is signed with \\\"ES512\\\", which is not supported",
            |header, _| {
                header["alg"] = json!("ES512");
            },
        ),
        ("an access token", "is not an ID token", |header, _| {
            header["typ"] = json!("at+jwt");
        }),
        ("a token in the token", "is not an ID token", |header, _| {
            header["cty"] = json!("JWT");
        }),
        ("no expiry", "holds no exp", |_, claims| {
            claims.as_object_mut().unwrap().remove("exp");
        }),
    ];
    let provider = Provider::new(admin()).await;
    for (what, reason, tampering) in tamperings {
        // Each case needs another gateway, because failures are throttled per address.
        let gateway = gateway_for(&provider);
        provider.tamper(tampering);
        let before = Log::begin().text().len();
        let (location, audit_line) = sign_in(&gateway, &provider).await;
        let logged = Log::begin().text().split_off(before);
        let why = logged
            .lines()
            .filter(|line| line.contains("was not accepted why="));
        assert!(
            why.into_iter().any(|line| line.contains(reason)),
            "{what}: {logged}"
        );
        assert_eq!(location, "/sign-in?failed=invalid&to=%2Fgroups", "{what}");
        assert!(
            audit_line.ends_with("outcome=\"failed\" why=\"invalid\""),
            "{what}: {audit_line}"
        );
    }
    provider.tamper(|_, _| {});
    assert_eq!(
        sign_in(&gateway_for(&provider), &provider).await.0,
        "/groups"
    );
    provider.publish_keys(Provider::another_key());
    let (location, _) = sign_in(&gateway_for(&provider), &provider).await;
    assert_eq!(
        location, "/sign-in?failed=invalid&to=%2Fgroups",
        "unpublished key"
    );
}
