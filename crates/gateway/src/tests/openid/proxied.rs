//! A provider that is reached through a proxy.

use super::super::outbound::{TinyProxy, TlsVendor, through};
use super::*;

const PROVIDER: &str = "https://idp.invalid";
const PASSWORD: &str = "pass@word";

/// A provider with a host name, and the TLS server in front of it.
async fn provider() -> (Provider, TlsVendor) {
    let (port, provider) = Provider::new(admin()).await.known_as(PROVIDER);
    let tls = TlsVendor::before_port("idp.invalid", port).await;
    (provider, tls)
}

fn behind(proxy: &TinyProxy, provider: &Provider, tls: &TlsVendor) -> Arc<Gateway> {
    let openid = config::OpenId {
        ca: Some(tls.certificate.clone()),
        outbound: through(proxy.server(Some(("ann", PASSWORD))), ""),
        ..provider.configured()
    };
    configured(openid, false)
}

#[tokio::test]
async fn a_proxy_to_the_provider_sees_only_its_name() {
    let (provider, tls) = provider().await;
    let proxy = TinyProxy::to(&tls).await;
    let gateway = behind(&proxy, &provider, &tls);
    let (location, audit) = sign_in(&gateway, &provider).await;
    assert_eq!(location, "/groups", "{audit}");
    let heads = proxy.heads();
    assert!(!heads.is_empty());
    for head in heads {
        assert!(head.starts_with("CONNECT idp.invalid:443 "), "{head}");
        // The encoding of ann:pass@word.
        assert!(head.contains("Basic YW5uOnBhc3NAd29yZA=="), "{head}");
        assert!(!head.contains("canary"), "{head}");
    }
}

#[tokio::test]
async fn a_rejection_by_the_proxy_is_reported_without_its_password() {
    let (provider, tls) = provider().await;
    let proxy = TinyProxy::new(Err("407 Proxy Authentication Required")).await;
    let gateway = behind(&proxy, &provider, &tls);
    let answer = get(&gateway, "/api/openid/start?to=%2Fgroups").await;
    assert_eq!(
        header(&answer, "location"),
        "/sign-in?failed=unreachable&to=%2Fgroups"
    );
    let log = Log::begin().text();
    assert!(
        log.contains("the proxy rejected the user name and password (407)"),
        "{log}"
    );
    assert!(!log.contains(PASSWORD));
}
