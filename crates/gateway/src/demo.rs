//! `demo`: the simulator in this process, on ports of its own, relayed over real HTTP like any
//! vendor's system.

use crate::access::Access;
use crate::app::Gateway;
use crate::assets::Assets;
use crate::config::{Connection, Credentials, DEFAULT_SHARE, DEFAULT_TIMEOUT};
use reqwest::Url;
use simulator::{Kind, Listening};
use std::time::Duration;
use vendors::System;
use vendors::aveva::{ApiVersion, Base};
use vendors::veeam::MediaType;

/// A gateway to simulated systems.
///
/// # Errors
/// When the simulator says something of itself that a configuration could not hold.
pub fn gateway(systems: &[Listening], assets: Assets) -> Result<Gateway, String> {
    let connections = systems.iter().map(connection).collect::<Result<_, _>>()?;
    Gateway::new(connections, Access::demo(), None, assets)
}

fn connection(listening: &Listening) -> Result<Connection, String> {
    let (system, credentials) = match &listening.kind {
        Kind::Aveva {
            tenant,
            namespace,
            groups_version,
            sessions_version,
            credentials,
        } => {
            let base = Base {
                tenant: tenant.clone(),
                namespace: namespace.clone(),
                groups_version: version(groups_version),
                sessions_version: version(sessions_version),
            };
            (System::Aveva(base), aveva(credentials)?)
        }
        Kind::Uplynk { owner, api_key } => {
            let credentials = Credentials::IntegrationKey {
                owner: owner.clone(),
                api_key: api_key.clone().into(),
            };
            (System::Uplynk, credentials)
        }
        Kind::Veeam {
            accept,
            username,
            password,
        } => {
            let accept = if *accept == MediaType::Xml.as_str() {
                MediaType::Xml
            } else {
                MediaType::Json
            };
            (System::Veeam { accept }, basic(username, password))
        }
    };
    let public = vendors::Connection {
        id: listening.id.to_owned(),
        title: listening.title.clone(),
        system,
    };
    let base_url = url(&listening.base_url)?;
    // One person looks at a demo, and wants to see at once what they did to it. Only Uplynk's takes no
    // more than a request a second.
    let share = match public.system {
        System::Uplynk => DEFAULT_SHARE,
        System::Aveva(_) | System::Veeam { .. } => Duration::ZERO,
    };
    Ok(Connection {
        public,
        base_url,
        credentials,
        ca: None,
        timeout: DEFAULT_TIMEOUT,
        share,
    })
}

fn aveva(credentials: &simulator::Credentials) -> Result<Credentials, String> {
    Ok(match credentials {
        simulator::Credentials::ClientCredentials {
            token_url,
            client_id,
            client_secret,
        } => Credentials::ClientCredentials {
            token_url: url(token_url)?,
            client_id: client_id.clone(),
            client_secret: client_secret.clone().into(),
        },
        simulator::Credentials::Basic { username, password } => basic(username, password),
    })
}

fn basic(username: &str, password: &str) -> Credentials {
    Credentials::Basic {
        username: username.to_owned(),
        password: password.into(),
    }
}

fn version(name: &str) -> ApiVersion {
    if name == ApiVersion::V1.as_str() {
        ApiVersion::V1
    } else {
        ApiVersion::V1Preview
    }
}

fn url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("the simulator's address {text:?}: {error}"))
}
