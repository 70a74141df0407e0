//! The `credentials` of a connection. Their kind must fit its system, and the file must not contain the secret itself.

use crate::config::section::Section;
use crate::config::{Environment, secret, url};
use reqwest::Url;
use secrecy::SecretString;
use vendors::SystemKind;

/// The credentials for a vendor system. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub(crate) enum Credentials {
    /// OAuth2 client credentials (AVEVA in the cloud).
    OAuthClient {
        token_url: Url,
        client_id: String,
        client_secret: SecretString,
    },
    /// User name and password (AVEVA on premises on every request, Veeam at log-on).
    Basic {
        username: String,
        password: SecretString,
    },
    /// Signed requests (Uplynk).
    IntegrationKey {
        owner: String,
        api_key: SecretString,
    },
}

/// The value of `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    ClientCredentials,
    IntegrationKey,
    Basic,
}

const KINDS: [(&str, Kind); 3] = [
    ("client-credentials", Kind::ClientCredentials),
    ("integration-key", Kind::IntegrationKey),
    ("basic", Kind::Basic),
];

/// The keys of all kinds, except `kind` itself.
const KEYS: [&str; 13] = [
    "token_url",
    "client_id",
    "client_secret",
    "client_secret_env",
    "client_secret_file",
    "owner",
    "api_key",
    "api_key_env",
    "api_key_file",
    "username",
    "password",
    "password_env",
    "password_file",
];

/// Reads the table of credentials. The caller ends it.
pub(super) fn credentials(
    table: &Section<'_>,
    system: Option<SystemKind>,
    environment: &Environment<'_>,
) -> Option<Credentials> {
    let kind = table.required_one_of("kind", &KINDS);
    let kind = kind.filter(|kind| fits(table, *kind, system));
    let Some(kind) = kind else {
        // Without a valid kind, the keys of every kind may belong here.
        table.allow(&KEYS);
        return None;
    };
    let text = |key: &str| table.required(key).map(|text| text.value.to_owned());
    match kind {
        Kind::ClientCredentials => {
            let (token_url, client_id) = (url::required(table, "token_url"), text("client_id"));
            let client_secret = secret::read(table, "client_secret", environment);
            token_url.zip(client_id).zip(client_secret).map(
                |((token_url, client_id), client_secret)| Credentials::OAuthClient {
                    token_url,
                    client_id,
                    client_secret,
                },
            )
        }
        Kind::IntegrationKey => {
            let owner = text("owner");
            let api_key = secret::read(table, "api_key", environment);
            owner
                .zip(api_key)
                .map(|(owner, api_key)| Credentials::IntegrationKey { owner, api_key })
        }
        Kind::Basic => {
            let username = text("username");
            let password = secret::read(table, "password", environment);
            if username.as_ref().is_some_and(|name| name.contains(':')) {
                let at = table.text("username").map_or(table.start(), |name| name.at);
                table.wrong(
                    at,
                    "username",
                    "must not hold a colon: it ends the name in Basic authentication",
                );
            }
            username
                .zip(password)
                .map(|(username, password)| Credentials::Basic { username, password })
        }
    }
}

/// Whether credentials of this kind fit the system. Reports a fault if not.
fn fits(table: &Section<'_>, kind: Kind, system: Option<SystemKind>) -> bool {
    let (fits, wanted) = match system {
        Some(SystemKind::Aveva) => (
            kind != Kind::IntegrationKey,
            "\"client-credentials\" (cloud) or \"basic\" (on premises)",
        ),
        Some(SystemKind::Uplynk) => (kind == Kind::IntegrationKey, "\"integration-key\""),
        Some(SystemKind::Veeam) => (kind == Kind::Basic, "\"basic\""),
        None => return true,
    };
    if !fits && let Some(given) = table.text("kind") {
        let why = format!(
            "{:?} does not fit this system, which takes {wanted}",
            given.value
        );
        table.wrong(given.at, "kind", &why);
    }
    fits
}
