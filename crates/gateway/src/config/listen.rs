//! `listen`: the address the gateway listens on and whether it is allowed to; `trusted_proxies`: the proxies whose
//! `X-Forwarded-For` is trusted.

use super::section::{Located, Section};
use super::{Config, Network};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

pub(crate) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

pub(super) fn read(top: &Section<'_>) -> Option<Located<SocketAddr>> {
    let text = top.text("listen")?;
    match text.value.parse() {
        Ok(value) => Some(Located { value, at: text.at }),
        Err(_) => {
            let why = format!(
                "{:?} is not an IP address with a port, such as 127.0.0.1:8080; host names are not accepted",
                text.value
            );
            top.wrong(text.at, "listen", &why);
            None
        }
    }
}

/// Reads `trusted_proxies`.
pub(super) fn proxies(top: &Section<'_>) -> Vec<Network> {
    let mut proxies = Vec::new();
    for text in top.texts("trusted_proxies") {
        match text.value.parse::<Network>() {
            Ok(network) if network.contains_everything() => top.wrong(
                text.at,
                "trusted_proxies",
                &format!(
                    "{:?} is every address, so a visitor could claim any address; give those of your proxies",
                    text.value
                ),
            ),
            Ok(network) => proxies.push(network),
            Err(()) => top.wrong(
                text.at,
                "trusted_proxies",
                &format!(
                    "{:?} is neither an address nor a network such as 10.0.0.0/8",
                    text.value
                ),
            ),
        }
    }
    proxies
}

/// Checks that these settings fit each other and the configured sign-in.
pub(super) fn check(top: &Section<'_>, config: &Config, listen: Option<Located<SocketAddr>>) {
    if !config.has_sign_in()
        && let Some(at) = top.key("public_url")
        && top.key("user").is_none()
        && top.key("openid").is_none()
    {
        top.fault(
            at,
            "`public_url` is given, but there is no [[user]] who could sign in, and no [openid]: everybody whom the \
             proxy lets through would be an admin",
        );
    }
    if config.has_https_origin()
        && let Some(at) = top.key("public_url")
        && top.key("tls").is_none()
        && top.key("trusted_proxies").is_none()
    {
        top.warn(
            at,
            "public_url",
            "without [tls] a proxy has to be in front for https, and without `trusted_proxies` all visitors have its \
             address, in the audit and where sign-in attempts are limited: give its address, such as \
             trusted_proxies = [\"127.0.0.1\"]; [] if it writes no X-Forwarded-For",
        );
    }
    // A faulty [openid] is reported itself; whether users can sign in is unknown then.
    let is_openid_faulty = config.openid.is_none() && top.key("openid").is_some();
    if let Some(listen) = listen
        && !is_openid_faulty
        && let Err(why) = config.may_listen_on(listen.value)
    {
        top.wrong(listen.at, "listen", &why);
    }
}

impl Config {
    /// Checks whether the gateway may listen on this address.
    ///
    /// # Errors
    /// The reason why not: passwords would be sent unencrypted, no sign-in is configured, or the gateway would not
    /// know its public name.
    pub(crate) fn may_listen_on(&self, address: SocketAddr) -> Result<(), String> {
        if address.ip().is_loopback() {
            return Ok(());
        }
        let missing = if !self.is_encrypted() {
            "and nothing is encrypted: listen on 127.0.0.1 or [::1], give [tls] a certificate, or give \
             `public_url` with the https address of a proxy in front"
        } else if !self.has_https_origin() {
            "but their name for it is unknown: give `public_url` with the https address that browsers use"
        } else if !self.has_sign_in() {
            "and there is no [[user]] and no [openid]: everybody who reaches it would be an admin"
        } else {
            return Ok(());
        };
        Err(format!(
            "{address} can be reached from other computers, {missing}"
        ))
    }
}
