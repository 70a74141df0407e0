//! The addresses of a configuration. Must not resolve names or connect.

use super::section::Section;
use reqwest::Url;
use std::net::IpAddr;

/// The address under `key`, which has to exist: http or https, encrypted unless it is on this computer, and
/// without a secret in it.
pub(super) fn required(section: &Section<'_>, key: &str) -> Option<Url> {
    section.need(key);
    optional(section, key)
}

/// The address under `key`, if it exists.
pub(super) fn optional(section: &Section<'_>, key: &str) -> Option<Url> {
    let text = section.text(key)?;
    match check(text.value, key) {
        Ok(url) => Some(url),
        Err(why) => {
            section.wrong(text.at, key, &why);
            None
        }
    }
}

/// The first segments of the gateway's own paths. A console below one of them could not tell which is meant.
const TAKEN: [&str; 14] = [
    "api",
    "relay",
    "thumbnails",
    "metrics",
    "healthz",
    "readyz",
    "groups",
    "slicers",
    "failover-sessions",
    "activity",
    "report",
    "connections",
    "wall",
    "sign-in",
];

/// The address of browsers, if it is given: its origin, and its path without a slash at the end.
pub(super) fn public(section: &Section<'_>) -> Option<(String, String)> {
    let key = "public_url";
    let url = optional(section, key)?;
    let path = url.path().trim_end_matches('/');
    if let Err(why) = check_base_path(path) {
        let at = section.text(key).map_or(section.start(), |text| text.at);
        section.wrong(at, key, &why);
    }
    Some((url.origin().ascii_serialization(), path.to_owned()))
}

/// The path becomes part of a page and of a cookie's name.
fn check_base_path(path: &str) -> Result<(), String> {
    let Some(path) = path.strip_prefix('/') else {
        return Ok(());
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if path
        .split('/')
        .any(|part| part.is_empty() || !part.bytes().all(fits))
    {
        return Err(format!(
            "the path may hold only letters, digits, - and _ between its slashes, not {path:?}"
        ));
    }
    let first = path.split('/').next().unwrap_or_default();
    if TAKEN.contains(&first) {
        return Err(format!(
            "the path must not begin with {first:?}, which is the console's own"
        ));
    }
    Ok(())
}

/// The origins under `key`: addresses without anything after the host and its port.
pub(super) fn origins(section: &Section<'_>, key: &str) -> Vec<String> {
    let mut origins = Vec::new();
    for text in section.texts(key) {
        match check(text.value, key).and_then(|url| match url.path() {
            "/" => Ok(url.origin().ascii_serialization()),
            path => Err(format!(
                "an origin such as https://intranet.example has no path, and this one has {path}"
            )),
        }) {
            Ok(origin) => origins.push(origin),
            Err(why) => section.wrong(text.at, key, &why),
        }
    }
    origins
}

fn check(text: &str, key: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| no_url(text))?;
    if !url.username().is_empty() || url.password().is_some() {
        let place = match key {
            "base_url" => ": they belong into `credentials`",
            "token_url" | "issuer" => {
                ": they are `client_id`, and `client_secret_env` or `client_secret_file`"
            }
            "url" => NAMED,
            _ => "",
        };
        return Err(format!(
            "a URL must hold no user name and no password{place}"
        ));
    }
    let shown = shown(&url);
    if url.query().is_some() || url.fragment().is_some() {
        let place = if key == "url" { NAMED } else { "" };
        return Err(format!(
            "{shown:?} must not have a part after ? or #{place}"
        ));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(format!(
            "{shown:?} is not encrypted: credentials go over http to this machine only, so use https"
        ));
    }
    Ok(url)
}

/// What to do with the address of an alert's receiver that holds a secret.
const NAMED: &str = ": an address that holds a secret is named by `url_env` or `url_file`";

/// Why a text is no address. Of the text only what stands where a host does: the rest may be a secret.
fn no_url(text: &str) -> String {
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let (scheme, rest) = text
        .split_once("://")
        .filter(|(scheme, _)| scheme.bytes().all(is_scheme))
        .map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (host, more) = rest.split_at(end);
    let more = if matches!(more, "" | "/") { "" } else { "/…" };
    let shown = match scheme {
        // A password may hold any of the signs that end a host, and stand where a port does.
        Some(scheme) if text.contains('@') || has_odd_port(host) => format!("{scheme}://…"),
        Some(scheme) => format!("{scheme}://{host}{more}"),
        None if is_host(host) && !text.contains('@') => {
            let shown = format!("{host}{more}");
            return format!("{shown:?} is not an http or https URL: it needs https:// before it");
        }
        None => return "this is not an http or https URL, such as https://host.example".to_owned(),
    };
    format!("{shown:?} is not an http or https URL")
}

fn has_odd_port(host: &str) -> bool {
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    !port.ends_with(']') && !port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether this is likely meant as the name or the number of a computer, perhaps with a port.
fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    text.contains(['.', ':'])
        && text.bytes().all(fits)
        && Url::parse(&format!("https://{text}")).is_ok()
}

/// The address without what may be a secret: its path and what follows.
fn shown(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    let is_whole = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    format!("{origin}{}", if is_whole { "" } else { "/…" })
}

/// Whether the address is this computer's own.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    is_loopback_host(host.trim_start_matches('[').trim_end_matches(']'))
}

/// Whether a name or an address is this computer's own.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_is_of_simple_words_and_not_the_consoles_own() {
        for good in ["", "/failover", "/a/b-2/C_3", "/apis"] {
            assert_eq!(check_base_path(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("/a//b", "only letters"),
            ("/a%20b", "only letters"),
            ("/a.b", "only letters"),
            ("/{x}", "only letters"),
            ("/\"", "only letters"),
            ("/wall", "the console's own"),
            ("/api/x", "the console's own"),
        ] {
            let found = check_base_path(bad).unwrap_err();
            assert!(found.contains(why), "{bad}: {found}");
        }
    }

    #[test]
    fn only_encrypted_or_local_addresses_without_secrets_pass() {
        for good in [
            "https://region.example",
            "https://em.example:9398/",
            "https://proxy.example/em",
            "http://127.0.0.1:9000",
            "http://localhost:9000",
            "http://[::1]:9000",
        ] {
            assert!(check(good, "base_url").is_ok(), "{good}");
        }
        for (bad, why) in [
            ("htp://x", "\"htp://x\" is not an http or https URL"),
            (
                "em.example",
                "\"em.example\" is not an http or https URL: it needs https:// before it",
            ),
            (
                "em.example:9398/hunter2",
                "\"em.example:9398/…\" is not an http or https URL: it needs https:// before it",
            ),
            ("hunter2", "this is not an http or https URL"),
            ("ops:hunter2", "this is not an http or https URL"),
            ("ops:hunter2@em.example", "this is not an http or https URL"),
            ("https://", "not an http or https URL"),
            (
                "file:///hunter2",
                "\"file:///…\" is not an http or https URL",
            ),
            ("https://ops:hunter2@em.example", "no user name"),
            ("htp://ops:hunter2@em.example", "\"htp://…\" is not"),
            ("htp://ops:hun/hunter2@em.example", "\"htp://…\" is not"),
            ("https://ops:hunter2", "\"https://…\" is not"),
            (
                "x.example/in?token=hunter2&to=https://y.example",
                "\"x.example/…\" is not an http or https URL: it needs https:// before it",
            ),
            (
                "htp://x.example/in?token=hunter2",
                "\"htp://x.example/…\" is not",
            ),
            (
                "https://x.example/hunter2?a=hunter2",
                "\"https://x.example/…\" must not have a part after ? or #",
            ),
            ("https://em.example/#hunter2", "after ? or #"),
            (
                "http://em.example:80/hunter2",
                "\"http://em.example/…\" is not encrypted",
            ),
            ("http://localhost.example", "not encrypted"),
        ] {
            let error = check(bad, "base_url").unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
            assert!(!error.contains("hun"), "{error}");
        }
    }

    #[test]
    fn where_a_secret_of_an_address_belongs_depends_on_its_key() {
        for (key, bad, expected) in [
            (
                "base_url",
                "https://a:b@x",
                "a URL must hold no user name and no password: they belong into `credentials`",
            ),
            (
                "issuer",
                "https://a:b@x",
                "a URL must hold no user name and no password: they are `client_id`, and `client_secret_env` or \
                 `client_secret_file`",
            ),
            (
                "url",
                "https://a:b@x",
                "a URL must hold no user name and no password: an address that holds a secret is named by `url_env` or \
                 `url_file`",
            ),
            (
                "url",
                "https://x/?token=b",
                "\"https://x/…\" must not have a part after ? or #: an address that holds a secret is named by \
                 `url_env` or `url_file`",
            ),
            (
                "public_url",
                "https://a:b@x",
                "a URL must hold no user name and no password",
            ),
        ] {
            assert_eq!(check(bad, key).unwrap_err(), expected, "{key} {bad}");
        }
    }
}
