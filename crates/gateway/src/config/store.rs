//! `[store]`: the file or database that holds the audit, the activity and everything else that survives a restart.

use super::connection::ca;
use super::outbound::{Outbound, Roots};
use super::postgres::{self, PostgresAddress, PostgresTrust};
use super::section::Section;
use super::{Environment, has_folder, secret};
use secrecy::ExposeSecret as _;
use std::fmt;
use std::path::PathBuf;

const DEFAULT_NAME: &str = "failover-console.db";

/// The environment variable with the state directories that systemd creates for a service, separated by colons.
const STATE_DIRECTORY: &str = "STATE_DIRECTORY";

/// The location of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreLocation {
    /// In memory. The data is lost when the process ends.
    Memory,
    /// A SQLite file. While it is open, its `-wal` and `-shm` files are beside it.
    File(PathBuf),
    /// A PostgreSQL database, which several gateways may share.
    Postgres(Box<PostgresAddress>),
}

impl StoreLocation {
    /// Whether several gateways may use this store.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

#[cfg(test)]
impl StoreLocation {
    /// The database at an address, with trust in the program's own certificate authorities and these (PEM).
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

/// The state directory of this process, if it runs as a systemd service that has one.
fn state_directory(environment: &Environment<'_>) -> Option<PathBuf> {
    let folders = (environment.variable)(STATE_DIRECTORY).filter(|folders| !folders.is_empty())?;
    folders.split(':').next().map(PathBuf::from)
}

/// Whether neither the configuration nor systemd names the location of the store. A command in a shell may then use
/// another store than the service with the same configuration.
pub(super) fn is_assumed(top: &Section<'_>, environment: &Environment<'_>) -> bool {
    top.key("store").is_none() && state_directory(environment).is_none()
}

pub(super) fn read(
    top: &Section<'_>,
    environment: &Environment<'_>,
    outbound: &Outbound,
) -> StoreLocation {
    let default = || {
        let folder = state_directory(environment).unwrap_or_else(|| environment.folder.to_owned());
        StoreLocation::File(folder.join(DEFAULT_NAME))
    };
    let Some(section) = top.table("store") else {
        return default();
    };
    if ["url", "url_env", "url_file"]
        .iter()
        .any(|key| section.key(key).is_some())
    {
        let address = postgres(&section, environment, outbound);
        section.finish();
        return address.map_or_else(default, |address| {
            StoreLocation::Postgres(Box::new(address))
        });
    }
    section.refuse(
        &["ca_file"],
        "belongs to a PostgreSQL database, which `url_env` or `url_file` names: a file needs no certificate",
    );
    if section.key("path").is_none() {
        section.fault(
            section.start(),
            "`path` is missing, or `url_env` or `url_file` for a PostgreSQL database",
        );
    }
    let Some(path) = section.text("path") else {
        section.finish();
        return default();
    };
    let location = if path.value == "memory" {
        let why = "the audit and all other data of the store are lost when the gateway stops";
        section.warn(path.at, "path", why);
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

/// Reads the database address of `url_env` or `url_file`.
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
        Ok((address, warning)) => {
            if let Some(warning) = warning {
                section.warn(at, "url", warning);
            }
            Some(address)
        }
        Err(why) => {
            section.wrong(at, "url", &why);
            None
        }
    }
}
