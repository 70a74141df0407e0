//! The names and flags of the gateway's cookies, and how to find one in a request.

use axum::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// The settings for the names and flags of cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cookie {
    /// Whether browsers use https. A browser accepts a cookie with the prefix `__Host-` only from this host over an
    /// encrypted connection, so that no other host of the domain can replace it. Over http on this computer the flag
    /// `Secure` is left out, because browsers differ in how they treat it and nothing is sent over a network.
    encrypted: bool,
    /// Distinguishes this console's cookies from those of other consoles on the same host, because ports and paths
    /// share cookies. `None`: the port in `Host` is used.
    suffix: Option<String>,
}

/// The suffix for a public address: its port and its path, if any. Cookies keep `Path=/`, which `__Host-` requires.
pub(crate) fn cookie_suffix(origin: &str, base_path: &str) -> String {
    let port = port(origin).map_or_else(String::new, |port| format!("-{port}"));
    port + &base_path.replace('/', ".")
}

/// The port after the last colon.
fn port(host: &str) -> Option<&str> {
    let (_, port) = host.rsplit_once(':')?;
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(port)
}

/// The purpose of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookiePurpose {
    /// The session. Sent only with requests from the console's own pages.
    Session,
    /// A sign-in that continues at a provider. The provider is another site, so this cookie has to be sent
    /// with the navigation that returns from there.
    Attempt,
    /// A screen that is waiting to be paired.
    Pairing,
    /// A browser in which a user has signed in before.
    Browser,
}

impl Cookie {
    pub(crate) fn new(encrypted: bool, suffix: Option<String>) -> Self {
        Self { encrypted, suffix }
    }

    fn name(&self, what: CookiePurpose, headers: &HeaderMap) -> String {
        let prefix = if self.encrypted { "__Host-" } else { "" };
        let what = match what {
            CookiePurpose::Session => "",
            CookiePurpose::Attempt => "-sign-in",
            CookiePurpose::Pairing => "-pairing",
            CookiePurpose::Browser => "-browser",
        };
        let suffix = self.suffix.clone().unwrap_or_else(|| {
            let host = headers.get(header::HOST);
            let host = host.and_then(|host| host.to_str().ok());
            cookie_suffix(host.unwrap_or_default(), "")
        });
        format!("{prefix}failover-console{what}{suffix}")
    }

    /// The cookie's value. `None` if it was sent twice, because another site may have set one of them.
    pub(crate) fn find<'h>(&self, what: CookiePurpose, headers: &'h HeaderMap) -> Option<&'h str> {
        let name = self.name(what, headers);
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// `Set-Cookie` with the given lifetime. A lifetime of zero deletes the cookie.
    pub(crate) fn set(
        &self,
        what: CookiePurpose,
        headers: &HeaderMap,
        value: &str,
        age: Duration,
    ) -> Option<HeaderValue> {
        let secure = if self.encrypted { "; Secure" } else { "" };
        let site = match what {
            CookiePurpose::Session | CookiePurpose::Pairing | CookiePurpose::Browser => "Strict",
            CookiePurpose::Attempt => "Lax",
        };
        let (name, age) = (self.name(what, headers), age.as_secs());
        let text =
            format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite={site}{secure}");
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encrypted() -> Cookie {
        Cookie::new(true, Some(String::new()))
    }

    #[test]
    fn consoles_on_one_host_have_different_cookies() {
        let host = headers("127.0.0.1:9000", &[]);
        for (origin, path, expected) in [
            ("https://console.example", "", "__Host-failover-console"),
            (
                "https://console.example:8443",
                "",
                "__Host-failover-console-8443",
            ),
            (
                "https://console.example",
                "/failover",
                "__Host-failover-console.failover",
            ),
            (
                "https://[2001:db8::1]:8443",
                "/a/b",
                "__Host-failover-console-8443.a.b",
            ),
            ("https://[2001:db8::1]", "", "__Host-failover-console"),
        ] {
            let cookie = Cookie::new(true, Some(cookie_suffix(origin, path)));
            assert_eq!(
                cookie.name(CookiePurpose::Session, &host),
                expected,
                "{origin}{path}"
            );
        }
        for (encrypted, expected) in [
            (true, "__Host-failover-console-sign-in-9000"),
            (false, "failover-console-sign-in-9000"),
        ] {
            let cookie = Cookie::new(encrypted, None);
            assert_eq!(cookie.name(CookiePurpose::Attempt, &host), expected);
        }
    }

    fn headers(host: &'static str, cookies: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_static(cookie));
        }
        headers
    }

    #[test]
    fn flags_protect_cookies_from_scripts_other_sites_and_plain_http() {
        let headers = headers("localhost:8080", &[]);
        let minute = Duration::from_secs(60);
        assert_eq!(
            encrypted()
                .set(CookiePurpose::Session, &headers, "x", minute)
                .unwrap(),
            "__Host-failover-console=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            Cookie::new(false, None)
                .set(CookiePurpose::Session, &headers, "x", minute)
                .unwrap(),
            "failover-console-8080=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            encrypted()
                .set(CookiePurpose::Attempt, &headers, "x", minute)
                .unwrap(),
            "__Host-failover-console-sign-in=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
            "sent with the navigation from another site"
        );
        assert_eq!(
            Cookie::new(false, None)
                .set(CookiePurpose::Attempt, &headers, "x", minute)
                .unwrap(),
            "failover-console-sign-in-8080=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        let value = encrypted()
            .set(CookiePurpose::Session, &headers, "x", minute)
            .unwrap();
        assert!(!format!("{value:?}").contains("=x"), "hidden in logs");
    }

    #[test]
    fn a_cookie_is_found_by_its_name_unless_it_is_ambiguous() {
        for (cookies, expected) in [
            (&["__Host-failover-console=x"] as &[_], Some("x")),
            (&["a=b; __Host-failover-console=x; c=d"], Some("x")),
            (&["a=b", "__Host-failover-console=x"], Some("x")),
            (
                &["__Host-failover-console=x; __Host-failover-console=y"],
                None,
            ),
            (
                &["__Host-failover-console=x", "__Host-failover-console=y"],
                None,
            ),
            (&["failover-console-8080=x"], None),
            (&["__host-failover-console=x"], None),
            (&["x__Host-failover-console=x"], None),
            (&[], None),
        ] {
            let headers = headers("localhost:8080", cookies);
            assert_eq!(
                encrypted().find(CookiePurpose::Session, &headers),
                expected,
                "{cookies:?}"
            );
        }
        let both = headers(
            "localhost",
            &["__Host-failover-console=x; __Host-failover-console-pairing=y"],
        );
        assert_eq!(encrypted().find(CookiePurpose::Session, &both), Some("x"));
        assert_eq!(encrypted().find(CookiePurpose::Pairing, &both), Some("y"));
        let local = headers(
            "[::1]:9000",
            &["failover-console-9000=x; failover-console-8080=y"],
        );
        assert_eq!(
            Cookie::new(false, None).find(CookiePurpose::Session, &local),
            Some("x")
        );
        assert_eq!(
            Cookie::new(false, None).find(
                CookiePurpose::Session,
                &headers("[::1]", &["failover-console=x"])
            ),
            Some("x")
        );
    }
}
