//! One `[[connection]]`: a vendor system, where it is and how to sign in to it. Checks what is
//! written; whether it works is seen when it is used.

use super::section::{Section, nearest};
use super::{Surroundings, secret, url};
use reqwest::Url;
use secrecy::SecretString;
use std::time::Duration;
use vendors::aveva::{ApiVersion, Base};
use vendors::{System, veeam};

/// A vendor system and how to reach it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// What the console may know of it.
    pub public: vendors::Connection,
    /// Where its paths begin.
    pub base_url: Url,
    /// How to sign in.
    pub credentials: Credentials,
    /// The certificates (PEM) that are trusted for this connection, in place of the system's.
    pub ca: Option<Vec<u8>>,
    /// How long one request may take.
    pub timeout: Duration,
    /// How long an answer serves all who ask the same.
    pub share: Duration,
}

/// How to sign in to a vendor system. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// OAuth2 client credentials (AVEVA in the cloud).
    ClientCredentials {
        /// Where tokens are.
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

/// How long one request may take when nothing else is said.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer serves all who ask the same when nothing else is said.
pub const DEFAULT_SHARE: Duration = Duration::from_secs(1);

const SYSTEMS: [&str; 3] = ["aveva", "uplynk", "veeam"];
const KINDS: [&str; 3] = ["client-credentials", "integration-key", "basic"];

/// Every `[[connection]]`. A connection with a fault is left out: the file is refused anyway.
pub(super) fn all(top: &Section<'_>, around: &Surroundings<'_>) -> Vec<Connection> {
    let sections = top.tables("connection", "id");
    if sections.is_empty() && top.key("connection").is_none() {
        top.fault(0, "there is no [[connection]]: nothing to show");
    }
    let mut ids = Vec::new();
    sections
        .into_iter()
        .filter_map(|section| one(section, &mut ids, around))
        .collect()
}

fn one(
    section: Section<'_>,
    ids: &mut Vec<String>,
    around: &Surroundings<'_>,
) -> Option<Connection> {
    let id = id(&section, ids);
    let title = section
        .required("title")
        .map(|title| title.value.to_owned());
    let base_url = url::required(&section, "base_url");
    let name = known(&section, "system", &SYSTEMS);
    let system = name.and_then(|name| system(&section, name));
    let credentials = credentials(&section, name, around);
    let ca = ca(&section, around);
    let timeout = section
        .number("timeout_seconds", 1..301)
        .map_or(DEFAULT_TIMEOUT, Duration::from_secs);
    let share = section
        .number("share_seconds", 0..61)
        .map_or(DEFAULT_SHARE, Duration::from_secs);
    if name.is_none() {
        // Without its system nobody knows which of these belong there.
        for key in [
            "tenant",
            "namespace",
            "groups_version",
            "sessions_version",
            "accept",
        ] {
            section.key(key);
        }
    }
    section.finish();
    let public = vendors::Connection {
        id: id?,
        title: title?,
        system: system?,
    };
    Some(Connection {
        public,
        base_url: base_url?,
        credentials: credentials?,
        ca,
        timeout,
        share,
    })
}

fn id(section: &Section<'_>, ids: &mut Vec<String>) -> Option<String> {
    let id = section.required("id")?;
    if !id
        .value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        section.wrong(
            id.at,
            "id",
            "may hold only letters, digits and dashes: it is part of URLs",
        );
        return None;
    }
    if ids.iter().any(|other| other == id.value) {
        section.wrong(
            id.at,
            "id",
            &format!("another connection is called {:?} already", id.value),
        );
        return None;
    }
    ids.push(id.value.to_owned());
    Some(id.value.to_owned())
}

/// The value of `key`, which has to be one of the known words.
fn known(section: &Section<'_>, key: &str, words: &'static [&'static str]) -> Option<&'static str> {
    let text = section.required(key)?;
    if let Some(word) = words.iter().find(|word| **word == text.value) {
        return Some(word);
    }
    let list = words
        .iter()
        .map(|word| format!("{word:?}"))
        .collect::<Vec<_>>()
        .join(", ");
    let hint = nearest(text.value, words.iter().copied())
        .map(|near| format!("; did you mean {near:?}?"))
        .unwrap_or_default();
    section.wrong(
        text.at,
        key,
        &format!("{:?} is not one of {list}{hint}", text.value),
    );
    None
}

fn system(section: &Section<'_>, name: &str) -> Option<System> {
    match name {
        "aveva" => {
            let groups_version = version(section, "groups_version");
            let sessions_version = version(section, "sessions_version");
            let (tenant, namespace) = (section.text("tenant"), section.text("namespace"));
            for (there, missing) in [("tenant", "namespace"), ("namespace", "tenant")] {
                if let Some(at) = section.key(there)
                    && section.key(missing).is_none()
                {
                    section.fault(
                        at,
                        &format!(
                            "`{there}` is given without `{missing}`: a cloud service has both, one on premises neither"
                        ),
                    );
                    return None;
                }
            }
            Some(System::Aveva(Base {
                tenant: tenant.map(|tenant| tenant.value.to_owned()),
                namespace: namespace.map(|namespace| namespace.value.to_owned()),
                groups_version: groups_version?,
                sessions_version: sessions_version?,
            }))
        }
        "veeam" => {
            if section.key("accept").is_none() {
                return Some(System::Veeam {
                    accept: veeam::Wire::default(),
                });
            }
            let accept = known(section, "accept", &["application/json", "application/xml"])?;
            let wire = [veeam::Wire::Json, veeam::Wire::Xml];
            wire.into_iter()
                .find(|wire| wire.media_type() == accept)
                .map(|accept| System::Veeam { accept })
        }
        _ => Some(System::Uplynk),
    }
}

fn version(section: &Section<'_>, key: &str) -> Option<ApiVersion> {
    if section.key(key).is_none() {
        return Some(ApiVersion::V1);
    }
    let word = known(section, key, &["v1", "v1-preview"])?;
    Some(if word == "v1" {
        ApiVersion::V1
    } else {
        ApiVersion::V1Preview
    })
}

fn credentials(
    section: &Section<'_>,
    system: Option<&str>,
    around: &Surroundings<'_>,
) -> Option<Credentials> {
    section.need("credentials");
    let table = section.table("credentials")?;
    let Some(kind) = known(&table, "kind", &KINDS) else {
        // Which other keys belong here is not known.
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
        return None;
    }
    let text = |key: &str| table.required(key).map(|text| text.value.to_owned());
    let credentials = match kind {
        "client-credentials" => {
            let (token_url, client_id) = (url::required(&table, "token_url"), text("client_id"));
            let client_secret = secret::read(&table, "client_secret", around);
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
            let api_key = secret::read(&table, "api_key", around);
            owner
                .zip(api_key)
                .map(|(owner, api_key)| Credentials::IntegrationKey { owner, api_key })
        }
        _ => {
            let username = text("username");
            let password = secret::read(&table, "password", around);
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

/// The certificates of `ca_file`.
pub(super) fn ca(section: &Section<'_>, around: &Surroundings<'_>) -> Option<Vec<u8>> {
    let file = section.text("ca_file")?;
    let fault = |why: &str| {
        section.wrong(file.at, "ca_file", why);
        None
    };
    match std::fs::read(around.folder.join(file.value)) {
        Err(error) => fault(&format!("cannot read {:?}: {error}", file.value)),
        Ok(pem) => match crate::tls::certificates(&pem) {
            Ok(_) => Some(pem),
            Err(why) => fault(&format!("{:?} {why}", file.value)),
        },
    }
}
