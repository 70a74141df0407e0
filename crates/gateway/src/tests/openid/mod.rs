//! Signing in at a provider, through the whole router, and known attacks on it.

mod answer;
mod canaries;
mod metadata;
mod people;
mod proxied;
mod token;
mod tolerance;

use super::provider::Provider;
use super::secrets::Log;
use super::*;
use crate::auth::{Memory, SignIn};
use crate::identity::Limits;
use serde_json::{Value, json};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn configured(openid: config::OpenId, encrypted: bool) -> Arc<Gateway> {
    // Before anything is logged that a test looks for.
    Log::begin();
    let with = SignIn {
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
    let access = Access::sign_in(with, Arc::new(Memory::new().unwrap())).unwrap();
    let public = encrypted.then(|| "https://console.example".to_owned());
    let assets = Assets::from_files([("index.html".to_owned(), b"<h1>console</h1>".to_vec())]);
    Arc::new(Gateway::new(Vec::new(), access, public, assets).unwrap())
}

fn people(provider: &Provider) -> Arc<Gateway> {
    configured(provider.configured(), false)
}

fn admin() -> Value {
    json!({"preferred_username": "ann", "realm_access": {"roles": ["x", "console-admin"]}})
}

/// A browser, which only keeps cookies.
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

    /// Begins a sign-in: the address to which the provider sends the browser back.
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

/// The result of a complete sign-in, and its line in the audit.
async fn sign_in(gateway: &Arc<Gateway>, provider: &Provider) -> (String, String) {
    let mut browser = Browser::default();
    let back = browser.begin(gateway, provider, "/groups").await;
    let answer = browser.open(gateway, &back).await;
    assert_eq!(answer.status(), 303);
    let told = Log::begin().audit(header(&answer, "x-request-id"));
    assert_eq!(told.len(), 1, "{told:?}");
    let leads = header(&answer, "location").to_owned();
    let signed_in = leads == "/groups";
    assert_eq!(
        browser.session(gateway).await.0 == 200,
        signed_in,
        "{leads}"
    );
    assert!(
        !browser.cookie().contains("-sign-in"),
        "the attempt is over: {}",
        browser.cookie()
    );
    (leads, told[0].clone())
}
