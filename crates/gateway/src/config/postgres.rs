//! The address of a PostgreSQL database. It contains a password, so `Display` and `Debug` show only the database and
//! the host.

use super::url::is_loopback_host;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};

/// How long a change waits for the database, including connecting.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(4);

/// The default of `connect_timeout`.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection may stay unresponsive before it counts as broken.
const DEAD_AFTER: Duration = Duration::from_secs(10);

/// A PostgreSQL database and how to connect to it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostgresAddress {
    /// The host, the database and the user.
    pub(crate) settings: tokio_postgres::Config,
    /// The trusted certificates, if the connection is encrypted.
    pub(crate) trust: Option<PostgresTrust>,
    /// The database and its host, for people to read.
    label: String,
}

/// The certificates that are trusted for a database server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostgresTrust {
    /// Whether the program's own certificate authorities replace the operating system's.
    pub(crate) bundled: bool,
    /// Additional certificates (PEM).
    pub(crate) extra: Option<Vec<u8>>,
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresAddress").field(&self.label).finish()
    }
}

const UNREADABLE: &str = "is not an address such as postgres://USER:PASSWORD@HOST/DATABASE; in a user name or a \
    password, characters such as @ : / ? # % are written as %40, %3A, %2F, %3F, %23, %25";

/// Parses an address. The second value is a warning.
///
/// # Errors
/// The fault, as the end of a sentence about the source of the address. It contains no part of the address that
/// could be secret.
pub(super) fn read(
    text: &str,
    trust: PostgresTrust,
) -> Result<(PostgresAddress, Option<&'static str>), String> {
    if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
        return Err(UNREADABLE.to_owned());
    }
    // After an unencoded `@` in the password, its rest would be taken for the host or the database, which messages name.
    if text.matches('@').count() > 1 {
        return Err(UNREADABLE.to_owned());
    }
    let (text, mode) = without_sslmode(text)?;
    let mut settings: tokio_postgres::Config = text.parse().map_err(|error| {
        let is_unknown = |why: &dyn Error| why.to_string().starts_with("unknown option");
        if Error::source(&error).is_some_and(is_unknown) {
            "has a parameter after ? that is not known".to_owned()
        } else {
            UNREADABLE.to_owned()
        }
    })?;
    if settings.get_hosts().is_empty() {
        return Err("names no host".to_owned());
    }
    let Some(database) = settings.get_dbname().map(str::to_owned) else {
        return Err("names no database: postgres://USER:PASSWORD@HOST/DATABASE".to_owned());
    };
    let is_local = settings.get_hosts().iter().all(is_local)
        && settings.get_hostaddrs().iter().all(IpAddr::is_loopback);
    let is_socket = settings.get_hosts().iter().any(is_socket);
    let is_encrypted = match mode.as_deref() {
        None => !is_local,
        Some("disable") => false,
        Some("require" | "verify-ca" | "verify-full") => !is_socket,
        Some("allow" | "prefer") => {
            return Err(
                "leaves open whether the connection is encrypted: write sslmode=verify-full, or sslmode=disable for a \
                 network that nobody else can read"
                    .to_owned(),
            );
        }
        Some(_) => {
            return Err(
                "has an unknown sslmode: write sslmode=verify-full, or sslmode=disable".to_owned(),
            );
        }
    };
    settings.ssl_mode(if is_encrypted {
        SslMode::Require
    } else {
        SslMode::Disable
    });
    if settings.get_connect_timeout().is_none() {
        settings.connect_timeout(DEFAULT_CONNECT_TIMEOUT);
    }
    if settings.get_application_name().is_none() {
        settings.application_name("failover-console");
    }
    // Detects a database server that has disappeared without closing the connection.
    settings
        .keepalives_idle(DEAD_AFTER)
        .keepalives_interval(DEAD_AFTER / 3)
        .keepalives_retries(3)
        .tcp_user_timeout(DEAD_AFTER);
    let hosts: Vec<String> = settings.get_hosts().iter().map(host).collect();
    let label = format!("PostgreSQL database {database:?} at {}", hosts.join(", "));
    let is_one = settings
        .get_hosts()
        .len()
        .max(settings.get_hostaddrs().len())
        == 1;
    let is_slow = settings.get_connect_timeout() >= Some(&WRITE_TIMEOUT);
    let warning = if !is_encrypted && !is_local {
        Some(
            "the connection is not encrypted: anybody who can read or change network traffic can read and change the \
             audit",
        )
    } else if is_slow && !is_one {
        Some(
            "with this connect_timeout the second host is never tried: a change waits at most 4 seconds for the \
             database",
        )
    } else {
        None
    };
    let address = PostgresAddress {
        settings,
        trust: is_encrypted.then_some(trust),
        label,
    };
    Ok((address, warning))
}

/// Splits off `sslmode`, because the library does not know all of its values.
fn without_sslmode(text: &str) -> Result<(String, Option<String>), String> {
    let after_user = text.find('@').unwrap_or(0);
    let Some(place) = text[after_user..].find('?') else {
        return Ok((text.to_owned(), None));
    };
    let (address, query) = text.split_at(after_user + place);
    let (mut mode, mut others) = (None, Vec::new());
    for pair in query[1..].split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", _)) => {
                return Err(
                    "names certificates with sslrootcert: name their file with `ca_file` in [store]"
                        .to_owned(),
                );
            }
            _ => others.push(pair),
        }
    }
    let address = if others.is_empty() {
        address.to_owned()
    } else {
        format!("{address}?{}", others.join("&"))
    };
    Ok((address, mode))
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => is_loopback_host(name),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn is_socket(host: &Host) -> bool {
    !matches!(host, Host::Tcp(_))
}

fn host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(PostgresAddress, Option<&'static str>), String> {
        let trust = PostgresTrust {
            bundled: false,
            extra: None,
        };
        read(text, trust)
    }

    #[test]
    fn a_remote_connection_is_unencrypted_only_if_the_address_says_so_and_risks_are_reported() {
        for (text, is_encrypted, has_warning) in [
            ("postgres://u:hunter2@db.example/fc", true, false),
            (
                "postgresql://u:hunter2@db.example:6432/fc?application_name=x",
                true,
                false,
            ),
            (
                "postgres://u:hunter2@db.example/fc?sslmode=require",
                true,
                false,
            ),
            (
                "postgres://u:hunter2@db.example/fc?sslmode=disable",
                false,
                true,
            ),
            ("postgres://u@127.0.0.1,db.example/fc", true, false),
            ("postgres://u@127.0.0.1/fc", false, false),
            ("postgres://u@localhost/fc", false, false),
            ("postgres://u@localhost/fc?sslmode=verify-full", true, false),
            ("postgres://u@localhost/fc?hostaddr=192.0.2.1", true, false),
            (
                "postgres://u@one.example,two.example/fc?connect_timeout=3",
                true,
                false,
            ),
            (
                "postgres://u@one.example,two.example/fc?connect_timeout=4",
                true,
                true,
            ),
            ("postgres://u@%2Frun%2Fpostgresql/fc", false, false),
            (
                "postgres://u@%2Frun%2Fpostgresql/fc?sslmode=require",
                false,
                false,
            ),
        ] {
            let (address, warning) = parsed(text).unwrap();
            let found = (address.trust.is_some(), warning.is_some());
            assert_eq!(found, (is_encrypted, has_warning), "{text}");
            let shown = format!("{address} {address:?}");
            assert!(
                !shown.contains("hunter2") && shown.contains("\"fc\""),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_faulty_address_is_reported_without_its_secrets() {
        for (text, why) in [
            ("hunter2", "is not an address"),
            ("host=db password=hunter2", "is not an address"),
            ("http://u:hunter2@db.example/fc", "is not an address"),
            (
                "postgres://u:hun/ter2@db.example/fc?hunter2=x",
                "has a parameter after ? that is not known",
            ),
            (
                "postgres://u:hunter2@db.example/fc?nonsense=hunter2",
                "has a parameter after ? that is not known",
            ),
            (
                "postgres://u:se@hunter2/pw@db.example/fc",
                "is not an address",
            ),
            (
                "postgres://u:SECR@hunter2@db.example/fc",
                "is not an address",
            ),
            (
                "postgres://u:a?b@hunter2@db.example/fc",
                "is not an address",
            ),
            ("postgres:///fc?user=hunter2", "names no host"),
            ("postgres://u:hunter2@db.example", "names no database"),
            (
                "postgres://u:hunter2@db.example/fc?sslmode=prefer",
                "leaves open",
            ),
            (
                "postgres://u:hunter2@db.example/fc?sslmode=hunter2",
                "unknown sslmode",
            ),
            (
                "postgres://u:hunter2@db.example/fc?sslrootcert=x",
                "`ca_file`",
            ),
        ] {
            let found = parsed(text).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
            assert!(!found.contains("hunter2"), "{found}");
        }
    }
}
