//! Secrets that must not appear in any response, log or `Debug` output.

use super::*;
use crate::tests::provider::CLIENT_SECRET;

#[tokio::test]
async fn no_code_token_or_secret_appears_anywhere() {
    let log = Log::begin();
    let mut output = String::new();
    let mut secrets = vec![
        CLIENT_SECRET.to_owned(),
        "words-canary".to_owned(),
        "down-canary".to_owned(),
    ];
    let lies: [fn(&Provider); 6] = [
        |_| {},
        |provider| provider.tamper(|header, _| header["kid"] = json!("x")),
        |provider| provider.tamper(|_, claims| claims["exp"] = json!("soon")),
        |provider| provider.tamper(|_, claims| claims["aud"] = json!("x")),
        |provider| {
            provider
                .metadata(json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
        },
        |provider| provider.claims(json!({})),
    ];
    for lie in lies {
        let provider = Provider::new(admin()).await;
        lie(&provider);
        let gateway = gateway_for(&provider);
        let mut browser = Browser::default();
        let back = browser.begin(&gateway, &provider, "/").await;
        secrets.extend(browser.0.iter().map(|(_, value)| value.clone()));
        for target in [&back, "/api/session", "/api/sign-in", "/metrics"] {
            let answer = browser.open(&gateway, target).await;
            // Only cookies may contain them, because their values are for the browser.
            let mut headers = answer.headers().clone();
            headers.remove("set-cookie");
            output += &format!("{headers:?}");
            output += &text(answer).await;
        }
        provider.down(true);
        let back = browser.begin(&gateway, &provider, "/").await;
        browser.open(&gateway, &back).await;
        output += &format!("{gateway:?}");
        secrets.extend(provider.secrets());
    }
    let logged = log.text();
    assert!(logged.contains("OpenID Connect provider"), "not captured");
    assert!(secrets.len() > 20, "{secrets:?}");
    for secret in secrets {
        assert!(!output.contains(&secret), "{secret} in a response or Debug");
        let at = logged.find(&secret);
        assert!(at.is_none(), "{secret} in the log");
    }
}
