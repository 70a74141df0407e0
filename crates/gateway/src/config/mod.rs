//! The configuration file: everything that is wrong in it is told at once, each with its place.
//! Must not connect to anything, and must never show a secret's value.

mod connection;
mod fault;
mod openid;
mod secret;
mod section;
mod session;
mod url;
mod user;
mod walls;

pub use connection::{Connection, Credentials, DEFAULT_SHARE, DEFAULT_TIMEOUT};
pub use fault::{Fault, Faults};
pub use openid::OpenId;
pub use session::Session;
pub(crate) use url::is_loopback;
pub use user::{Role, User};

use crate::door::Files;
use crate::from::Network;
use fault::Collector;
use secrecy::SecretString;
use section::{At, Section};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Where the gateway listens when nothing else is said.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// A configuration without faults.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address under which browsers reach the gateway through a proxy, as in an `Origin` header.
    pub public_origin: Option<String>,
    /// The vendor systems, in the order of the file.
    pub connections: Vec<Connection>,
    /// The people who may sign in; without any and without a provider, whoever sits at this computer is an
    /// admin.
    pub users: Vec<User>,
    /// Where other people sign in.
    pub openid: Option<OpenId>,
    /// How long they stay signed in.
    pub session: Session,
    /// Where paired walls are remembered; without a file they are forgotten when the process ends.
    pub walls: Option<PathBuf>,
    /// The origins whose pages may hold the wall in a frame.
    pub wall_frames: Vec<String>,
    /// Proxies that are believed from whom a request comes.
    pub trusted_proxies: Vec<Network>,
    /// Where the gateway's own certificate is, if it encrypts by itself.
    pub tls: Option<Files>,
    /// The bearer token that reads `/metrics`.
    pub metrics_token: Option<SecretString>,
}

/// What a configuration refers to outside its file.
pub struct Surroundings<'a> {
    /// The folder that relative file names start from: the configuration file's own.
    pub folder: &'a Path,
    /// Looks up an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Config {
    /// Reads a file and what it refers to.
    ///
    /// # Errors
    /// Every fault of the file, or that it cannot be read.
    pub fn load(file: &Path) -> Result<Self, Faults> {
        let text =
            std::fs::read_to_string(file).map_err(|error| Faults::unreadable(file, &error))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let variable = |name: &str| std::env::var(name).ok();
        Self::read(
            &text,
            &Surroundings {
                folder,
                variable: &variable,
            },
        )
        .map_err(|list| Faults {
            file: file.display().to_string(),
            list,
        })
    }

    /// Reads a configuration from its text.
    ///
    /// # Errors
    /// Every fault, in the order of the lines.
    pub fn read(text: &str, around: &Surroundings<'_>) -> Result<Self, Vec<Fault>> {
        let faults = Collector::new(text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let message = error.message().replace('\n', ", ");
            faults.add(error.span().map_or(0, |span| span.start), message);
        }
        let config = errors.is_empty().then(|| {
            let top = Section::new(String::new(), document.get_ref(), &(0..0), &faults);
            whole(top, around)
        });
        let list = faults.into_list();
        match config {
            Some(config) if list.is_empty() => Ok(config),
            _ => Err(list),
        }
    }
}

fn whole(top: Section<'_>, around: &Surroundings<'_>) -> Config {
    let listen = listen(&top);
    let session = session::read(&top, around);
    let config = Config {
        listen: listen.map_or(DEFAULT_LISTEN, |listen| listen.value),
        public_origin: url::optional(&top, "public_url")
            .map(|url| url.origin().ascii_serialization()),
        connections: connection::all(&top, around),
        users: user::all(&top),
        openid: openid::read(&top, around),
        walls: walls::read(&top, &session, around),
        session,
        wall_frames: url::origins(&top, "wall_frames"),
        trusted_proxies: proxies(&top),
        tls: tls(&top, around),
        metrics_token: secret::optional(&top, "metrics_token", around),
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
    // What stands in a faulty [openid] is told where it stands.
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
    /// Whether people sign in.
    #[must_use]
    pub fn has_sign_in(&self) -> bool {
        !self.users.is_empty() || self.openid.is_some()
    }

    /// Whether browsers come over https.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some() || self.has_https_origin()
    }

    fn has_https_origin(&self) -> bool {
        self.public_origin
            .as_ref()
            .is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Whether the gateway may be reached under this address.
    ///
    /// # Errors
    /// Why not: passwords would go over the network as they are, nobody would have to sign in, or it
    /// would not know its own name.
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
fn tls(top: &Section<'_>, around: &Surroundings<'_>) -> Option<Files> {
    let section = top.table("tls")?;
    let file = |key: &str| {
        let text = section.required(key)?;
        Some(around.folder.join(text.value))
    };
    let (certificate, key) = (file("certificate_file"), file("key_file"));
    let start = section.start();
    let files = certificate
        .zip(key)
        .map(|(certificate, key)| Files { certificate, key });
    if let Some(Err(why)) = files.as_ref().map(Files::check) {
        section.fault(start, &why);
    }
    section.finish();
    files
}

fn proxies(top: &Section<'_>) -> Vec<Network> {
    let mut proxies = Vec::new();
    for text in top.texts("trusted_proxies") {
        match text.value.parse() {
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

fn listen(top: &Section<'_>) -> Option<At<SocketAddr>> {
    let text = top.text("listen")?;
    match text.value.parse() {
        Ok(value) => Some(At { value, at: text.at }),
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
