//! `[[connection]]`: a vendor system, its address and its credentials. Only the text is checked; nothing is
//! connected to.

mod address;
mod credentials;

pub(crate) use address::address_hint;
pub(crate) use credentials::Credentials;

use super::section::Section;
use super::text::hidden_character;
use super::{Environment, Outbound, url};
use credentials::credentials;
use reqwest::Url;
use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;
use vendors::aveva::{ApiVersion, Base};
use vendors::{System, SystemKind, veeam};

/// A vendor system and how to reach it.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// The part that the console may see.
    pub(crate) public: vendors::Connection,
    /// The prefix of all its API addresses.
    pub(crate) base_url: Url,
    pub(crate) credentials: Credentials,
    /// Certificates (PEM) to trust for this connection, instead of those of [`Outbound::roots`].
    pub(crate) ca: Option<Vec<u8>>,
    pub(crate) outbound: Outbound,
    pub(crate) timeout: Duration,
    /// How long an answer is reused for identical requests.
    pub(crate) share: Duration,
    /// The interval between two readings by the watcher.
    pub(crate) watch: Duration,
}

/// The default of [`Connection::timeout`].
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The default of [`Connection::share`].
pub(crate) const DEFAULT_SHARE: Duration = Duration::from_secs(1);

/// The default of [`Connection::watch`].
pub(crate) const DEFAULT_WATCH: Duration = health::schedule::INTERVAL;

/// The limits of `watch_seconds`.
const WATCH_SECONDS: Range<u64> = 2..301;

/// The limits of `recent_hours`, for which sessions that have ended are watched: up to a month.
const RECENT_HOURS: Range<u64> = 1..745;

/// The keys that are valid for one system only.
const SYSTEM_SPECIFIC_KEYS: [(SystemKind, &[&str]); 2] = [
    (
        SystemKind::Aveva,
        &["tenant", "namespace", "groups_version", "sessions_version"],
    ),
    (SystemKind::Veeam, &["accept", "recent_hours"]),
];

const VERSIONS: [(&str, ApiVersion); 2] = [
    ("v1", ApiVersion::V1),
    ("v1-preview", ApiVersion::V1Preview),
];

const MEDIA_TYPES: [(&str, veeam::MediaType); 2] = [
    ("application/json", veeam::MediaType::Json),
    ("application/xml", veeam::MediaType::Xml),
];

/// Reads every `[[connection]]`. Leaves out those with a fault, because the file is rejected anyway.
pub(super) fn all(
    top: &Section<'_>,
    environment: &Environment<'_>,
    outbound: &Outbound,
) -> Vec<Connection> {
    let sections = top.tables("connection", "id");
    if sections.is_empty() && top.key("connection").is_none() {
        top.fault(0, "there is no [[connection]]: nothing to show");
    }
    let mut titles = HashSet::new();
    for section in &sections {
        if let Some(title) = section.text("title")
            && !titles.insert(title.value)
        {
            section.warn(title.at, "title", "another connection has this title too");
        }
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
    let title = section.required("title");
    if let Some(title) = title
        && let Some(why) = hidden_character(title.value)
    {
        section.wrong(title.at, "title", &why);
    }
    let base_url = url::required(&section, "base_url");
    let systems = SystemKind::ALL.map(|kind| (kind.key(), kind));
    let kind = section.required_one_of("system", &systems);
    let system = kind.and_then(|kind| system(&section, kind));
    if let (Some(url), Some(system), Some(text)) = (&base_url, &system, section.text("base_url"))
        && let Some(hint) = address_hint(url, system)
    {
        section.warn(text.at, "base_url", &format!("probably wrong: {hint}"));
    }
    section.need("credentials");
    let table = section.table("credentials");
    let credentials = table
        .as_ref()
        .and_then(|table| credentials(table, kind, environment));
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
    for (owner, keys) in SYSTEM_SPECIFIC_KEYS {
        match kind {
            // Without a valid system, these keys may belong here.
            None => section.allow(keys),
            Some(kind) if kind != owner => {
                let (owner, key) = (owner.key(), kind.key());
                let why = format!("belongs to a connection with system = {owner:?}, not {key:?}");
                section.refuse(keys, &why);
            }
            Some(_) => {}
        }
    }
    if let Some(table) = table {
        table.finish_in(&section);
    }
    section.finish();
    let public = vendors::Connection {
        id: id?,
        title: title?.value.to_owned(),
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
            &format!("another connection has the id {:?}", id.value),
        );
        return None;
    }
    ids.push(id.value.to_owned());
    Some(id.value.to_owned())
}

fn system(section: &Section<'_>, kind: SystemKind) -> Option<System> {
    match kind {
        SystemKind::Aveva => {
            let groups_version = section.one_of("groups_version", &VERSIONS);
            let sessions_version = section.one_of("sessions_version", &VERSIONS);
            let (tenant, namespace) = (section.text("tenant"), section.text("namespace"));
            for (given, missing) in [("tenant", "namespace"), ("namespace", "tenant")] {
                if let Some(at) = section.key(given)
                    && section.key(missing).is_none()
                {
                    section.fault(
                        at,
                        &format!(
                            "`{given}` is given without `{missing}`: a cloud service has both, one on premises neither"
                        ),
                    );
                    return None;
                }
            }
            Some(System::Aveva(Base {
                tenant: tenant.map(|tenant| tenant.value.to_owned()),
                namespace: namespace.map(|namespace| namespace.value.to_owned()),
                groups_version: groups_version.unwrap_or(ApiVersion::V1),
                sessions_version: sessions_version.unwrap_or(ApiVersion::V1),
            }))
        }
        SystemKind::Veeam => {
            let recent = section.number("recent_hours", RECENT_HOURS);
            let accept = section.one_of("accept", &MEDIA_TYPES);
            let mut system = System::veeam(accept.unwrap_or_default());
            if let (System::Veeam { recent_hours, .. }, Some(recent)) = (&mut system, recent) {
                *recent_hours = u16::try_from(recent).ok()?;
            }
            Some(system)
        }
        SystemKind::Uplynk => Some(System::Uplynk),
    }
}

/// Reads the certificates of `ca_file`.
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
