//! The route to a vendor system, which shows whether two clients get the same answers.

use crate::config;
use crate::crypto::digest_of;
use secrecy::{ExposeSecret as _, SecretString};
use std::iter::once;

/// Identifies how a system is reached, without containing a secret: by address, credentials, trusted certificates and
/// proxy.
pub(super) fn route(of: &config::Connection) -> [u8; 32] {
    let config::Connection {
        base_url,
        credentials,
        ca,
        outbound,
        ..
    } = of;
    let secret = match credentials {
        config::Credentials::OAuthClient { client_secret, .. } => client_secret,
        config::Credentials::Basic { password, .. } => password,
        config::Credentials::IntegrationKey { api_key, .. } => api_key,
    };
    // The debug output contains no secrets.
    let settings = format!("{base_url:?} {credentials:?} {ca:?} {outbound:?}");
    let secrets = outbound.passwords().chain([secret]);
    digest_of(once(settings.as_str()).chain(secrets.map(SecretString::expose_secret)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Outbound, ProxyServer, ProxySettings, Roots};
    use reqwest::Url;
    use std::time::Duration;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn proxy(host: &str, password: Option<&str>) -> ProxySettings {
        ProxySettings {
            https: Some(ProxyServer {
                url: url(host),
                credentials: password.map(|password| ("ann".to_owned(), password.into())),
            }),
            ..ProxySettings::default()
        }
    }

    #[test]
    fn the_route_depends_on_each_of_its_parts_and_on_nothing_else() {
        let one = || config::Connection {
            public: serde_json::from_str(r#"{"id":"a","title":"A","system":"aveva"}"#).unwrap(),
            base_url: url("https://aveva.example"),
            credentials: config::Credentials::Basic {
                username: "ann".to_owned(),
                password: "one".into(),
            },
            ca: None,
            outbound: Outbound::default(),
            timeout: config::DEFAULT_TIMEOUT,
            share: config::DEFAULT_SHARE,
            watch: config::DEFAULT_WATCH,
        };
        let basic = |username: &str, password: &str| config::Credentials::Basic {
            username: username.to_owned(),
            password: password.into(),
        };
        let client = |secret: &str| config::Credentials::OAuthClient {
            token_url: url("https://token.example"),
            client_id: "ann".to_owned(),
            client_secret: secret.into(),
        };
        let through = |proxy| Outbound {
            proxy: Some(proxy),
            ..Outbound::default()
        };
        let changes: [&dyn Fn(&mut config::Connection); 12] = [
            &|_| {},
            &|one| one.base_url = url("https://other.example"),
            &|one| one.credentials = basic("ann", "two"),
            &|one| one.credentials = basic("bob", "one"),
            &|one| one.credentials = client("one"),
            &|one| one.credentials = client("two"),
            &|one| one.ca = Some(b"pem".to_vec()),
            &|one| one.outbound.roots = Roots::Bundled,
            &|one| one.outbound = through(proxy("http://proxy.example", None)),
            &|one| one.outbound = through(proxy("http://proxy2.example", None)),
            &|one| one.outbound = through(proxy("http://proxy.example", Some("one"))),
            &|one| one.outbound = through(proxy("http://proxy.example", Some("two"))),
        ];
        let mut routes = std::collections::HashSet::new();
        for change in &changes {
            let mut changed = one();
            change(&mut changed);
            routes.insert(route(&changed));
        }
        assert_eq!(routes.len(), changes.len());
        let (same, second) = (one(), Duration::from_secs(1));
        let same = config::Connection {
            timeout: same.timeout + second,
            share: same.share + second,
            watch: same.watch + second,
            ..same
        };
        assert_eq!(route(&same), route(&one()));
    }
}
