//! Refuses requests under foreign names, and changes from foreign pages. Without this check any web page could
//! reach the vendors' systems through a visitor's browser.

use crate::problem::{Kind, Problem};
use axum::http::{HeaderMap, Method, Uri, Version, header};
use std::net::IpAddr;

/// Checks that a request says once, and in ASCII, for which host it is, and at most once from which origin: what
/// a proxy and the gateway might read differently is refused.
///
/// # Errors
/// The request is malformed.
pub(crate) fn well_formed(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let bad = |detail: &str| Err(Problem::new(Kind::BadRequest, detail));
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return bad("the request has two Host headers"),
        (Some(host), None) if host.to_str().is_err() => {
            return bad("the Host header holds other characters than those of a name");
        }
        // HTTP/2 has its own field for it, which becomes the authority of the address.
        (None, None) if version == Version::HTTP_11 => {
            return bad("a request in HTTP/1.1 needs a Host header");
        }
        _ => {}
    }
    if headers.get_all(header::ORIGIN).iter().count() > 1 {
        return bad("the request has two Origin headers");
    }
    Ok(())
}

/// Checks the name and the origin of a request. `scheme` is the one that this server itself uses.
///
/// # Errors
/// The request is cross-site.
pub(crate) fn check(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    public_origin: Option<&str>,
    scheme: &str,
) -> Result<(), Problem> {
    let host = text(headers, "host");
    for name in [host, uri.authority().map(|authority| authority.as_str())]
        .into_iter()
        .flatten()
    {
        // After DNS rebinding, a page of another site sends its own name here.
        if !is_loopback(name) && !public_origin.is_some_and(|public| is_public(public, name)) {
            return Err(cross_site(&foreign(name, public_origin)));
        }
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    // Every browser states the origin of a change. A request without one does not come from a page.
    let same = text(headers, "origin")
        .is_some_and(|origin| is_ours(origin, scheme, host, public_origin))
        && text(headers, "sec-fetch-site").is_none_or(|site| site == "same-origin");
    if same {
        Ok(())
    } else {
        Err(cross_site(
            "changes are taken from this console's own pages only, by the address in `Origin`",
        ))
    }
}

/// Whether the name is that of the public address.
fn is_public(origin: &str, name: &str) -> bool {
    parts(origin)
        .is_some_and(|(scheme, public)| HostPort::of(name, scheme) == HostPort::of(public, scheme))
}

/// A scheme and what follows it.
fn parts(origin: &str) -> Option<(&str, &str)> {
    origin.split_once("://")
}

/// The host and port that a name stands for: one place may be written with its usual port or without, in
/// capitals, and with the dot at the end of a complete name.
#[derive(Debug, PartialEq, Eq)]
struct HostPort {
    host: String,
    port: u16,
}

impl HostPort {
    /// `None` where it is no name of a host.
    fn of(name: &str, scheme: &str) -> Option<Self> {
        let (host, port) = match name.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => name.split_at(name.find(':').unwrap_or(name.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
            None if port.is_empty() => match scheme.eq_ignore_ascii_case("https") {
                true => 443,
                false => 80,
            },
            _ => return None,
        };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        (!host.is_empty()).then_some(Self { host, port })
    }
}

/// Which name came and which is wanted, because most often a proxy writes another `Host` than the browser's.
fn foreign(name: &str, public_origin: Option<&str>) -> String {
    let name: String = name.chars().take(100).collect();
    match public_origin.and_then(|origin| origin.split_once("://")) {
        Some((_, wanted)) => format!(
            "the request came for Host {name:?}, and this console answers as {wanted:?} (`public_url`) and under the \
             names of its own computer: a proxy has to pass on the browser's Host with its port (nginx: $http_host)"
        ),
        None => format!(
            "the request came for Host {name:?}, and this console answers under the names of this computer only, \
             such as localhost, because its configuration gives no `public_url`"
        ),
    }
}

fn is_ours(origin: &str, scheme: &str, host: Option<&str>, public_origin: Option<&str>) -> bool {
    let Some((used, name)) = parts(origin) else {
        return false;
    };
    let Some(from) = HostPort::of(name, used) else {
        return false;
    };
    let is = |scheme: &str, name| {
        used.eq_ignore_ascii_case(scheme) && HostPort::of(name, scheme).as_ref() == Some(&from)
    };
    // Behind a proxy this server speaks http, and the console's pages under its public name may still be https only. A
    // page of that name over http may come from anybody in between.
    let is_direct = |host: &&str| is_loopback(host) || scheme == "https";
    host.filter(is_direct).is_some_and(|host| is(scheme, host))
        || public_origin
            .and_then(parts)
            .is_some_and(|(scheme, name)| is(scheme, name))
}

fn is_loopback(name: &str) -> bool {
    // The port does not matter.
    HostPort::of(name, "http").is_some_and(|HostPort { host, .. }| {
        host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    })
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn cross_site(detail: &str) -> Problem {
    Problem::new(Kind::CrossSite, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn is_accepted(
        method: &Method,
        headers: &[(&'static str, &'static str)],
        public: Option<&str>,
    ) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        check(method, &Uri::from_static("/x"), &headers, public, "http").is_ok()
    }

    #[test]
    fn only_names_of_this_computer_are_accepted() {
        for (host, expected) in [
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("127.0.0.1:8080", true),
            ("127.0.0.2", true),
            ("[::1]", true),
            ("[::1]:8080", true),
            ("evil.example", false),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("127.0.0.1:8080.evil.example", false),
            ("localhost.", true),
            ("Localhost.:8080", true),
            ("127.0.0.1.", true),
            ("localhost..", false),
            (".", false),
            ("localhost:", false),
            ("localhost:+80", false),
            ("localhost:99999", false),
            ("[::1", false),
            ("[localhost.evil.example]", false),
            ("[::1].evil.example", false),
            ("192.168.1.5", false),
            ("0.0.0.0", false),
            ("", false),
        ] {
            assert_eq!(
                is_accepted(&Method::GET, &[("host", host)], None),
                expected,
                "{host}"
            );
        }
        let public = Some("https://console.example");
        assert!(is_accepted(
            &Method::GET,
            &[("host", "console.example")],
            public
        ));
        assert!(!is_accepted(
            &Method::GET,
            &[("host", "console.example:444")],
            public
        ));
    }

    #[test]
    fn a_refused_name_is_said_beside_the_one_that_is_wanted() {
        for (public, host, expected) in [
            (
                Some("https://console.example:8443"),
                "console.example",
                &[
                    "\"console.example\"",
                    "\"console.example:8443\"",
                    "$http_host",
                ][..],
            ),
            (
                None,
                "console.example",
                &["\"console.example\"", "`public_url`"],
            ),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            let uri = Uri::from_static("/x");
            let found = check(&Method::GET, &uri, &headers, public, "http").unwrap_err();
            for part in expected {
                assert!(found.detail.contains(part), "{part}: {}", found.detail);
            }
        }
        for (public, host, expected) in [
            ("https://console.example", "console.example:443", true),
            ("https://console.example", "console.example:80", false),
            ("https://console.example:8443", "CONSOLE.example:8443", true),
            ("https://console.example:8443", "console.example:443", false),
            ("http://localhost:80", "console.example", false),
            ("https://Console.example.", "console.EXAMPLE:443", true),
            ("https://console.example:443", "console.example.", true),
            ("https://console.example", "console.example.:443", true),
            ("https://console.example", "console.example..", false),
            ("https://console.example", "console.example:", false),
        ] {
            let accepted = is_accepted(&Method::GET, &[("host", host)], Some(public));
            assert_eq!(accepted, expected, "{public} {host}");
        }
    }

    #[test]
    fn an_authority_in_the_request_line_is_checked_like_the_host() {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("localhost"))]);
        let uri = Uri::from_static("http://evil.example/x");
        assert!(check(&Method::GET, &uri, &headers, None, "http").is_err());
    }

    #[test]
    fn changes_are_accepted_from_the_consoles_own_pages_only() {
        let public = Some("https://console.example");
        for (origin, site, public, expected) in [
            (None, None, None, false),
            (None, Some("same-origin"), None, false),
            (None, Some("none"), None, false),
            (Some("http://localhost:8080"), None, None, true),
            (
                Some("http://localhost:8080"),
                Some("same-origin"),
                None,
                true,
            ),
            (Some("http://localhost:8080"), Some("none"), None, false),
            (
                Some("http://localhost:8080"),
                Some("same-site"),
                None,
                false,
            ),
            (
                Some("http://localhost:8080"),
                Some("cross-site"),
                None,
                false,
            ),
            (Some("http://localhost:9999"), None, None, false),
            (Some("https://localhost:8080"), None, None, false),
            (Some("http://evil.example"), None, None, false),
            (Some("null"), None, None, false),
            (Some(""), None, None, false),
            (Some("https://console.example"), None, public, true),
            (Some("http://console.example"), None, public, false),
        ] {
            let mut headers = vec![("host", "localhost:8080")];
            headers.extend(origin.map(|origin| ("origin", origin)));
            headers.extend(site.map(|site| ("sec-fetch-site", site)));
            assert_eq!(
                is_accepted(&Method::PUT, &headers, public),
                expected,
                "{origin:?} {site:?}"
            );
            assert!(
                is_accepted(&Method::GET, &headers, public),
                "reads cannot be read by other sites anyway"
            );
        }
    }

    #[test]
    fn one_host_is_the_same_in_every_way_that_it_is_written() {
        for (host, origin, expected) in [
            ("console.example", "https://console.example:443", true),
            ("console.example", "HTTPS://CONSOLE.example", true),
            ("console.example.", "https://console.example", true),
            ("console.example:443", "https://Console.Example.", true),
            ("console.example", "https://console.example:80", false),
            ("console.example", "http://console.example:443", false),
            ("console.example", "http://console.example", false),
            ("console.example:443", "http://console.example:443", false),
            ("console.example", "https://console.example:443:443", false),
            ("console.example", "https://console.example/", false),
            ("localhost", "http://LOCALHOST:80", true),
            ("localhost:80", "http://localhost.", true),
            ("localhost:8080", "http://localhost", false),
            ("localhost:8080", "http://127.0.0.1:8080", false),
        ] {
            let headers = HeaderMap::from_iter([
                (header::HOST, HeaderValue::from_static(host)),
                (header::ORIGIN, HeaderValue::from_static(origin)),
            ]);
            let public = Some("https://console.example");
            let found = check(
                &Method::POST,
                &Uri::from_static("/x"),
                &headers,
                public,
                "http",
            );
            assert_eq!(found.is_ok(), expected, "{host} {origin}");
        }
    }

    #[test]
    fn a_request_says_once_for_whom_it_is_and_from_where() {
        let host = (header::HOST, HeaderValue::from_static("localhost"));
        let origin = (header::ORIGIN, HeaderValue::from_static("http://localhost"));
        let other = (
            header::HOST,
            HeaderValue::from_bytes(b"localh\xf6st").unwrap(),
        );
        for (version, headers, expected) in [
            (Version::HTTP_11, vec![&host], true),
            (Version::HTTP_11, vec![&host, &origin], true),
            (Version::HTTP_10, vec![], true),
            (Version::HTTP_11, vec![], false),
            (Version::HTTP_11, vec![&host, &host], false),
            (Version::HTTP_10, vec![&host, &host], false),
            (Version::HTTP_11, vec![&other], false),
            (Version::HTTP_10, vec![&other], false),
            (Version::HTTP_11, vec![&host, &origin, &origin], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(name, value.clone());
            }
            let found = well_formed(version, &map);
            assert_eq!(found.is_ok(), expected, "{version:?} {map:?}");
            assert!(found.is_ok() || found.unwrap_err().kind == Kind::BadRequest);
        }
    }

    #[test]
    fn without_any_certificate_the_public_pages_are_http() {
        let headers = [
            ("host", "console.lan:8080"),
            ("origin", "http://console.lan:8080"),
        ];
        for (public, expected) in [
            (Some("http://console.lan:8080"), true),
            (Some("https://console.lan:8080"), false),
            (None, false),
        ] {
            let accepted = is_accepted(&Method::POST, &headers, public);
            assert_eq!(accepted, expected, "{public:?}");
        }
    }

    #[test]
    fn with_a_certificate_the_consoles_own_pages_are_https() {
        let uri = Uri::from_static("/x");
        for (origin, expected) in [("https://localhost", true), ("http://localhost", false)] {
            let headers = HeaderMap::from_iter([
                (header::HOST, HeaderValue::from_static("localhost")),
                (header::ORIGIN, HeaderValue::from_static(origin)),
            ]);
            let found = check(&Method::POST, &uri, &headers, None, "https").is_ok();
            assert_eq!(found, expected, "{origin}");
        }
    }
}
