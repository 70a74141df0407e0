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
    // Browsers say in `Sec-Fetch-Site` which page sends a change, and older ones in `Origin`; no page can set either. A
    // request with neither comes from no browser, so that no page can have caused it.
    let is_own = match (text(headers, "sec-fetch-site"), text(headers, "origin")) {
        (Some("same-origin" | "none"), _) | (None, None) => true,
        (_, origin) => origin.is_some_and(|origin| is_ours(origin, scheme, host, public_origin)),
    };
    if is_own {
        Ok(())
    } else {
        Err(cross_site(
            "of browsers, changes are taken from this console's own pages only, as `Sec-Fetch-Site` and `Origin` say",
        ))
    }
}

/// Whether a request demands that the vendors are read now. A page of another site can have a browser send such a
/// read without being asked (`cache: "reload"`), which would cost the vendor calls and try refused credentials
/// again: from there it is a read like any other.
pub(super) fn demands_present_state(headers: &HeaderMap) -> bool {
    text(headers, "cache-control") == Some("no-cache")
        && matches!(
            text(headers, "sec-fetch-site"),
            None | Some("same-origin" | "none")
        )
}

/// Whether a page of another site has caused the request, so that it comes without the session's cookie.
pub(super) fn is_from_another_site(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-site") == Some("cross-site")
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

/// A header's value; an empty text, which matches no origin, for one that is not ASCII.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?;
    Some(value.to_str().unwrap_or_default())
}

fn cross_site(detail: &str) -> Problem {
    Problem::new(Kind::CrossSite, detail)
}

#[cfg(test)]
mod tests;
