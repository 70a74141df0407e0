//! A sign-in that began here and continues at the provider. It is kept in a sealed cookie, so that any gateway with the
//! same key can complete it. Also decides to which pages a sign-in may return.

use crate::auth::GATEWAY_CLOCK_TOLERANCE;
use crate::auth::users::PreviousSession;
use crate::auth::visitor::SessionHolder;
use crate::config::ROUTES;
use crate::crypto::are_equal;
use openidconnect::url::Position;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The maximum time that a user may take at the provider.
pub(super) const ATTEMPT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The maximum length of a page address, so that it fits into the cookie.
const MAX_DESTINATION_LENGTH: usize = 700;

/// The content of the cookie. Has no `Debug`, because its content is enough to complete the sign-in.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Attempt {
    /// Binds the provider's response to this attempt: the provider sends it back.
    #[serde(rename = "s")]
    pub(super) state: String,
    /// Binds the token to this attempt: the token must contain it.
    #[serde(rename = "n")]
    pub(super) nonce: String,
    /// Binds the code to this attempt: it is needed to redeem the code (PKCE).
    #[serde(rename = "v")]
    pub(super) verifier: String,
    /// The page to return to.
    #[serde(rename = "t")]
    pub(super) to: String,
    /// Seconds since 1970.
    #[serde(rename = "b")]
    pub(super) began: u64,
    /// The browser's previous session. Its cookie is not sent with the redirect from the provider's site.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub(super) previous: Option<PreviousSession>,
    /// The holder of the previous session, for the audit.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub(super) holder: Option<SessionHolder>,
}

impl Attempt {
    /// Whether the attempt may still be completed.
    pub(super) fn is_recent(&self, now: Duration) -> bool {
        let now = now.as_secs();
        self.began <= now + GATEWAY_CLOCK_TOLERANCE && now < self.began + ATTEMPT_LIFETIME.as_secs()
    }

    /// Whether the provider returned this attempt's state.
    pub(super) fn expects(&self, state: &str) -> bool {
        are_equal(&self.state, state)
    }
}

/// The page to return to: a page of this console, below `base_path`; by default its first page. Parses the address like
/// a browser, which reads `\` as `/` and drops line breaks.
pub(super) fn destination(to: Option<&str>, base_path: &str) -> String {
    let checked = |to: &str| {
        let base = Url::parse("http://console.invalid/").ok()?;
        let url = base.join(to).ok().filter(|_| to.starts_with('/'))?;
        if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let path = &url[Position::BeforePath..];
        let below = url.path().strip_prefix(base_path);
        let below = below.filter(|below| below.is_empty() || below.starts_with('/'))?;
        let first = below.trim_start_matches('/').split('/').next();
        let first = first.unwrap_or_default();
        let is_page = !path.starts_with("//") && first != "sign-in" && !ROUTES.contains(&first);
        (is_page && path.len() <= MAX_DESTINATION_LENGTH).then(|| path.to_owned())
    };
    to.and_then(checked)
        .unwrap_or_else(|| format!("{base_path}/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::ended_sessions::EndedSession;
    use crate::crypto::Seal;

    #[test]
    fn a_destination_is_always_a_page_of_this_console() {
        for (to, expected) in [
            ("/", "/"),
            ("/groups", "/groups"),
            ("/groups/plant-a/a%2Fb", "/groups/plant-a/a%2Fb"),
            (
                "/failover-sessions?filter=x%3D1&y#z",
                "/failover-sessions?filter=x%3D1&y#z",
            ),
            ("/groups/é", "/groups/%C3%A9"),
            ("/a\r\nlocation: x", "/alocation:%20x"),
            ("", "/"),
            ("groups", "/"),
            ("//evil", "/"),
            ("///evil", "/"),
            ("/\\evil", "/"),
            ("\\\\evil", "/"),
            ("/\t/evil", "/"),
            ("/\n/evil", "/"),
            ("\t//evil", "/"),
            (" //evil", "/"),
            ("/.//evil", "/"),
            ("/x/..//evil", "/"),
            ("/%2e//evil", "/"),
            ("/./\\evil", "/"),
            ("https://evil", "/"),
            ("https:evil", "/"),
            ("http://console.invalid@evil/", "/"),
            ("//console.invalid/groups", "/groups"),
            ("//x@console.invalid/groups", "/"),
            ("javascript:alert(1)", "/"),
            ("data:text/html,x", "/"),
            ("/sign-in", "/"),
            ("/sign-in?to=%2Fx", "/"),
            ("/api/session", "/"),
            ("/./api/openid/start", "/"),
            ("/relay/x", "/"),
            ("/thumbnails/x", "/"),
            ("/metrics", "/"),
        ] {
            assert_eq!(destination(Some(to), ""), expected, "{to:?}");
        }
        assert_eq!(destination(None, ""), "/");
        let long = format!("/{}", "x".repeat(MAX_DESTINATION_LENGTH));
        assert_eq!(destination(Some(&long), ""), "/");
    }

    #[test]
    fn with_a_base_path_a_destination_is_always_below_it() {
        for (to, expected) in [
            (Some("/failover/groups?x=1"), "/failover/groups?x=1"),
            (Some("/failover"), "/failover"),
            (Some("/failover/"), "/failover/"),
            (Some("/failovers"), "/failover/"),
            (Some("/groups"), "/failover/"),
            (Some("/failover/../other"), "/failover/"),
            (Some("/failover//evil"), "/failover//evil"),
            (Some("/failover/api/openid/start"), "/failover/"),
            (Some("/failover/sign-in"), "/failover/"),
            (Some("//evil/failover"), "/failover/"),
            (None, "/failover/"),
        ] {
            assert_eq!(destination(to, "/failover"), expected, "{to:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_destination_has_this_origin(to in "[/\\\\.%a-z:@?#\t\n2eéE]{0,40}") {
            let leads = destination(Some(&to), "");
            let at = Url::parse("https://console.example/x").unwrap().join(&leads).unwrap();
            proptest::prop_assert_eq!(at.host_str(), Some("console.example"));
            proptest::prop_assert!(leads.is_ascii());
        }
    }

    #[test]
    fn the_longest_attempt_fits_into_a_cookie() {
        let name = "\u{1d11e}".repeat(100);
        let attempt = Attempt {
            state: "s".repeat(22),
            nonce: "n".repeat(22),
            verifier: "v".repeat(43),
            to: "/".repeat(MAX_DESTINATION_LENGTH),
            began: u64::MAX,
            previous: Some(PreviousSession::User(EndedSession {
                holder: "h".repeat(16),
                number: "n".repeat(32),
                began: u64::MAX,
            })),
            holder: Some(SessionHolder {
                name: format!("{name} <{}>", "\"".repeat(255)),
                role: "viewer".to_owned(),
            }),
        };
        let seal = Seal::shared(&"k".into());
        let sealed = seal.close(&serde_json::to_vec(&attempt).unwrap()).unwrap();
        assert!(seal.open(&sealed).is_some(), "{}", sealed.len());
        assert!(sealed.len() < 4_000, "browsers accept it");
    }

    #[test]
    fn an_attempt_expires_and_expects_its_own_state() {
        let attempt = Attempt {
            state: "s".to_owned(),
            nonce: "n".to_owned(),
            verifier: "v".to_owned(),
            to: "/".to_owned(),
            began: 1_000_000,
            previous: None,
            holder: None,
        };
        for (now, is_recent) in [
            (1_000_000, true),
            (1_000_599, true),
            (1_000_600, false),
            (999_900, true),
            (999_800, false),
        ] {
            assert_eq!(
                attempt.is_recent(Duration::from_secs(now)),
                is_recent,
                "{now}"
            );
        }
        assert!(attempt.expects("s"));
        assert!(!attempt.expects("") && !attempt.expects("S") && !attempt.expects("ss"));
    }
}
