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
    match check(text.value) {
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
        match check(text.value).and_then(|url| match url.path() {
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

fn check(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| format!("{:?} is not an http or https URL", without_user(text)))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a URL must hold no user name and no password: they belong into `credentials`"
                .to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{text:?} must not have a part after ? or #"));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(format!(
            "{text:?} is not encrypted: credentials go over http to this machine only, so use https"
        ));
    }
    Ok(url)
}

/// Whether the address is this computer's own.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The text without a possible password before an `@`.
fn without_user(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("//").map_or("", |(scheme, _)| scheme);
            format!("{scheme}//…@{host}")
        }
        None => text.to_owned(),
    }
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
            assert!(check(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("htp://x", "not an http or https URL"),
            ("em.example", "not an http or https URL"),
            ("https://", "not an http or https URL"),
            ("file:///etc/passwd", "not an http or https URL"),
            ("https://ops:hunter2@em.example", "no user name"),
            ("htp://ops:hunter2@em.example", "not an http or https URL"),
            ("https://em.example/?a=b", "after ? or #"),
            ("https://em.example/#top", "after ? or #"),
            ("http://em.example", "not encrypted"),
            ("http://localhost.example", "not encrypted"),
        ] {
            let error = check(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
