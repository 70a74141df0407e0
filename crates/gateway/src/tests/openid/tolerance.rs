//! Parts of a provider's responses that may have any form, because the gateway ignores them, and the reasons for a
//! missing role.

use super::*;

#[tokio::test]
async fn a_claim_that_is_not_verified_may_have_any_form() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    for name in [
        "address",
        "auth_time",
        "amr",
        "acr",
        "at_hash",
        "gender",
        "email_verified",
        "updated_at",
        "birthdate",
        "phone_number",
        "locale",
        "zoneinfo",
        "picture",
        "email",
        "name#de",
        "name#not-a-language!",
        "jti",
        "sid",
    ] {
        // Each case needs another gateway, because the sign-ins of one user are throttled.
        let gateway = gateway_for(&provider);
        for value in [
            json!(null),
            json!(7),
            json!("soon"),
            json!([1, {}]),
            json!({"x": [null]}),
            json!(true),
        ] {
            let odd = value.clone();
            provider.tamper(move |_, claims| claims[name] = odd.clone());
            assert_eq!(
                sign_in(&gateway, &provider).await.0,
                "/groups",
                "{name} {value}"
            );
        }
    }
    provider.tamper(|_, claims| claims["iat"] = json!(claims["iat"].to_string()));
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    provider.tamper(|_, claims| claims["aud"] = json!(["other", "failover-console"]));
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups", "own azp");
    provider.tamper(|header, _| {
        header["kid"] = json!(null);
        header["typ"] = json!(null);
        header["x5t"] = json!(7);
    });
    assert_eq!(
        sign_in(&gateway, &provider).await.0,
        "/groups",
        "any of its keys"
    );
}

#[tokio::test]
async fn unused_fields_of_metadata_and_token_responses_may_have_any_form() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    for answer in [
        json!({"expires_in": "300"}),
        json!({"expires_in": null, "scope": ["openid", "profile"]}),
        json!({"token_type": null, "scope": {}}),
        json!({"access_token": null, "refresh_token": 7}),
        json!({"error": null}),
    ] {
        provider.token_answer(answer.clone());
        assert_eq!(sign_in(&gateway, &provider).await.0, "/groups", "{answer}");
    }
    provider.token_answer(json!({"error": "invalid_grant"}));
    let (location, _) = sign_in(&gateway, &provider).await;
    assert_eq!(
        location, "/sign-in?failed=expired&to=%2Fgroups",
        "error with 200"
    );
    for metadata in [
        json!({"acr_values_supported": [1, 2], "subject_types_supported": null}),
        json!({"id_token_signing_alg_values_supported": null, "response_types_supported": "code"}),
        json!({"userinfo_endpoint": "", "registration_endpoint": null, "op_policy_uri": ""}),
        json!({"ui_locales_supported": "en de", "claims_supported": [null], "display_values_supported": 7}),
        json!({"token_endpoint_auth_signing_alg_values_supported": [null], "scopes_supported": {}}),
    ] {
        let provider = Provider::new(admin()).await;
        provider.metadata(metadata.clone());
        assert_eq!(
            sign_in(&gateway_for(&provider), &provider).await.0,
            "/groups",
            "{metadata}"
        );
    }
}

#[tokio::test]
async fn the_reason_for_a_missing_role_is_audited_and_logged() {
    let provider = Provider::new(json!({})).await;
    let gateway = gateway_for(&provider);
    for (claims, code, logged) in [
        (
            json!({"realm_access": {"roles": "x,console-viewer"}}),
            None,
            "",
        ),
        (
            json!({"realm_access": {"roles": [{"name": "console-viewer"}]}}),
            None,
            "",
        ),
        (
            json!({"realm_access": {"roles": ["x"]}}),
            Some("no-role"),
            "",
        ),
        (json!({}), Some("no-claim"), "the token does not hold it"),
        (
            json!({"realm_access": {"roles": 7}}),
            Some("claim-number"),
            "it is a number",
        ),
        (
            json!({"realm_access": {"roles": {"a": 1}}}),
            Some("claim-object"),
            "it is an object without",
        ),
        (
            json!({"realm_access": {"roles": [[1]]}}),
            Some("claim-list"),
            "it is a list of neither",
        ),
        (
            json!({"realm_access": {"roles": true}}),
            Some("claim-boolean"),
            "it is true or false",
        ),
        (
            json!({"_claim_names": {"realm_access.roles": "src1"}}),
            Some("overage"),
            "the provider left it out, because the user is in too many groups",
        ),
    ] {
        provider.claims(claims.clone());
        let before = Log::begin().text().len();
        let (location, audit_line) = sign_in(&gateway, &provider).await;
        let Some(code) = code else {
            assert_eq!(location, "/groups", "{claims}");
            continue;
        };
        assert_eq!(
            location,
            format!("/sign-in?failed={code}&to=%2Fgroups"),
            "{claims}"
        );
        assert!(
            audit_line.ends_with(&format!("outcome=\"refused\" why=\"{code}\"")),
            "{audit_line}"
        );
        let log = Log::begin().text().split_off(before);
        let line = format!("claim=\"realm_access.roles\" why=\"{logged}");
        assert!(logged.is_empty() || log.contains(&line), "{log}");
    }
}
