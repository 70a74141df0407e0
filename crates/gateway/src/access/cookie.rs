//! The session's cookie and its like: their names, their flags, and how they are found among others.
//! Knows nothing of their values.

use axum::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// Which cookie a gateway sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// For pages over https. `__Host-`: a browser takes it from exactly this origin's host, encrypted,
    /// and no other host of the domain can put one in its place.
    Encrypted,
    /// For pages of this computer over http, where browsers do not agree about the flag `Secure`.
    /// Nothing goes over a network there.
    Local,
}

impl Cookie {
    /// Ports share cookies: the name keeps two gateways on one computer apart.
    fn name(self, headers: &HeaderMap, purpose: &str) -> String {
        let port = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .and_then(|host| host.rsplit_once(':'))
            .map(|(_, port)| port)
            .filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        match (self, port) {
            (Self::Encrypted, _) => format!("__Host-failover-console{purpose}"),
            (Self::Local, Some(port)) => format!("failover-console-{port}{purpose}"),
            (Self::Local, None) => format!("failover-console{purpose}"),
        }
    }

    /// The session's value that came along, if it came once: of two nobody knows whose the first is.
    pub(crate) fn find(self, headers: &HeaderMap) -> Option<&str> {
        self.find_of(headers, "")
    }

    /// The same of the cookie for something else than the session: what its name ends with.
    pub(crate) fn find_of<'h>(self, headers: &'h HeaderMap, purpose: &str) -> Option<&'h str> {
        let name = self.name(headers, purpose);
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

    /// `Set-Cookie`, for as long as it is good; no time at all takes it away.
    pub(crate) fn set(
        self,
        headers: &HeaderMap,
        value: &str,
        age: Duration,
    ) -> Option<HeaderValue> {
        self.set_of(headers, "", value, age)
    }

    /// The same of the cookie for something else than the session.
    pub(crate) fn set_of(
        self,
        headers: &HeaderMap,
        purpose: &str,
        value: &str,
        age: Duration,
    ) -> Option<HeaderValue> {
        let secure = match self {
            Self::Encrypted => "; Secure",
            Self::Local => "",
        };
        let (name, age) = (self.name(headers, purpose), age.as_secs());
        let text =
            format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
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
    fn the_flags_keep_it_from_scripts_other_sites_and_open_networks() {
        let headers = headers("localhost:8080", &[]);
        let minute = Duration::from_secs(60);
        assert_eq!(
            Cookie::Encrypted.set(&headers, "x", minute).unwrap(),
            "__Host-failover-console=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            Cookie::Local.set(&headers, "x", minute).unwrap(),
            "failover-console-8080=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"
        );
        let value = Cookie::Encrypted.set(&headers, "x", minute).unwrap();
        assert!(!format!("{value:?}").contains("=x"), "no log shows it");
    }

    #[test]
    fn exactly_one_of_the_right_name_is_found() {
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
            assert_eq!(Cookie::Encrypted.find(&headers), expected, "{cookies:?}");
        }
        let both = headers(
            "localhost",
            &["__Host-failover-console=x; __Host-failover-console-pairing=y"],
        );
        assert_eq!(Cookie::Encrypted.find(&both), Some("x"));
        assert_eq!(Cookie::Encrypted.find_of(&both, "-pairing"), Some("y"));
        let local = headers(
            "[::1]:9000",
            &["failover-console-9000=x; failover-console-8080=y"],
        );
        assert_eq!(Cookie::Local.find(&local), Some("x"));
        assert_eq!(
            Cookie::Local.find(&headers("[::1]", &["failover-console=x"])),
            Some("x")
        );
    }
}
