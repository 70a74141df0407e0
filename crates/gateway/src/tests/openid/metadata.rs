//! The provider's metadata and keys, also while they cannot be read.

use super::*;
use crate::auth::check_provider;

#[tokio::test(start_paused = true)]
async fn an_unreachable_provider_is_reported_and_tried_again_later() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    provider.down(true);
    let start = "/api/openid/start?to=%2Fgroups";
    let failed = "/sign-in?failed=unreachable&to=%2Fgroups";
    for _ in 0..3 {
        let answer = get(&gateway, start).await;
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "location")),
            (303, failed)
        );
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    assert_eq!(provider.requested().len(), 1, "not repeated at once");
    assert_eq!(get(&gateway, "/readyz").await.status(), 200);
    provider.down(false);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    // Metadata from an earlier request are used while the provider is down.
    tokio::time::advance(Duration::from_secs(3600)).await;
    let mut browser = Browser::default();
    provider.down(true);
    let back = browser.begin(&gateway, &provider, "/groups").await;
    let answer = browser.open(&gateway, &back).await;
    let location = header(&answer, "location");
    assert!(location.starts_with("/sign-in?failed="), "{location}");
    provider.down(false);
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    let nowhere = config::OpenId {
        issuer: "http://127.0.0.1:1".to_owned(),
        ..provider.configured()
    };
    let answer = get(&configured(nowhere, false), start).await;
    assert_eq!(header(&answer, "location"), failed);
}

#[tokio::test]
async fn invalid_provider_metadata_is_rejected() {
    for metadata in [
        json!({"issuer": "https://evil.example"}),
        json!({"jwks_uri": "http://192.0.2.1/keys"}),
        json!({"jwks_uri": "file:///etc/passwd"}),
        json!({"authorization_endpoint": "http://192.0.2.1/authorize"}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
        json!({"authorization_endpoint": 7}),
    ] {
        let provider = Provider::new(admin()).await;
        assert_eq!(check_provider(&provider.configured()).await, Ok(()));
        provider.metadata(metadata.clone());
        let checked = check_provider(&provider.configured()).await;
        assert!(checked.is_err(), "{metadata}");
        let answer = get(&gateway_for(&provider), "/api/openid/start").await;
        assert_eq!(
            header(&answer, "location"),
            "/sign-in?failed=unreachable",
            "{metadata}"
        );
    }
    let provider = Provider::new(admin()).await;
    provider.metadata(json!({"token_endpoint": "http://192.0.2.1/token"}));
    let (location, _) = sign_in(&gateway_for(&provider), &provider).await;
    assert_eq!(
        location, "/sign-in?failed=unreachable&to=%2Fgroups",
        "foreign address"
    );
    let provider = Provider::new(admin()).await;
    let by_body = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
    provider.metadata(by_body);
    assert_eq!(
        sign_in(&gateway_for(&provider), &provider).await.0,
        "/groups",
        "method of the metadata"
    );
}

#[tokio::test(start_paused = true)]
async fn new_keys_are_read_when_needed_but_not_for_every_unknown_key() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    provider.rotate("two");
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups", "at once");
    let read = || {
        provider
            .requested()
            .iter()
            .filter(|path| *path == "/keys")
            .count()
    };
    assert_eq!(read(), 2);
    provider.tamper(|header, _| header["kid"] = json!("made up"));
    for _ in 0..3 {
        assert_ne!(sign_in(&gateway, &provider).await.0, "/groups");
    }
    assert_eq!(read(), 2);
    provider.tamper(|_, _| {});
    provider.rotate("three");
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    assert_eq!(read(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_changed_key_with_the_same_id_is_accepted_after_reading_the_keys_again() {
    let provider = Provider::new(admin()).await;
    let gateway = gateway_for(&provider);
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups");
    provider.rotate("one");
    assert_eq!(sign_in(&gateway, &provider).await.0, "/groups", "at once");
    let read = || {
        let requested = provider.requested();
        requested.iter().filter(|path| *path == "/keys").count()
    };
    assert_eq!(read(), 2);
    provider.publish_keys(Provider::another_key());
    for _ in 0..3 {
        provider.rotate("one");
        assert_ne!(sign_in(&gateway, &provider).await.0, "/groups");
    }
    assert_eq!(read(), 2, "the keys are not read for each wrong signature");
}
