//! Signing in at a provider through the complete router, and known attacks on it.

mod answer;
mod canaries;
mod metadata;
mod proxied;
mod token;
mod tolerance;
mod users;

use super::provider::Provider;
use super::secrets::Log;
use super::*;
use crate::auth::{Memory, SignIn};
use crate::identity::Limits;
use serde_json::{Value, json};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn configured(openid: config::OpenId, encrypted: bool) -> Arc<Gateway> {
    // The log has to be captured before the gateway writes to it.
    Log::begin();
    let sign_in = SignIn {
        users: Vec::new(),
        openid: Some(openid),
        limits: Limits::default(),
        key: Some(KEY.into()),
        walls: None,
        ended: None,
        encrypted,
        cookie_suffix: encrypted.then(String::new),
        base_path: String::new(),
    };
    let access = Access::sign_in(sign_in, Arc::new(Memory::new().unwrap())).unwrap();
    let public = encrypted.then(|| "https://console.example".to_owned());
    let assets = Assets::from_files([("index.html".to_owned(), b"<h1>console</h1>".to_vec())]);
    Arc::new(Gateway::new(Vec::new(), access, public, assets).unwrap())
}

fn gateway_for(provider: &Provider) -> Arc<Gateway> {
    configured(provider.configured(), false)
}

fn admin() -> Value {
    json!({"preferred_username": "ann", "realm_access": {"roles": ["x", "console-admin"]}})
}

/// A browser that only stores cookies.
#[derive(Clone, Default)]
struct Browser(Vec<(String, String)>);

impl Browser {
    fn cookie(&self) -> String {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    async fn open(&mut self, gateway: &Arc<Gateway>, target: &str) -> Response<Body> {
        let cookie = self.cookie();
        let answer = ask(
            gateway,
            &format!("GET {target}"),
            &[("cookie", &cookie)],
            "",
        )
        .await;
        for set in answer.headers().get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !set.contains("Max-Age=0") {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    /// Starts a sign-in and returns the address to which the provider redirects the browser.
    async fn begin(&mut self, gateway: &Arc<Gateway>, provider: &Provider, to: &str) -> String {
        let answer = self
            .open(gateway, &format!("/api/openid/start?to={to}"))
            .await;
        assert_eq!(answer.status(), 303, "{:?}", answer.headers());
        let back = provider.visit(header(&answer, "location"));
        let path = Url::parse(&back).unwrap();
        path[openidconnect::url::Position::BeforePath..].to_owned()
    }

    async fn session(&mut self, gateway: &Arc<Gateway>) -> (u16, Value) {
        let answer = self.open(gateway, "/api/session").await;
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&text(answer).await).unwrap())
    }
}

/// The redirect after a complete sign-in, and its line in the audit.
async fn sign_in(gateway: &Arc<Gateway>, provider: &Provider) -> (String, String) {
    let mut browser = Browser::default();
    let back = browser.begin(gateway, provider, "/groups").await;
    let answer = browser.open(gateway, &back).await;
    assert_eq!(answer.status(), 303);
    let audit_lines = Log::begin().audit(header(&answer, "x-request-id"));
    assert_eq!(audit_lines.len(), 1, "{audit_lines:?}");
    let location = header(&answer, "location").to_owned();
    let signed_in = location == "/groups";
    assert_eq!(
        browser.session(gateway).await.0 == 200,
        signed_in,
        "{location}"
    );
    assert!(
        !browser.cookie().contains("-sign-in"),
        "the cookie of the attempt is removed: {}",
        browser.cookie()
    );
    (location, audit_lines[0].clone())
}
