//! The provider's ID token, and every way in which it can be invalid.

use super::*;
use std::time::{SystemTime, UNIX_EPOCH};

/// Each invalid token.
#[tokio::test]
async fn a_token_has_to_be_this_providers_for_this_gateway_and_attempt() {
    type Lie = (&'static str, &'static str, fn(&mut Value, &mut Value));
    fn now() -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    }
    let lies: [Lie; 17] = [
        ("no signature", "No signature found", |header, _| {
            header["alg"] = json!("none");
        }),
        (
            "signed with the secret",
            "algorithm `HS256` is not one of",
            |header, _| {
                header["alg"] = json!("HS256");
            },
        ),
        ("another algorithm", "No matching key found", |header, _| {
            header["alg"] = json!("RS256");
        }),
        (
            "an algorithm that nobody knows",
            "cannot be read",
            |header, _| {
                header["alg"] = json!("X");
            },
        ),
        ("an unknown key", "No matching key found", |header, _| {
            header["kid"] = json!("other");
        }),
        (
            "something critical",
            "critical JWT header fields",
            |header, _| {
                header["crit"] = json!(["x"]);
            },
        ),
        ("wrong nonce", "nonce mismatch", |_, claims| {
            claims["nonce"] = json!("other");
        }),
        ("no nonce", "missing nonce claim", |_, claims| {
            claims.as_object_mut().unwrap().remove("nonce");
        }),
        ("wrong audience", "found audiences: `other`", |_, claims| {
            claims["aud"] = json!("other");
        }),
        (
            "a second audience",
            "`other` is not a trusted audience",
            |_, claims| {
                claims["aud"] = json!(["failover-console", "other"]);
            },
        ),
        ("no audience", "(found audiences: )", |_, claims| {
            claims.as_object_mut().unwrap().remove("aud");
        }),
        ("another party", "another party (azp)", |_, claims| {
            claims["azp"] = json!("other");
        }),
        (
            "wrong issuer",
            "found `https://evil.example`",
            |_, claims| {
                claims["iss"] = json!("https://evil.example");
            },
        ),
        ("expired", "ID token expired", |_, claims| {
            claims["exp"] = json!(now() - 120);
        }),
        (
            "issued in the future",
            "issued in the future",
            |_, claims| {
                claims["iat"] = json!(now() + 600);
            },
        ),
        ("no subject", "names no subject", |_, claims| {
            claims["sub"] = json!("");
        }),
        ("no end", "cannot be read", |_, claims| {
            claims.as_object_mut().unwrap().remove("exp");
        }),
    ];
    let provider = Provider::new(admin()).await;
    for (what, reason, lie) in lies {
        // A gateway of its own, because failures are throttled per address.
        let gateway = people(&provider);
        provider.twist(lie);
        let before = Log::begin().text().len();
        let (leads, told) = sign_in(&gateway, &provider).await;
        let logged = Log::begin().text().split_off(before);
        let why = logged
            .lines()
            .filter(|line| line.contains("was not accepted why="));
        assert!(
            why.into_iter().any(|line| line.contains(reason)),
            "{what}: {logged}"
        );
        assert_eq!(leads, "/sign-in?failed=invalid&to=%2Fgroups", "{what}");
        assert!(
            told.ends_with("outcome=\"failed\" why=\"invalid\""),
            "{what}: {told}"
        );
    }
    provider.twist(|_, _| {});
    assert_eq!(sign_in(&people(&provider), &provider).await.0, "/groups");
    provider.shows(Provider::another_key());
    let (leads, _) = sign_in(&people(&provider), &provider).await;
    assert_eq!(
        leads, "/sign-in?failed=invalid&to=%2Fgroups",
        "another key by that name"
    );
}
