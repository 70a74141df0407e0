//! The configuration file. Reading it reports all faults at once, each with its position. Must not connect to
//! anything, and must never show a secret's value. Uses no other module but `identity`: what other modules
//! demand of a value comes in as [`Checks`].

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
    AlertTarget, Alerts, DeliveryMethod, Mail, MailEncryption, Shape, Webhook,
};
pub(crate) use connection::{
    Connection, Credentials, DEFAULT_SHARE, DEFAULT_TIMEOUT, DEFAULT_WATCH,
};
pub(crate) use fault::{Fault, Faults};
pub(crate) use listen::DEFAULT_LISTEN;
pub(crate) use network::Network;
pub(crate) use openid::OpenId;
pub(crate) use outbound::{Outbound, ProxyServer, ProxySettings, Roots};
pub(crate) use postgres::PostgresAddress;
pub(crate) use retention::Retention;
pub(crate) use session::{EndedFile, Session};
pub(crate) use store::StoreLocation;
pub(crate) use tls::TlsFiles;
pub(crate) use url::{is_loopback, is_loopback_host};

use crate::identity::User;
use alert_rules::DefinedIds;
use fault::Collector;
use secrecy::SecretString;
use section::Section;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;

/// How long a gateway with a public address goes on serving after a stop was requested.
pub(crate) const DEFAULT_DRAIN: Duration = Duration::from_secs(5);

/// A valid configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    /// The origin at which browsers reach the gateway through a proxy.
    pub(crate) public_origin: Option<String>,
    /// The path below which browsers find the console; empty, or such as `/failover`.
    pub(crate) base_path: String,
    /// How long to go on serving after a stop was requested, so that a balancer sees it.
    pub(crate) drain: Duration,
    /// The vendor systems, in the order of the file.
    pub(crate) connections: Vec<Connection>,
    /// The users with a password. Without any and without a provider, everybody at this computer is an admin.
    pub(crate) users: Vec<User>,
    pub(crate) openid: Option<OpenId>,
    pub(crate) session: Session,
    /// The file of the paired walls: what it holds is taken over into the store, or kept in it where the store is in memory.
    pub(crate) walls: Option<PathBuf>,
    pub(crate) store: StoreLocation,
    /// Whether neither the file nor systemd says where that is: then it is beside the file.
    pub(crate) is_store_assumed: bool,
    pub(crate) retention: Retention,
    /// The origins whose pages may show the wall in a frame.
    pub(crate) wall_frames: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub(crate) trusted_proxies: Vec<Network>,
    /// The gateway's own certificate, if it has one.
    pub(crate) tls: Option<TlsFiles>,
    /// The bearer token that reads `/metrics` and `/api/inventory` without a session.
    pub(crate) metrics_token: Option<SecretString>,
    pub(crate) alerts: Alerts,
    /// How systems outside are reached whose section does not say otherwise.
    pub(crate) outbound: Outbound,
    /// What is odd and yet possible, in the order of the lines.
    pub(crate) warnings: Vec<Fault>,
}

/// What the modules that use a value demand of it. Each check returns what is wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checks {
    pub(crate) password_hash: fn(&str) -> Result<(), String>,
    /// Of the content of a file of trusted certificates. The fault continues a sentence about the file.
    pub(crate) certificates: fn(&[u8]) -> Result<(), String>,
    /// Of the gateway's own certificate.
    pub(crate) tls_files: fn(&TlsFiles) -> Result<(), String>,
    pub(crate) wall_registry: fn(&Path) -> Result<(), String>,
    /// Of the file of ended sessions, beside such a store.
    pub(crate) ended_file: fn(&EndedFile, &StoreLocation) -> Result<(), String>,
    pub(crate) mail_server: fn(&str) -> Result<(), String>,
    /// Of an e-mail address, with or without a name before it.
    pub(crate) mailbox: fn(&str) -> Result<(), String>,
}

/// What a configuration refers to outside its file.
pub(crate) struct Environment<'a> {
    pub(crate) checks: Checks,
    /// The folder of the configuration file, from which relative file names start.
    pub(crate) folder: &'a Path,
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
}

/// Whether the folder of a file exists.
fn has_folder(file: &Path) -> bool {
    let folder = file.parent().filter(|one| !one.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).is_dir()
}

impl Config {
    /// Reads a file and what it refers to.
    ///
    /// # Errors
    /// Every fault of the file, or that it cannot be read.
    pub(crate) fn load(file: &Path, checks: Checks) -> Result<Self, Faults> {
        let unreadable = |why: String| Faults::whole(file, why);
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
    /// Every fault, in the order of the lines.
    pub(crate) fn read(text: &str, environment: &Environment<'_>) -> Result<Self, Vec<Fault>> {
        let faults = Collector::new(text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let message = text::about_syntax(error.message());
            faults.add(error.span().map_or(0, |span| span.start), message);
        }
        let config = errors.is_empty().then(|| {
            let top = Section::new(String::new(), document.get_ref(), &(0..0), &faults);
            whole(top, environment)
        });
        let (list, warnings) = faults.into_lists();
        match config {
            Some(config) if list.is_empty() => Ok(Self { warnings, ..config }),
            _ => Err(list),
        }
    }
}

fn whole(top: Section<'_>, environment: &Environment<'_>) -> Config {
    let listen = listen::read(&top);
    let outbound = outbound::read(&top, environment);
    let store = store::read(&top, environment, &outbound);
    let session = session::read(&top, &store, environment);
    let (public_origin, base_path) = url::public(&top).unzip();
    let drain = top.number("drain_seconds", 0..301);
    let targets = alert_targets::all(&top, environment);
    let connections = connection::all(&top, environment, &outbound);
    let of_targets: Vec<&str> = targets.iter().map(|one| one.id.as_str()).collect();
    let of_connections = connections.iter().map(|one| one.public.id.as_str());
    let of_connections: Vec<&str> = of_connections.collect();
    let are_sound = |key, number| top.tables(key, "id").len() == number;
    let known = DefinedIds {
        targets: are_sound("alert_target", of_targets.len()).then_some(&of_targets),
        connections: are_sound("connection", of_connections.len()).then_some(&of_connections),
    };
    let rules = alert_rules::all(&top, known);
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
        tls: tls::read(&top, environment),
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

    /// What to say to a person who does not find what they look for in the store.
    pub(crate) fn store_hint(&self) -> Option<&'static str> {
        self.is_store_assumed.then_some(
            "a service of systemd with a StateDirectory keeps it there: give `path` in [store], so that both look in one place",
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
