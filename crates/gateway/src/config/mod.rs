//! The configuration file. Reading it reports all faults at once, each with its position. Must not connect to
//! anything, and must never show a secret's value. Uses no other module but `identity`: what other modules
//! demand of a value comes in as [`Checks`].

mod alert_rules;
mod alert_targets;
mod alerts;
mod connection;
mod fault;
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
mod url;
mod user;
mod walls;

pub use alert_rules::{AlertRule, QuietHours};
pub use alerts::{AlertTarget, Alerts, DeliveryMethod, Mail, MailEncryption, Shape, Webhook};
pub use connection::{Connection, Credentials, DEFAULT_SHARE, DEFAULT_TIMEOUT, DEFAULT_WATCH};
pub use fault::{Fault, Faults};
pub use network::Network;
pub use openid::OpenId;
pub use outbound::{Outbound, ProxyServer, ProxySettings, Roots};
pub use postgres::{PostgresAddress, PostgresTrust};
pub use retention::Retention;
pub use session::{EndedFile, Session};
pub use store::StoreLocation;
pub(crate) use url::is_loopback;

use crate::identity::User;
use alert_rules::DefinedIds;
use fault::Collector;
use secrecy::SecretString;
use section::{Located, Section};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;

/// Where the gateway listens by default.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// How long a gateway with a public address goes on serving after a stop was requested.
pub const DEFAULT_DRAIN: Duration = Duration::from_secs(5);

/// A valid configuration.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The origin at which browsers reach the gateway through a proxy.
    pub public_origin: Option<String>,
    /// The path below which browsers find the console; empty, or such as `/failover`.
    pub base_path: String,
    /// How long to go on serving after a stop was requested, so that a balancer sees it.
    pub drain: Duration,
    /// The vendor systems, in the order of the file.
    pub connections: Vec<Connection>,
    /// The users with a password. Without any and without a provider, everybody at this computer is an admin.
    pub users: Vec<User>,
    /// The provider where other users sign in.
    pub openid: Option<OpenId>,
    /// How long users stay signed in.
    pub session: Session,
    /// The file of the paired walls: what it holds is taken over into the store, or kept in it where the store is in memory.
    pub walls: Option<PathBuf>,
    /// Where the audit is kept.
    pub store: StoreLocation,
    /// Whether neither the file nor systemd says where that is: then it is beside the file.
    pub is_store_assumed: bool,
    /// How much of the activity is kept.
    pub retention: Retention,
    /// The origins whose pages may show the wall in a frame.
    pub wall_frames: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<Network>,
    /// The gateway's own certificate, if it has one.
    pub tls: Option<TlsFiles>,
    /// The bearer token that reads `/metrics` and `/api/inventory` without a session.
    pub metrics_token: Option<SecretString>,
    /// Who is alerted.
    pub alerts: Alerts,
    /// How systems outside are reached whose section does not say otherwise.
    pub outbound: Outbound,
    /// What is odd and yet possible, in the order of the lines.
    pub warnings: Vec<Fault>,
}

/// The files of the gateway's own certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and its intermediate ones (PEM).
    pub certificate: PathBuf,
    /// The key (PEM).
    pub key: PathBuf,
}

/// What the modules that use a value demand of it. Each check returns what is wrong.
#[derive(Debug, Clone, Copy)]
pub struct Checks {
    /// Of the hash of a password.
    pub password_hash: fn(&str) -> Result<(), String>,
    /// Of the content of a file of trusted certificates. The fault continues a sentence about the file.
    pub certificates: fn(&[u8]) -> Result<(), String>,
    /// Of the gateway's own certificate.
    pub tls_files: fn(&TlsFiles) -> Result<(), String>,
    /// Of the file of the paired walls.
    pub wall_registry: fn(&Path) -> Result<(), String>,
    /// Of the file of ended sessions, beside such a store.
    pub ended_file: fn(&EndedFile, &StoreLocation) -> Result<(), String>,
    /// Of the name of a mail server.
    pub mail_server: fn(&str) -> Result<(), String>,
    /// Of an e-mail address, with or without a name before it.
    pub mailbox: fn(&str) -> Result<(), String>,
}

/// What a configuration refers to outside its file.
pub struct Environment<'a> {
    /// What other modules demand of values.
    pub checks: Checks,
    /// The folder of the configuration file, from which relative file names start.
    pub folder: &'a Path,
    /// Looks up an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Config {
    /// Reads a file and what it refers to.
    ///
    /// # Errors
    /// Every fault of the file, or that it cannot be read.
    pub fn load(file: &Path, checks: Checks) -> Result<Self, Faults> {
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
    pub fn read(text: &str, environment: &Environment<'_>) -> Result<Self, Vec<Fault>> {
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
    let listen = listen(&top);
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
        trusted_proxies: proxies(&top),
        tls: tls(&top, environment),
        metrics_token: metrics_token(&top, environment),
        outbound,
        warnings: Vec::new(),
    };
    if !config.has_sign_in()
        && let Some(at) = top.key("public_url")
        && top.key("user").is_none()
        && top.key("openid").is_none()
    {
        top.fault(
            at,
            "`public_url` is given, but there is no [[user]] who could sign in, and no [openid]: whoever the proxy \
             lets through would be an admin",
        );
    }
    if config.has_https_origin()
        && let Some(at) = top.key("public_url")
        && top.key("tls").is_none()
        && top.key("trusted_proxies").is_none()
    {
        top.warn(
            at,
            "public_url",
            "without [tls] a proxy has to be in front for https, and without `trusted_proxies` all visitors have its \
             address, in the audit and where tries to sign in are limited: give its address, such as \
             trusted_proxies = [\"127.0.0.1\"]; [] if it writes no X-Forwarded-For",
        );
    }
    // A faulty [openid] has faults of its own, and says nothing about whether users can sign in.
    let unread = config.openid.is_none() && top.key("openid").is_some();
    if let Some(listen) = listen
        && !unread
        && let Err(why) = config.may_listen_on(listen.value)
    {
        top.wrong(listen.at, "listen", &why);
    }
    top.finish();
    config
}

impl Config {
    /// Whether users sign in.
    #[must_use]
    pub fn has_sign_in(&self) -> bool {
        !self.users.is_empty() || self.openid.is_some()
    }

    /// What to say to a person who does not find what they look for in the store.
    #[must_use]
    pub fn store_hint(&self) -> Option<&'static str> {
        self.is_store_assumed.then_some(
            "a service of systemd with a StateDirectory keeps it there: give `path` in [store], so that both look in one place",
        )
    }

    /// Whether browsers use https.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some() || self.has_https_origin()
    }

    fn has_https_origin(&self) -> bool {
        self.public_origin
            .as_ref()
            .is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Checks whether the gateway may listen on this address.
    ///
    /// # Errors
    /// Why not: passwords would be sent unencrypted, no sign-in is configured, or the gateway would not know
    /// its own name.
    pub fn may_listen_on(&self, address: SocketAddr) -> Result<(), String> {
        if address.ip().is_loopback() {
            return Ok(());
        }
        let missing = if !self.is_encrypted() {
            "and nothing is encrypted: listen on 127.0.0.1 or [::1], give [tls] a certificate, or give \
             `public_url` with the https address of a proxy in front"
        } else if !self.has_https_origin() {
            "but not under which name: give `public_url` with the https address that browsers use"
        } else if !self.has_sign_in() {
            "and there is no [[user]] and no [openid]: nobody would have to sign in"
        } else {
            return Ok(());
        };
        Err(format!(
            "{address} can be reached from other computers, {missing}"
        ))
    }
}

/// `[tls]`, whose files have to hold a certificate and its key.
fn tls(top: &Section<'_>, environment: &Environment<'_>) -> Option<TlsFiles> {
    let section = top.table("tls")?;
    let file = |key: &str| {
        let text = section.required(key)?;
        Some(environment.folder.join(text.value))
    };
    let (certificate, key) = (file("certificate_file"), file("key_file"));
    if let (Some(path), Some(at)) = (&key, section.key("key_file"))
        && secret::is_open(path)
    {
        section.warn(at, "key_file", &format!("it {}", secret::IS_OPEN));
    }
    let start = section.start();
    let files = certificate
        .zip(key)
        .map(|(certificate, key)| TlsFiles { certificate, key });
    if let Some(Err(why)) = files.as_ref().map(environment.checks.tls_files) {
        section.fault(start, &why);
    }
    section.finish();
    files
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

fn proxies(top: &Section<'_>) -> Vec<Network> {
    let mut proxies = Vec::new();
    for text in top.texts("trusted_proxies") {
        match text.value.parse::<Network>() {
            Ok(network) if network.is_everything() => top.wrong(
                text.at,
                "trusted_proxies",
                &format!(
                    "{:?} is every address: a visitor could then say to have any; give those of your proxies",
                    text.value
                ),
            ),
            Ok(network) => proxies.push(network),
            Err(()) => top.wrong(
                text.at,
                "trusted_proxies",
                &format!(
                    "{:?} is neither an address nor a network such as 10.0.0.0/8",
                    text.value
                ),
            ),
        }
    }
    proxies
}

fn listen(top: &Section<'_>) -> Option<Located<SocketAddr>> {
    let text = top.text("listen")?;
    match text.value.parse() {
        Ok(value) => Some(Located { value, at: text.at }),
        Err(_) => {
            let why = format!(
                "{:?} is not an address with a port, such as 127.0.0.1:8080",
                text.value
            );
            top.wrong(text.at, "listen", &why);
            None
        }
    }
}

#[cfg(test)]
mod tests;
