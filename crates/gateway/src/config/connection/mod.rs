//! `[[connection]]`: a vendor system, its address and its credentials. Only the text is checked. Whether a
//! connection works shows when it is used.

mod address;
mod credentials;

pub use credentials::Credentials;

use super::section::{Section, nearest};
use super::{Environment, Outbound, url};
use credentials::credentials;
use reqwest::Url;
use std::ops::Range;
use std::time::Duration;
use vendors::aveva::{ApiVersion, Base};
use vendors::{System, veeam};

/// A vendor system and how to reach it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// What the console may know about it.
    pub public: vendors::Connection,
    /// The address where its paths begin.
    pub base_url: Url,
    /// Its credentials.
    pub credentials: Credentials,
    /// The certificates (PEM) that are trusted for this connection, instead of the computer's.
    pub ca: Option<Vec<u8>>,
    /// How it is reached.
    pub outbound: Outbound,
    /// How long one request may take.
    pub timeout: Duration,
    /// How long an answer is shared by all who read the same.
    pub share: Duration,
    /// How often the gateway watches the system.
    pub watch: Duration,
}

/// The default of how long one request may take.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The default of how long an answer is shared.
pub const DEFAULT_SHARE: Duration = Duration::from_secs(1);

/// How often the gateway watches a system when nothing else is said.
pub const DEFAULT_WATCH: Duration = health::schedule::INTERVAL;

/// How often it may, in seconds.
const WATCH_SECONDS: Range<u64> = 2..301;

/// For how long a session that has ended may be watched, in hours: up to a month.
const RECENT_HOURS: Range<u64> = 1..745;

const SYSTEMS: [&str; 3] = ["aveva", "uplynk", "veeam"];

/// The keys that only one system has.
const OF_ONE_SYSTEM: [(&str, &[&str]); 2] = [
    (
        "aveva",
        &["tenant", "namespace", "groups_version", "sessions_version"],
    ),
    ("veeam", &["accept", "recent_hours"]),
];

/// Every `[[connection]]`. One with a fault is left out, because the file is refused anyway.
pub(super) fn all(
    top: &Section<'_>,
    environment: &Environment<'_>,
    outbound: &Outbound,
) -> Vec<Connection> {
    let sections = top.tables("connection", "id");
    if sections.is_empty() && top.key("connection").is_none() {
        top.fault(0, "there is no [[connection]]: nothing to show");
    }
    let mut ids = Vec::new();
    sections
        .into_iter()
        .filter_map(|section| one(section, &mut ids, environment, outbound))
        .collect()
}

fn one(
    section: Section<'_>,
    ids: &mut Vec<String>,
    environment: &Environment<'_>,
    outbound: &Outbound,
) -> Option<Connection> {
    let id = id(&section, ids);
    let title = section
        .required("title")
        .map(|title| title.value.to_owned());
    let base_url = url::required(&section, "base_url");
    let name = known(&section, "system", &SYSTEMS);
    let system = name.and_then(|name| system(&section, name));
    let credentials = credentials(&section, name, environment);
    let ca = ca(&section, environment);
    let outbound = outbound.of(&section, environment);
    let timeout = section
        .number("timeout_seconds", 1..301)
        .map_or(DEFAULT_TIMEOUT, Duration::from_secs);
    let share = section
        .number("share_seconds", 0..61)
        .map_or(DEFAULT_SHARE, Duration::from_secs);
    let watch = section
        .number("watch_seconds", WATCH_SECONDS)
        .map_or(DEFAULT_WATCH, Duration::from_secs);
    for (owner, keys) in OF_ONE_SYSTEM {
        match name {
            // Without the system it is not known whether they belong here.
            None => section.allow(keys),
            Some(name) if name != owner => {
                let why = format!("belongs to a connection with system = {owner:?}, not {name:?}");
                section.refuse(keys, &why);
            }
            Some(_) => {}
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
        outbound,
        timeout,
        share,
        watch,
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

/// The value of `key`, which has to be one of these words.
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
            let recent = section.number("recent_hours", RECENT_HOURS);
            let mut accept = veeam::MediaType::default();
            if section.key("accept").is_some() {
                let word = known(section, "accept", &["application/json", "application/xml"])?;
                let mut known = [veeam::MediaType::Json, veeam::MediaType::Xml].into_iter();
                accept = known.find(|known| known.as_str() == word)?;
            }
            let mut system = System::veeam(accept);
            if let (System::Veeam { recent_hours, .. }, Some(recent)) = (&mut system, recent) {
                *recent_hours = u16::try_from(recent).ok()?;
            }
            Some(system)
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

/// The certificates of `ca_file`.
pub(super) fn ca(section: &Section<'_>, environment: &Environment<'_>) -> Option<Vec<u8>> {
    let file = section.text("ca_file")?;
    let fault = |why: &str| {
        section.wrong(file.at, "ca_file", why);
        None
    };
    match std::fs::read(environment.folder.join(file.value)) {
        Err(error) => fault(&format!("cannot read {:?}: {error}", file.value)),
        Ok(pem) => match (environment.checks.certificates)(&pem) {
            Ok(()) => Some(pem),
            Err(why) => fault(&format!("{:?} {why}", file.value)),
        },
    }
}
