//! Refuses requests under foreign names, and changes from foreign pages. Without this check any web page could
//! reach the vendors' systems through a visitor's browser.

use crate::problem::{Kind, Problem};
use axum::http::{HeaderMap, Method, Uri};
use std::net::IpAddr;

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

/// Whether the name is that of the public address, with or without the usual port.
fn is_public(origin: &str, name: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else {
        return false;
    };
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let is = |name: &str| host.eq_ignore_ascii_case(name);
    is(name) || name.strip_suffix(usual).is_some_and(is)
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
    let at_host = origin
        .split_once("://")
        .zip(host)
        .is_some_and(|((used, name), host)| used == scheme && name.eq_ignore_ascii_case(host));
    at_host || public_origin.is_some_and(|public| public.eq_ignore_ascii_case(origin))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) if port.is_empty() || is_port(port) => name,
            _ => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) if is_port(&host[name.len()..]) && !port.is_empty() => name,
            Some(_) => return false,
            None => host,
        },
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// `:8080`.
fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|port| port.parse::<u16>().is_ok())
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
    use axum::http::{HeaderValue, header};

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
            ("localhost:", false),
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
