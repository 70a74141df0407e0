//! Rejects requests for foreign host names, and changes from foreign pages. Without this check any web page could
//! reach the vendors' systems through a visitor's browser.

use crate::problem::{Kind, Problem};
use axum::http::{HeaderMap, Method, Uri, Version, header};
use std::net::IpAddr;

/// Checks that a request has exactly one `Host`, in ASCII, and at most one `Origin`. Anything that a proxy and the
/// gateway might read differently is rejected.
///
/// # Errors
/// The request is malformed.
pub(crate) fn well_formed(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let bad = |detail: &str| Err(Problem::new(Kind::BadRequest, detail));
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return bad("the request has two Host headers"),
        (Some(host), None) if host.to_str().is_err() => {
            return bad("the Host header contains characters that are not valid in a host name");
        }
        // HTTP/2 has its own field for the host, which becomes the authority of the URI.
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

/// Checks the host and the origin of a request. `scheme` is the one that this server itself uses.
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
    // Browsers report the page that sends a change in `Sec-Fetch-Site`, older ones in `Origin`; no page can set either.
    // A request with neither does not come from a browser, so no page can have caused it.
    let is_own = match (text(headers, "sec-fetch-site"), text(headers, "origin")) {
        (Some("same-origin" | "none"), _) | (None, None) => true,
        (_, origin) => origin.is_some_and(|origin| is_ours(origin, scheme, host, public_origin)),
    };
    if is_own {
        Ok(())
    } else {
        Err(cross_site(
            "browsers may send changes only from this console's own pages, according to `Sec-Fetch-Site` and `Origin`",
        ))
    }
}

/// The headers that proxies add to requests.
const PROXY_HEADERS: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Checks that no proxy forwarded a request, as far as that can be detected. Without a sign-in everybody whom a proxy
/// lets through would be an admin, and a proxy may replace `Host` by a name of this computer.
///
/// # Errors
/// The request came through a proxy.
pub(crate) fn direct(version: Version, headers: &HeaderMap, scheme: &str) -> Result<(), Problem> {
    let mut names = PROXY_HEADERS.into_iter();
    let origin = text(headers, "origin").filter(|origin| *origin != "null");
    let sign = if let Some(name) = names.find(|name| headers.contains_key(*name)) {
        format!("it has the header {name}")
    } else if version == Version::HTTP_10 {
        "it is in HTTP/1.0".to_owned()
    } else if origin.is_some_and(|origin| !is_ours(origin, scheme, text(headers, "host"), None)) {
        "its Origin is not the address in Host".to_owned()
    } else {
        return Ok(());
    };
    let detail = format!(
        "this request came through a proxy ({sign}), and without a sign-in the console is only for browsers at this \
         computer: configure [[user]] or [openid], and `public_url`"
    );
    Err(Problem::new(Kind::Forbidden, detail))
}

/// Whether a request demands that the vendors are read now. Requests from other sites are treated as ordinary reads: a
/// foreign page can make a browser send such a read (`cache: "reload"`), which would cause vendor calls and retry
/// refused credentials.
pub(super) fn demands_present_state(headers: &HeaderMap) -> bool {
    text(headers, "cache-control") == Some("no-cache")
        && matches!(
            text(headers, "sec-fetch-site"),
            None | Some("same-origin" | "none")
        )
}

/// Whether a page of another site caused the request, which then has no session cookie.
pub(super) fn is_from_another_site(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-site") == Some("cross-site")
}

/// Whether the name is the public host.
fn is_public(origin: &str, name: &str) -> bool {
    parts(origin)
        .is_some_and(|(scheme, public)| HostPort::of(name, scheme) == HostPort::of(public, scheme))
}

/// Splits an origin into its scheme and the rest.
fn parts(origin: &str) -> Option<(&str, &str)> {
    origin.split_once("://")
}

/// A normalised host and port. The same host may be written with or without the default port, in capitals, or with the
/// dot at the end of a fully qualified name.
#[derive(Debug, PartialEq, Eq)]
struct HostPort {
    host: String,
    port: u16,
}

impl HostPort {
    /// `None` if it is not a valid host name.
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

/// The fault with the received and the expected host: usually a proxy has replaced the browser's `Host`.
fn foreign(name: &str, public_origin: Option<&str>) -> String {
    let name: String = name.chars().take(100).collect();
    match public_origin.and_then(parts) {
        Some((_, wanted)) => format!(
            "the request is for Host {name:?}, but this console answers only as {wanted:?} (`public_url`) and under the \
             names of its own computer: a proxy has to pass on the browser's Host with its port (nginx: $http_host)"
        ),
        None => format!(
            "the request is for Host {name:?}, but this console answers only under the names of this computer, \
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
    let matches = |scheme: &str, name| {
        used.eq_ignore_ascii_case(scheme) && HostPort::of(name, scheme).as_ref() == Some(&from)
    };
    // Behind a proxy this server speaks http, although its pages at the public name are https. An http page with that
    // name may be forged by anybody in between.
    let is_direct = |host: &&str| is_loopback(host) || scheme == "https";
    host.filter(is_direct)
        .is_some_and(|host| matches(scheme, host))
        || public_origin
            .and_then(parts)
            .is_some_and(|(scheme, name)| matches(scheme, name))
}

fn is_loopback(name: &str) -> bool {
    // Any port is accepted.
    HostPort::of(name, "http").is_some_and(|HostPort { host, .. }| {
        host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    })
}

/// A header's value. If it is not ASCII, an empty text, which matches no origin.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?;
    Some(value.to_str().unwrap_or_default())
}

fn cross_site(detail: &str) -> Problem {
    Problem::new(Kind::CrossSite, detail)
}

#[cfg(test)]
mod tests;
