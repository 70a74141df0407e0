//! Reads the configuration file. Reports all faults at once, each with its position. Must not connect to
//! anything, and must never show a secret's value. The only module it uses is `identity`: the checks of other
//! modules are passed in as [`Checks`].

mod alert_rules;
mod alert_targets;
mod alerts;
mod connection;
mod fault;
mod listen;
mod network;
mod openid;
mod outbound;
mod postgres;
mod retention;
mod secret;
mod section;
mod session;
mod store;
mod text;
mod tls;
mod url;
mod user;
mod walls;

pub(crate) use alert_rules::AlertRule;
#[cfg(test)]
pub(crate) use alert_rules::QuietHours;
pub(crate) use alerts::{
    AlertTarget, Alerts, DeliveryMethod, Mail, MailEncryption, Shape, TargetKind, Webhook,
};
pub(crate) use connection::{
    Connection, Credentials, DEFAULT_SHARE, DEFAULT_TIMEOUT, DEFAULT_WATCH, address_hint,
};
pub(crate) use fault::{Fault, Faults};
pub(crate) use listen::DEFAULT_LISTEN;
pub(crate) use network::Network;
pub(crate) use openid::OpenId;
pub(crate) use outbound::{Outbound, ProxyServer, ProxySettings, Roots};
pub(crate) use postgres::{PostgresAddress, WRITE_TIMEOUT};
pub(crate) use retention::Retention;
pub(crate) use session::{EndedFile, Session};
pub(crate) use store::StoreLocation;
pub(crate) use tls::TlsFiles;
pub(crate) use url::{ROUTES, is_loopback, is_loopback_host};

use crate::identity::User;
use alert_rules::DefinedIds;
use fault::Collector;
use secrecy::SecretString;
use section::Section;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;

/// The default of [`Config::drain`] for a gateway with a public address.
pub(crate) const DEFAULT_DRAIN: Duration = Duration::from_secs(5);

/// A valid configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    /// The origin under which browsers reach the gateway.
    pub(crate) public_origin: Option<String>,
    /// The path prefix of the console, such as `/failover`. Empty at the root.
    pub(crate) base_path: String,
    /// How long the gateway keeps serving after a stop was requested, so that a load balancer notices.
    pub(crate) drain: Duration,
    /// The vendor systems, in the order of the file.
    pub(crate) connections: Vec<Connection>,
    /// The users with a password. Without users and without a provider, everybody at this computer is an admin.
    pub(crate) users: Vec<User>,
    pub(crate) openid: Option<OpenId>,
    pub(crate) session: Session,
    /// The file of paired walls. A persistent store imports it; with a store in memory the walls stay in this file.
    pub(crate) walls: Option<PathBuf>,
    pub(crate) store: StoreLocation,
    /// Whether the location of the store is the default one, because neither the file nor systemd names it.
    pub(crate) is_store_assumed: bool,
    pub(crate) retention: Retention,
    /// Origins whose pages may embed the wall in a frame.
    pub(crate) wall_frames: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) tls: Option<TlsFiles>,
    /// The bearer token for reading `/metrics` and `/api/inventory` without a session.
    pub(crate) metrics_token: Option<SecretString>,
    pub(crate) alerts: Alerts,
    /// The proxy and certificate authorities of sections that do not override them.
    pub(crate) outbound: Outbound,
    /// Suspicious but valid settings, in the order of the lines.
    pub(crate) warnings: Vec<Fault>,
}

/// A wrong key, and the fault of its value.
pub(crate) type KeyFault = (&'static str, String);

/// Checks of single values, provided by the modules that use them. Each error describes the fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checks {
    pub(crate) password_hash: fn(&str) -> Result<(), String>,
    /// Checks the content of a file of trusted certificates. The error continues a sentence about the file.
    pub(crate) certificates: fn(&[u8]) -> Result<(), String>,
    /// Checks the gateway's own certificate, for browsers that use a host name. Returns warnings. An error begins with
    /// the key of the wrong file.
    pub(crate) tls_files: fn(&TlsFiles, Option<&str>) -> Result<Vec<String>, KeyFault>,
    pub(crate) wall_registry: fn(&Path) -> Result<(), String>,
    /// Checks the file of ended sessions, for a gateway with this store.
    pub(crate) ended_file: fn(&EndedFile, &StoreLocation) -> Result<(), String>,
    pub(crate) mail_server: fn(&str) -> Result<(), String>,
    /// Checks an e-mail address, with or without a display name.
    pub(crate) mailbox: fn(&str) -> Result<(), String>,
}

/// The keys that come before the first `[table]`: after it, they would belong to that table.
const TOP_LEVEL_KEYS: [&str; 8] = [
    "listen",
    "public_url",
    "trusted_proxies",
    "drain_seconds",
    "wall_frames",
    "trusted_roots",
    "metrics_token_env",
    "metrics_token_file",
];

/// Everything outside the file that a configuration depends on.
pub(crate) struct Environment<'a> {
    pub(crate) checks: Checks,
    /// The folder of the configuration file. Relative paths start here.
    pub(crate) folder: &'a Path,
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
}

fn has_folder(file: &Path) -> bool {
    let folder = file.parent().filter(|one| !one.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).is_dir()
}

impl Config {
    /// Reads a configuration file and the files and environment variables that it names.
    ///
    /// # Errors
    /// All faults of the file, or the reason why it cannot be read.
    pub(crate) fn load(file: &Path, checks: Checks) -> Result<Self, Faults> {
        let unreadable = |why: String| Faults::about_file(file, why);
        let bytes = std::fs::read(file)
            .map_err(|error| unreadable(format!("cannot read this file: {error}")))?;
        let text = text::decoded(bytes).map_err(|why| unreadable(format!("this file {why}")))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let variable = |name: &str| std::env::var(name).ok();
        let environment = Environment {
            checks,
            folder,
            variable: &variable,
        };
        let read = Self::read(&text, &environment);
        let mut config = read.map_err(|list| Faults {
            file: file.display().to_string(),
            list,
        })?;
        if !config.users.is_empty() && secret::is_open(file) {
            let text = format!(
                "this file holds hashes of passwords, and {}",
                secret::IS_OPEN
            );
            let (line, column) = (1, 1);
            config.warnings.insert(0, Fault { line, column, text });
        }
        Ok(config)
    }

    /// Reads a configuration from its text.
    ///
    /// # Errors
    /// All faults, in the order of the lines.
    pub(crate) fn read(text: &str, environment: &Environment<'_>) -> Result<Self, Vec<Fault>> {
        let faults = Collector::new(text);
        let (document, errors) = DeTable::parse_recoverable(text);
        let wrong_header = text::first_wrong_header(text, &errors);
        for error in &errors {
            let span = error.span().unwrap_or_default();
            let is_header = text::is_header(text, span.start);
            // The keys below a wrong header are taken for those of the table before it.
            let is_consequence = wrong_header.is_some_and(|at| at < span.start);
            if !(is_consequence && error.message() == text::DUPLICATE) {
                let part = text.get(span.clone());
                faults.add(
                    span.start,
                    text::about_syntax(error.message(), part, is_header),
                );
            }
        }
        let config = errors.is_empty().then(|| {
            let top = Section::new(String::new(), document.get_ref(), &(0..0), &faults);
            config(top, environment)
        });
        let (list, warnings) = faults.into_lists();
        match config {
            Some(config) if list.is_empty() => Ok(Self { warnings, ..config }),
            _ => Err(list),
        }
    }
}

fn config(top: Section<'_>, environment: &Environment<'_>) -> Config {
    let listen = listen::read(&top);
    let outbound = outbound::read(&top, environment);
    let store = store::read(&top, environment, &outbound);
    let session = session::read(&top, &store, environment);
    let (public_origin, base_path) = url::public(&top).unzip();
    let tls = tls::read(&top, public_origin.as_deref(), environment);
    let drain = top.number("drain_seconds", 0..301);
    let targets = alert_targets::all(&top, environment);
    let connections = connection::all(&top, environment, &outbound);
    let target_ids: Vec<&str> = targets.iter().map(|one| one.id.as_str()).collect();
    let public: Vec<&vendors::Connection> = connections.iter().map(|one| &one.public).collect();
    let are_all_valid = |key, number| top.tables(key, "id").len() == number;
    let known = DefinedIds {
        targets: are_all_valid("alert_target", target_ids.len()).then_some(&target_ids),
        connections: are_all_valid("connection", public.len()).then_some(&public),
    };
    let rules = alert_rules::all(&top, known);
    alert_targets::warn_of_unused(&top, &rules);
    let config = Config {
        alerts: Alerts { rules, targets },
        listen: listen.map_or(DEFAULT_LISTEN, |listen| listen.value),
        drain: drain.map_or_else(
            || {
                public_origin
                    .as_ref()
                    .map_or(Duration::ZERO, |_| DEFAULT_DRAIN)
            },
            Duration::from_secs,
        ),
        public_origin,
        base_path: base_path.unwrap_or_default(),
        connections,
        users: user::all(&top, environment),
        openid: openid::read(&top, environment, &outbound),
        walls: walls::read(&top, &session, environment),
        store,
        is_store_assumed: store::is_assumed(&top, environment),
        retention: retention::read(&top),
        session,
        wall_frames: url::origins(&top, "wall_frames"),
        trusted_proxies: listen::proxies(&top),
        tls,
        metrics_token: metrics_token(&top, environment),
        outbound,
        warnings: Vec::new(),
    };
    listen::check(&top, &config, listen);
    top.finish();
    config
}

impl Config {
    /// Whether users sign in.
    pub(crate) fn has_sign_in(&self) -> bool {
        !self.users.is_empty() || self.openid.is_some()
    }

    /// A hint for an operator who does not find the expected data in the store.
    pub(crate) fn store_hint(&self) -> Option<&'static str> {
        self.is_store_assumed.then_some(
            "if a systemd service with a StateDirectory has this configuration, its store is there instead: give `path` in \
             [store], so that both are the same file",
        )
    }

    /// Whether browsers use https.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.tls.is_some() || self.has_https_origin()
    }

    fn has_https_origin(&self) -> bool {
        self.public_origin
            .as_ref()
            .is_some_and(|origin| origin.starts_with("https://"))
    }
}

fn metrics_token(top: &Section<'_>, environment: &Environment<'_>) -> Option<SecretString> {
    let token = secret::optional(top, "metrics_token", environment)?;
    if let Some(why) = secret::too_short(&token) {
        let keys = ["metrics_token_env", "metrics_token_file"];
        let at = keys.iter().find_map(|key| top.key(key));
        top.fault(
            at.unwrap_or(top.start()),
            &format!("the metrics token {why}"),
        );
    }
    Some(token)
}

#[cfg(test)]
mod tests;
