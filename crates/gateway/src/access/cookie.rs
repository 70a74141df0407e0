//! The cookies: their names, their flags, and how each is found among others. Knows nothing of their values.

use axum::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// Which cookies a gateway sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// For pages over https. `__Host-`: a browser takes it from exactly this origin's host, encrypted,
    /// and no other host of the domain can put one in its place.
    Encrypted,
    /// For pages of this computer over http, where browsers do not agree about the flag `Secure`.
    /// Nothing goes over a network there.
    Local,
}

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Who is signed in. Comes with requests of our own pages only.
    Session,
    /// A sign-in that was begun and goes on at a provider. Comes back with the browser from there, which is
    /// another site: that one page, and nothing else, it may bring along.
    Attempt,
    /// A screen that waits to be paired.
    Pairing,
}

impl Cookie {
    /// Ports share cookies: the name keeps two gateways on one computer apart.
    fn name(self, what: For, headers: &HeaderMap) -> String {
        let what = match what {
            For::Session => "",
            For::Attempt => "-sign-in",
            For::Pairing => "-pairing",
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

    /// The value that came along, if it came once: of two nobody knows whose the first is.
    pub(crate) fn find(self, what: For, headers: &HeaderMap) -> Option<&str> {
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

    /// `Set-Cookie`, for as long as it is good; no time at all takes it away.
    pub(crate) fn set(
        self,
        what: For,
        headers: &HeaderMap,
        value: &str,
        age: Duration,
    ) -> Option<HeaderValue> {
        let secure = match self {
            Self::Encrypted => "; Secure",
            Self::Local => "",
        };
        let site = match what {
            For::Session | For::Pairing => "Strict",
            For::Attempt => "Lax",
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
    fn the_flags_keep_it_from_scripts_other_sites_and_open_networks() {
        let headers = headers("localhost:8080", &[]);
        let minute = Duration::from_secs(60);
        assert_eq!(
            Cookie::Encrypted
                .set(For::Session, &headers, "x", minute)
                .unwrap(),
            "__Host-failover-console=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            Cookie::Local
                .set(For::Session, &headers, "x", minute)
                .unwrap(),
            "failover-console-8080=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            Cookie::Encrypted
                .set(For::Attempt, &headers, "x", minute)
                .unwrap(),
            "__Host-failover-console-sign-in=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
            "comes back from another site"
        );
        assert_eq!(
            Cookie::Local
                .set(For::Attempt, &headers, "x", minute)
                .unwrap(),
            "failover-console-sign-in-8080=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        let value = Cookie::Encrypted
            .set(For::Session, &headers, "x", minute)
            .unwrap();
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
            assert_eq!(
                Cookie::Encrypted.find(For::Session, &headers),
                expected,
                "{cookies:?}"
            );
        }
        let both = headers(
            "localhost",
            &["__Host-failover-console=x; __Host-failover-console-pairing=y"],
        );
        assert_eq!(Cookie::Encrypted.find(For::Session, &both), Some("x"));
        assert_eq!(Cookie::Encrypted.find(For::Pairing, &both), Some("y"));
        let local = headers(
            "[::1]:9000",
            &["failover-console-9000=x; failover-console-8080=y"],
        );
        assert_eq!(Cookie::Local.find(For::Session, &local), Some("x"));
        assert_eq!(
            Cookie::Local.find(For::Session, &headers("[::1]", &["failover-console=x"])),
            Some("x")
        );
    }
}
