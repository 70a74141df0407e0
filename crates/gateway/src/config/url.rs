//! Reads and checks URLs. Must not resolve names or connect.

use super::section::Section;
use reqwest::Url;
use std::net::IpAddr;

/// The URL under `key`, which has to exist: http or https, encrypted unless it is on this computer, and
/// without a secret.
pub(super) fn required(section: &Section<'_>, key: &str) -> Option<Url> {
    section.need(key);
    optional(section, key)
}

/// The URL under `key`, if it exists.
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

/// The first segments of the gateway's own routes.
pub(crate) const ROUTES: [&str; 6] = ["api", "relay", "thumbnails", "metrics", "healthz", "readyz"];

/// The first segments of the console's pages.
const PAGES: [&str; 8] = [
    "groups",
    "slicers",
    "failover-sessions",
    "activity",
    "report",
    "connections",
    "wall",
    "sign-in",
];

/// Reads `public_url`: its origin, and its path without a slash at the end.
pub(super) fn public(section: &Section<'_>) -> Option<(String, String)> {
    let key = "public_url";
    let url = optional(section, key)?;
    let path = url.path().trim_end_matches('/');
    let host = url.host_str().unwrap_or_default();
    let is_possible = if host.contains('*') {
        Err("must name one host, without *".to_owned())
    } else {
        check_base_path(path)
    };
    if let Err(why) = is_possible {
        let at = section.text(key).map_or(section.start(), |text| text.at);
        section.wrong(at, key, &why);
    }
    Some((url.origin().ascii_serialization(), path.to_owned()))
}

/// Checks the path, which becomes part of the page and of a cookie's name.
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
    // Otherwise the paths below it would be ambiguous.
    if ROUTES.contains(&first) || PAGES.contains(&first) {
        return Err(format!(
            "the path must not begin with {first:?}, which is the console's own"
        ));
    }
    Ok(())
}

/// The origins under `key`: URLs without a path.
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
        let remedy = match key {
            "base_url" => ": they belong in `credentials`",
            "token_url" | "issuer" => {
                ": they are `client_id`, and `client_secret_env` or `client_secret_file`"
            }
            "url" => SECRET_URL_REMEDY,
            _ => "",
        };
        return Err(format!(
            "a URL must hold no user name and no password{remedy}"
        ));
    }
    let shown = shown(&url);
    if url.query().is_some() || url.fragment().is_some() {
        let remedy = if key == "url" { SECRET_URL_REMEDY } else { "" };
        return Err(format!(
            "{shown:?} must not have a part after ? or #{remedy}"
        ));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(format!(
            "{shown:?} is not encrypted: credentials go over http to this computer only, so use https"
        ));
    }
    if url.port() == Some(0) {
        return Err(format!("{shown:?} has the port 0, which nobody can reach"));
    }
    Ok(url)
}

/// The remedy for the URL of an alert target that contains a secret.
const SECRET_URL_REMEDY: &str =
    ": an address that holds a secret is named by `url_env` or `url_file`";

/// The fault of a text that is no URL. Shows only the part that looks like a host, because the rest may be a secret.
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
        // The text may contain a password, which may include `/`, `?` or `#` or be in the place of the port.
        Some(scheme) if text.contains('@') || has_invalid_port(host) => format!("{scheme}://…"),
        Some(scheme) => format!("{scheme}://{host}{more}"),
        None if is_host(host) && !text.contains('@') => {
            let shown = format!("{host}{more}");
            return format!("{shown:?} is not an http or https URL: it needs https:// before it");
        }
        None => return "this is not an http or https URL, such as https://host.example".to_owned(),
    };
    format!("{shown:?} is not an http or https URL")
}

fn has_invalid_port(host: &str) -> bool {
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    !port.ends_with(']') && !port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the text is probably a host name or an IP address, with or without a port.
fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    text.contains(['.', ':'])
        && text.bytes().all(fits)
        && Url::parse(&format!("https://{text}")).is_ok()
}

/// The URL with its path, query and fragment cut off, because they may contain a secret.
fn shown(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    format!("{origin}{}", if is_origin { "" } else { "/…" })
}

/// Whether the URL is one of this computer.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    is_loopback_host(host.trim_start_matches('[').trim_end_matches(']'))
}

/// Whether a host name or IP address is this computer.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_base_path_has_plain_segments_and_no_reserved_first_one() {
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
    fn the_pages_are_those_of_the_console() {
        let source = include_str!("../../../../src/route.rs");
        let arms = source.lines().filter(|line| line.contains("] => Self::"));
        let arms = arms.filter_map(|line| line.trim().strip_prefix("[\""));
        let firsts = arms.filter_map(|arm| arm.split('"').next());
        let firsts: BTreeSet<&str> = firsts.filter(|first| !first.is_empty()).collect();
        assert_eq!(firsts, PAGES.into());
    }

    #[test]
    fn only_encrypted_or_local_urls_without_secrets_are_accepted() {
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
            ("https://em.example:0", "has the port 0"),
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
    fn the_remedy_for_a_secret_in_a_url_depends_on_the_key() {
        for (key, bad, expected) in [
            (
                "base_url",
                "https://a:b@x",
                "a URL must hold no user name and no password: they belong in `credentials`",
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
