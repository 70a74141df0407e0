//! Outgoing connections: the proxy and the trusted certificate authorities. A section's own proxy takes precedence
//! over the environment's (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). Requests to this computer never use a proxy.

use super::section::Section;
use super::{Environment, secret};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::SecretString;
use std::fmt;

/// The proxy and the certificate authorities for requests to one system.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outbound {
    /// The proxy. `None`: the system is reached directly.
    pub(crate) proxy: Option<ProxySettings>,
    pub(crate) roots: Roots,
}

impl Outbound {
    /// The passwords of the proxies. `Debug` does not show them.
    pub(crate) fn passwords(&self) -> impl Iterator<Item = &SecretString> {
        let proxies = self.proxy.iter();
        let proxies = proxies.flat_map(|proxy| proxy.https.iter().chain(&proxy.http));
        let credentials = proxies.filter_map(|proxy| proxy.credentials.as_ref());
        credentials.map(|(_, password)| password)
    }
}

/// The source of the trusted certificate authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Roots {
    /// The operating system.
    #[default]
    System,
    /// Mozilla's list, which is part of the program.
    Bundled,
}

/// Proxies, by the scheme of the request's address.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProxySettings {
    pub(crate) https: Option<ProxyServer>,
    pub(crate) http: Option<ProxyServer>,
    /// Hosts that are reached directly, as in `NO_PROXY`.
    pub(crate) except: String,
}

/// One proxy.
#[derive(Debug, Clone)]
pub(crate) struct ProxyServer {
    /// The address, without user name and password.
    pub(crate) url: Url,
    pub(crate) credentials: Option<(String, SecretString)>,
}

impl fmt::Display for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

/// The keys of a proxy's user name and password.
const ACCOUNT: [&str; 4] = [
    "proxy_username",
    "proxy_password",
    "proxy_password_env",
    "proxy_password_file",
];

const ADDRESS: &str = "is not the address of a proxy such as http://proxy.example:3128";

/// Reads the defaults from the file and the environment.
pub(super) fn read(top: &Section<'_>, environment: &Environment<'_>) -> Outbound {
    let roots = [("system", Roots::System), ("bundled", Roots::Bundled)];
    let roots = top.one_of("trusted_roots", &roots);
    Outbound {
        proxy: of_environment(top, environment),
        roots: roots.unwrap_or_default(),
    }
}

impl Outbound {
    /// The settings for one section, which may override the proxy: `proxy`, which may be `"none"`,
    /// `proxy_username`, and `proxy_password_env` or `proxy_password_file`.
    pub(super) fn of(&self, section: &Section<'_>, environment: &Environment<'_>) -> Self {
        let text = section.text("proxy");
        if text.is_some_and(|text| text.value.eq_ignore_ascii_case("none")) {
            section.refuse(
                &ACCOUNT,
                "belongs to a proxy, and `proxy` is \"none\": leave it out, or name the proxy",
            );
            return Self {
                proxy: None,
                roots: self.roots,
            };
        }
        let credentials = credentials(section, environment);
        let Some(text) = text else {
            if credentials.is_some() && section.key("proxy").is_none() {
                let why = "`proxy` is missing: `proxy_username` belongs to it";
                section.fault(section.start(), why);
            }
            return self.clone();
        };
        let proxy = match proxy_server(text.value) {
            Ok(ProxyServer {
                credentials: None,
                url,
            }) => {
                let server = ProxyServer { url, credentials };
                Some(ProxySettings {
                    https: Some(server.clone()),
                    http: Some(server),
                    except: String::new(),
                })
            }
            Ok(_) => {
                let why = "must hold no user name and no password: they belong in `proxy_username` and \
                           `proxy_password_env` or `proxy_password_file`";
                section.wrong(text.at, "proxy", why);
                None
            }
            Err(()) => {
                section.wrong(text.at, "proxy", &format!("this {ADDRESS}"));
                None
            }
        };
        Self {
            proxy,
            roots: self.roots,
        }
    }
}

fn credentials(
    section: &Section<'_>,
    environment: &Environment<'_>,
) -> Option<(String, SecretString)> {
    let username = section.text("proxy_username");
    let password = match username {
        Some(_) => secret::read(section, "proxy_password", environment),
        None => secret::optional(section, "proxy_password", environment),
    };
    if password.is_some() && section.key("proxy_username").is_none() {
        section.fault(section.start(), "`proxy_username` is missing");
    }
    Some((username?.value.to_owned(), password?))
}

/// The environment's proxies. Their addresses may contain a user name and a password.
fn of_environment(top: &Section<'_>, environment: &Environment<'_>) -> Option<ProxySettings> {
    let variable = |name: &str| {
        let value =
            (environment.variable)(name).or_else(|| (environment.variable)(&name.to_lowercase()));
        value.filter(|value| !value.trim().is_empty())
    };
    let server = |name: &str| {
        let server = proxy_server(&variable(name)?);
        if server.is_err() {
            // The value is not shown, because it may contain a password.
            top.fault(0, &format!("the environment variable {name} {ADDRESS}"));
        }
        server.ok()
    };
    let (https, http) = (server("HTTPS_PROXY"), server("HTTP_PROXY"));
    let except = variable("NO_PROXY").unwrap_or_default();
    // `*` switches the proxy off for every request, including those to IP addresses.
    let never = except.split(',').any(|entry| entry.trim() == "*");
    (!never && (https.is_some() || http.is_some())).then(|| ProxySettings {
        https,
        http,
        except: exceptions(&except),
    })
}

/// Normalises the entries of `NO_PROXY`: `*.example.com` becomes `example.com`, which includes its subdomains, and
/// ports are removed.
fn exceptions(list: &str) -> String {
    let entries = list.split(',').map(|entry| {
        let entry = entry.trim();
        let entry = entry.strip_prefix("*.").unwrap_or(entry);
        match entry.split_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => host,
            _ => entry.trim_matches(['[', ']']),
        }
    });
    entries.collect::<Vec<_>>().join(",")
}

fn proxy_server(text: &str) -> Result<ProxyServer, ()> {
    let text = text.trim();
    let address = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let mut url = Url::parse(&address).map_err(drop)?;
    let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_origin {
        return Err(());
    }
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let credentials = (!url.username().is_empty() || url.password().is_some()).then(|| {
        let password = decode(url.password().unwrap_or_default());
        (decode(url.username()), SecretString::from(password))
    });
    url.set_username("")?;
    url.set_password(None)?;
    Ok(ProxyServer { url, credentials })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_proxy_address_may_contain_credentials_but_no_path() {
        for (text, expected) in [
            (
                "http://proxy.example:3128",
                Some(("http://proxy.example:3128", "")),
            ),
            (
                "proxy.example:3128",
                Some(("http://proxy.example:3128", "")),
            ),
            (
                " https://proxy.example/ ",
                Some(("https://proxy.example", "")),
            ),
            ("http://[fd00::1]:8080", Some(("http://[fd00::1]:8080", ""))),
            (
                "http://CORP%5Cann:p%40ss@proxy:80",
                Some(("http://proxy", "CORP\\ann:p@ss")),
            ),
            (
                "ann:pass@proxy:3128",
                Some(("http://proxy:3128", "ann:pass")),
            ),
            ("socks5://proxy.example:1080", None),
            ("http://proxy.example/pac", None),
            ("http://", None),
            ("", None),
            ("a b", None),
        ] {
            let found = proxy_server(text).ok();
            let shown = format!("{found:?}");
            assert!(
                !shown.contains("p@ss") && !shown.contains("p%40ss"),
                "{shown}"
            );
            let found = found.map(|server| {
                let credentials = server.credentials.as_ref();
                let account = credentials.map_or(String::new(), |(name, password)| {
                    format!("{name}:{}", password.expose_secret())
                });
                (server.to_string(), account)
            });
            let expected = expected.map(|(url, account)| (url.to_owned(), account.to_owned()));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn entries_of_no_proxy_are_normalised() {
        for (list, expected) in [
            ("", ""),
            (
                "example.com, .corp ,*.plant.example",
                "example.com,.corp,plant.example",
            ),
            ("10.0.0.0/8,em.example:9398,*", "10.0.0.0/8,em.example,*"),
            ("[fd00::1],fd00::2", "fd00::1,fd00::2"),
        ] {
            assert_eq!(exceptions(list), expected, "{list}");
        }
    }
}
