//! The names and flags of the gateway's cookies, and how to find one in a request.

use axum::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// How browsers reach the gateway, which decides the cookies' names and flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Over https. With the prefix `__Host-` a browser accepts the cookie only from this host and only
    /// encrypted, so that no other host of the domain can replace it.
    Encrypted,
    /// Over http on this computer. Browsers differ there in how they treat the flag `Secure`, and nothing
    /// is sent over a network.
    Local,
}

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookiePurpose {
    /// The session. Sent with requests of the console's own pages only.
    Session,
    /// A sign-in that continues at a provider. The provider is another site, so this cookie has to be sent
    /// with the navigation that comes back from there.
    Attempt,
    /// A screen that is waiting to be paired.
    Pairing,
}

impl Cookie {
    /// The cookie's name. It holds the port, because browsers share cookies between the ports of a host.
    fn name(self, what: CookiePurpose, headers: &HeaderMap) -> String {
        let what = match what {
            CookiePurpose::Session => "",
            CookiePurpose::Attempt => "-sign-in",
            CookiePurpose::Pairing => "-pairing",
        };
        let port = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .and_then(|host| host.rsplit_once(':'))
            .map(|(_, port)| port)
            .filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        match (self, port) {
            (Self::Encrypted, _) => format!("__Host-failover-console{what}"),
            (Self::Local, Some(port)) => format!("failover-console{what}-{port}"),
            (Self::Local, None) => format!("failover-console{what}"),
        }
    }

    /// The cookie's value. `None` when it was sent twice, because another site may have set one of them.
    pub(crate) fn find(self, what: CookiePurpose, headers: &HeaderMap) -> Option<&str> {
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
        self,
        what: CookiePurpose,
        headers: &HeaderMap,
        value: &str,
        age: Duration,
    ) -> Option<HeaderValue> {
        let secure = match self {
            Self::Encrypted => "; Secure",
            Self::Local => "",
        };
        let site = match what {
            CookiePurpose::Session | CookiePurpose::Pairing => "Strict",
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
            Cookie::Encrypted
                .set(CookiePurpose::Session, &headers, "x", minute)
                .unwrap(),
            "__Host-failover-console=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            Cookie::Local
                .set(CookiePurpose::Session, &headers, "x", minute)
                .unwrap(),
            "failover-console-8080=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            Cookie::Encrypted
                .set(CookiePurpose::Attempt, &headers, "x", minute)
                .unwrap(),
            "__Host-failover-console-sign-in=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
            "comes back from another site"
        );
        assert_eq!(
            Cookie::Local
                .set(CookiePurpose::Attempt, &headers, "x", minute)
                .unwrap(),
            "failover-console-sign-in-8080=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        let value = Cookie::Encrypted
            .set(CookiePurpose::Session, &headers, "x", minute)
            .unwrap();
        assert!(!format!("{value:?}").contains("=x"), "no log shows it");
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
                Cookie::Encrypted.find(CookiePurpose::Session, &headers),
                expected,
                "{cookies:?}"
            );
        }
        let both = headers(
            "localhost",
            &["__Host-failover-console=x; __Host-failover-console-pairing=y"],
        );
        assert_eq!(
            Cookie::Encrypted.find(CookiePurpose::Session, &both),
            Some("x")
        );
        assert_eq!(
            Cookie::Encrypted.find(CookiePurpose::Pairing, &both),
            Some("y")
        );
        let local = headers(
            "[::1]:9000",
            &["failover-console-9000=x; failover-console-8080=y"],
        );
        assert_eq!(
            Cookie::Local.find(CookiePurpose::Session, &local),
            Some("x")
        );
        assert_eq!(
            Cookie::Local.find(
                CookiePurpose::Session,
                &headers("[::1]", &["failover-console=x"])
            ),
            Some("x")
        );
    }
}
