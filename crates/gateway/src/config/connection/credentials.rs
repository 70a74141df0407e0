//! The `credentials` of a connection: of a kind that fits its system, and never with the secret itself.

use super::known;
use crate::config::section::Section;
use crate::config::{Environment, secret, url};
use reqwest::Url;
use secrecy::SecretString;

/// The credentials for a vendor system. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// OAuth2 client credentials (AVEVA in the cloud).
    ClientCredentials {
        /// The address of the token service.
        token_url: Url,
        /// The client.
        client_id: String,
        /// Its secret.
        client_secret: SecretString,
    },
    /// User name and password (AVEVA on premises on every request, Veeam at log-on).
    Basic {
        /// The account.
        username: String,
        /// Its password.
        password: SecretString,
    },
    /// Signed requests (Uplynk).
    IntegrationKey {
        /// The account's id.
        owner: String,
        /// The key that signs.
        api_key: SecretString,
    },
}

const KINDS: [&str; 3] = ["client-credentials", "integration-key", "basic"];

/// The keys of all kinds, but for `kind` itself.
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

pub(super) fn credentials(
    section: &Section<'_>,
    system: Option<&str>,
    environment: &Environment<'_>,
) -> Option<Credentials> {
    section.need("credentials");
    let table = section.table("credentials")?;
    let Some(kind) = known(&table, "kind", &KINDS) else {
        // It is not known which other keys belong here.
        table.allow(&KEYS);
        table.finish();
        return None;
    };
    let fits = match system {
        Some("aveva") => kind != "integration-key",
        Some("uplynk") => kind == "integration-key",
        Some("veeam") => kind == "basic",
        _ => true,
    };
    if !fits {
        let wanted = match system {
            Some("uplynk") => "\"integration-key\"",
            Some("veeam") => "\"basic\"",
            _ => "\"client-credentials\" (cloud) or \"basic\" (on premises)",
        };
        let at = table.text("kind").map_or(table.start(), |kind| kind.at);
        table.wrong(
            at,
            "kind",
            &format!("{kind:?} does not fit this system, which takes {wanted}"),
        );
        table.allow(&KEYS);
        table.finish();
        return None;
    }
    let text = |key: &str| table.required(key).map(|text| text.value.to_owned());
    let credentials = match kind {
        "client-credentials" => {
            let (token_url, client_id) = (url::required(&table, "token_url"), text("client_id"));
            let client_secret = secret::read(&table, "client_secret", environment);
            token_url.zip(client_id).zip(client_secret).map(
                |((token_url, client_id), client_secret)| Credentials::ClientCredentials {
                    token_url,
                    client_id,
                    client_secret,
                },
            )
        }
        "integration-key" => {
            let owner = text("owner");
            let api_key = secret::read(&table, "api_key", environment);
            owner
                .zip(api_key)
                .map(|(owner, api_key)| Credentials::IntegrationKey { owner, api_key })
        }
        _ => {
            let username = text("username");
            let password = secret::read(&table, "password", environment);
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
    };
    table.finish();
    credentials
}
