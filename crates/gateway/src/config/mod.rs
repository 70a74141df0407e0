//! The configuration file: everything that is wrong in it is told at once, each with its place.
//! Must not connect to anything, and must never show a secret's value.

mod connection;
mod fault;
mod secret;
mod section;
mod url;
mod user;

pub use connection::{Connection, Credentials, DEFAULT_TIMEOUT};
pub use fault::{Fault, Faults};
pub use user::{Role, User};

use fault::Collector;
use section::Section;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
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
    /// The people; who they are is asked once there is a sign-in.
    pub users: Vec<User>,
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
    let config = Config {
        listen: listen(&top).unwrap_or(DEFAULT_LISTEN),
        public_origin: url::optional(&top, "public_url")
            .map(|url| url.origin().ascii_serialization()),
        connections: connection::all(&top, around),
        users: user::all(&top),
    };
    top.finish();
    config
}

fn listen(top: &Section<'_>) -> Option<SocketAddr> {
    let text = top.text("listen")?;
    match text.value.parse::<SocketAddr>() {
        Err(_) => top.wrong(
            text.at,
            "listen",
            &format!(
                "{:?} is not an address with a port, such as 127.0.0.1:8080",
                text.value
            ),
        ),
        Ok(address) => match crate::listen::refusal(address) {
            Some(why) => top.wrong(text.at, "listen", &why),
            None => return Some(address),
        },
    }
    None
}

#[cfg(test)]
mod tests;
