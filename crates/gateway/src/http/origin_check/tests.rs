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
fn a_rejected_host_is_reported_with_the_expected_one() {
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
fn browsers_may_send_changes_only_from_the_consoles_own_pages() {
    let public = Some("https://console.example");
    for (origin, site, public, expected) in [
        (None, None, None, true),
        (None, Some("same-origin"), None, true),
        (None, Some("none"), None, true),
        (None, Some("same-site"), None, false),
        (None, Some("cross-site"), None, false),
        (None, Some(""), None, false),
        (Some("http://localhost:8080"), None, None, true),
        (
            Some("http://localhost:8080"),
            Some("same-origin"),
            None,
            true,
        ),
        (Some("null"), Some("same-origin"), None, true),
        (
            Some("http://localhost:8080"),
            Some("cross-site"),
            None,
            true,
        ),
        (Some("http://evil.example"), Some("cross-site"), None, false),
        (
            Some("http://localhost:9999"),
            Some("same-site"),
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
            "other sites cannot see the response"
        );
    }
}

#[test]
fn a_header_that_is_not_ascii_is_rejected() {
    for name in ["origin", "sec-fetch-site"] {
        let headers = HeaderMap::from_iter([
            (header::HOST, HeaderValue::from_static("localhost")),
            (
                name.parse().unwrap(),
                HeaderValue::from_bytes(b"n\xf6ne").unwrap(),
            ),
        ]);
        let uri = Uri::from_static("/x");
        assert!(check(&Method::POST, &uri, &headers, None, "http").is_err());
    }
}

#[test]
fn requests_that_came_through_a_proxy_are_detected() {
    let (new, old) = (Version::HTTP_11, Version::HTTP_10);
    for (version, name, value, expected) in [
        (new, "accept", "*/*", true),
        (old, "accept", "*/*", false),
        (new, "x-forwarded-for", "192.0.2.1", false),
        (new, "x-forwarded-proto", "https", false),
        (new, "x-forwarded-host", "console.example", false),
        (new, "x-real-ip", "192.0.2.1", false),
        (new, "forwarded", "for=192.0.2.1", false),
        (new, "via", "1.1 proxy", false),
        (new, "origin", "https://console.example", false),
        (new, "origin", "http://127.0.0.1:8080", true),
        (new, "origin", "null", true),
    ] {
        let headers = HeaderMap::from_iter([
            (header::HOST, HeaderValue::from_static("127.0.0.1:8080")),
            (name.parse().unwrap(), HeaderValue::from_static(value)),
        ]);
        let found = direct(version, &headers, "http");
        assert_eq!(found.is_ok(), expected, "{version:?} {name}: {value}");
    }
}

#[test]
fn equivalent_spellings_of_a_host_are_equal() {
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
fn a_request_has_one_host_and_at_most_one_origin() {
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
fn without_tls_the_public_pages_are_http() {
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
fn with_tls_the_consoles_own_pages_are_https() {
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
