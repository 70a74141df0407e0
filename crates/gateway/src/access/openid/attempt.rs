//! A sign-in that was begun here and goes on at the provider: what has to come back with the browser, sealed
//! in a cookie of its own, so that any gateway with the same key can end it. Also where it may lead to.

use openidconnect::url::Position;
use reqwest::Url;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long somebody may take at the provider.
pub(super) const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Clocks of two gateways differ.
const SKEW: u64 = 120;

/// A longer address of a page does not fit into the cookie.
const LONGEST: usize = 700;

/// What the gateway answers itself; none of it is a page to come back to.
const NO_PAGES: [&str; 7] = [
    "api",
    "relay",
    "thumbnails",
    "metrics",
    "healthz",
    "readyz",
    "sign-in",
];

/// The content of the cookie. Has no `Debug`: whoever has it can end the sign-in.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Attempt {
    /// What the provider sends back: the answer is to this question.
    #[serde(rename = "s")]
    pub(super) state: String,
    /// What the token has to hold: it was made for this question.
    #[serde(rename = "n")]
    pub(super) nonce: String,
    /// What the code is redeemed with: it was given to who asked.
    #[serde(rename = "v")]
    pub(super) verifier: String,
    /// The page to come back to.
    #[serde(rename = "t")]
    pub(super) to: String,
    /// Seconds since 1970.
    #[serde(rename = "b")]
    pub(super) began: u64,
}

impl Attempt {
    /// Whether it may still come back.
    pub(super) fn is_young(&self, now: Duration) -> bool {
        let now = now.as_secs();
        self.began <= now + SKEW && now < self.began + PATIENCE.as_secs()
    }

    /// Whether this came back for it. Digests are compared: how long that takes tells nothing of the state.
    pub(super) fn expects(&self, state: &str) -> bool {
        let digest = |text: &str| digest(&SHA256, text.as_bytes());
        digest(&self.state).as_ref() == digest(state).as_ref()
    }
}

/// The page to come back to: one of this console, or its first. Read as a browser reads it, because that is
/// who goes there: it takes `\` for `/` and leaves out line breaks.
pub(super) fn destination(to: Option<&str>) -> String {
    let ours = |to: &str| {
        let base = Url::parse("http://console.invalid/").ok()?;
        let whole = base.join(to).ok().filter(|_| to.starts_with('/'))?;
        if whole.origin() != base.origin()
            || !whole.username().is_empty()
            || whole.password().is_some()
        {
            return None;
        }
        let path = &whole[Position::BeforePath..];
        let first = whole.path().trim_start_matches('/').split('/').next();
        let is_page = !path.starts_with("//") && !NO_PAGES.contains(&first.unwrap_or_default());
        (is_page && path.len() <= LONGEST).then(|| path.to_owned())
    };
    to.and_then(ours).unwrap_or_else(|| "/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_back_to_a_page_of_this_console_and_nowhere_else() {
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
            assert_eq!(destination(Some(to)), expected, "{to:?}");
        }
        assert_eq!(destination(None), "/");
        assert_eq!(destination(Some(&format!("/{}", "x".repeat(LONGEST)))), "/");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_asked_for_leads_to_this_origin(to in "[/\\\\.%a-z:@?#\t\n2eéE]{0,40}") {
            let leads = destination(Some(&to));
            let at = Url::parse("https://console.example/x").unwrap().join(&leads).unwrap();
            proptest::prop_assert_eq!(at.host_str(), Some("console.example"));
            proptest::prop_assert!(leads.is_ascii());
        }
    }

    #[test]
    fn an_attempt_comes_back_within_minutes_to_its_own_question() {
        let attempt = Attempt {
            state: "s".to_owned(),
            nonce: "n".to_owned(),
            verifier: "v".to_owned(),
            to: "/".to_owned(),
            began: 1_000_000,
        };
        for (now, young) in [
            (1_000_000, true),
            (1_000_599, true),
            (1_000_600, false),
            (999_900, true),
            (999_800, false),
        ] {
            assert_eq!(attempt.is_young(Duration::from_secs(now)), young, "{now}");
        }
        assert!(attempt.expects("s"));
        assert!(!attempt.expects("") && !attempt.expects("S") && !attempt.expects("ss"));
    }
}
