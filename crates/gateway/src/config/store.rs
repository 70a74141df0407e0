//! `[store]`: where the audit is kept.

use super::connection::ca;
use super::outbound::{Outbound, Roots};
use super::postgres::{self, PostgresAddress, PostgresTrust};
use super::section::Section;
use super::{Environment, has_folder, secret};
use secrecy::ExposeSecret as _;
use std::fmt;
use std::path::PathBuf;

/// The file's name where the configuration does not say.
const USUAL_NAME: &str = "failover-console.db";

/// The folder that systemd makes for a service, with further ones behind a colon.
const STATE_DIRECTORY: &str = "STATE_DIRECTORY";

/// Where the store lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreLocation {
    /// In memory: what it holds ends with the process.
    Memory,
    /// In a file, beside which SQLite keeps `-wal` and `-shm` while it is open.
    File(PathBuf),
    /// In a PostgreSQL database, which several gateways may share.
    Postgres(Box<PostgresAddress>),
}

impl StoreLocation {
    /// Whether other gateways may use it too.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

#[cfg(test)]
impl StoreLocation {
    /// The database at an address. Its server is trusted as by the program's own authorities and these (PEM).
    pub(crate) fn at_url(url: &str, certificates: Option<&str>) -> Self {
        let trust = PostgresTrust {
            bundled: true,
            extra: certificates.map(|pem| pem.as_bytes().to_vec()),
        };
        let (address, _) = postgres::read(url, trust).unwrap();
        Self::Postgres(Box::new(address))
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Postgres(address) => write!(f, "{address}"),
        }
    }
}

/// The folder that systemd gives this process, if it is a service with one.
fn state_directory(environment: &Environment<'_>) -> Option<PathBuf> {
    let folders = (environment.variable)(STATE_DIRECTORY).filter(|folders| !folders.is_empty())?;
    folders.split(':').next().map(PathBuf::from)
}

/// Whether neither the configuration nor systemd says where the store lies. In a shell it is then assumed elsewhere than
/// in a service of the same configuration.
pub(super) fn is_assumed(top: &Section<'_>, environment: &Environment<'_>) -> bool {
    top.key("store").is_none() && state_directory(environment).is_none()
}

pub(super) fn read(
    top: &Section<'_>,
    environment: &Environment<'_>,
    outbound: &Outbound,
) -> StoreLocation {
    let usual = || {
        let folder = state_directory(environment).unwrap_or_else(|| environment.folder.to_owned());
        StoreLocation::File(folder.join(USUAL_NAME))
    };
    let Some(section) = top.table("store") else {
        return usual();
    };
    if ["url", "url_env", "url_file"]
        .iter()
        .any(|key| section.key(key).is_some())
    {
        let address = postgres(&section, environment, outbound);
        section.finish();
        return address.map_or_else(usual, |address| StoreLocation::Postgres(Box::new(address)));
    }
    section.refuse(
        &["ca_file"],
        "belongs to a PostgreSQL database, which `url_env` or `url_file` names: a file needs no certificate",
    );
    let Some(path) = section.required("path") else {
        section.finish();
        return usual();
    };
    let location = if path.value == "memory" {
        StoreLocation::Memory
    } else {
        let file = environment.folder.join(path.value);
        if !has_folder(&file) {
            section.wrong(path.at, "path", "there is no such folder");
        }
        StoreLocation::File(file)
    };
    section.finish();
    location
}

/// The database of `url_env` or `url_file`.
fn postgres(
    section: &Section<'_>,
    environment: &Environment<'_>,
    outbound: &Outbound,
) -> Option<PostgresAddress> {
    if let Some(at) = section.key("path") {
        section.fault(
            at,
            "give either `path`, for a file, or the URL of a PostgreSQL database, not both",
        );
    }
    let trust = PostgresTrust {
        bundled: outbound.roots == Roots::Bundled,
        extra: ca(section, environment),
    };
    let url = secret::read(section, "url", environment)?;
    let keys = ["url_env", "url_file"];
    let at = keys.iter().find_map(|key| section.key(key));
    let at = at.unwrap_or_else(|| section.start());
    match postgres::read(url.expose_secret(), trust) {
        Ok((address, odd)) => {
            if let Some(odd) = odd {
                section.warn(at, "url", odd);
            }
            Some(address)
        }
        Err(why) => {
            section.wrong(at, "url", &why);
            None
        }
    }
}
