//! Basic authentication (RFC 7617).

use super::sensitive;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

/// User name and password.
#[derive(Debug)]
pub(crate) struct Basic(SecretString);

impl Basic {
    pub(crate) fn new(username: &str, password: &SecretString) -> Self {
        let pair = format!("{username}:{}", password.expose_secret());
        Self(SecretString::from(BASE64_STANDARD.encode(pair)))
    }

    /// The `Authorization` header.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        sensitive("Basic ", &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_follows_the_rfc_and_debug_hides_it() {
        // RFC 7617, section 2.1.
        let basic = Basic::new("test", &SecretString::from("123\u{a3}"));
        let header = basic.header().unwrap();
        assert_eq!(header.to_str().unwrap(), "Basic dGVzdDoxMjPCow==");
        assert!(!format!("{basic:?} {header:?}").contains("dGVzd"));
    }
}
