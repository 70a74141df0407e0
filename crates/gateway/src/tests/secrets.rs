//! No log, problem, response or `Debug` output contains a secret, whatever fails.

use super::vendor::{Vendor, json};
use super::*;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::io::Write;
use std::sync::{LazyLock, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// The log output of all tests of the process.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

/// A global subscriber, because one of a single thread can miss callsites that another thread registered first. The
/// output of other tests must contain no secret either.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log
});

impl Log {
    /// Starts capturing the log.
    pub(super) fn begin() -> &'static Self {
        &LOG
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// The audit lines with this request id.
    pub(super) fn audit(&self, id: &str) -> Vec<String> {
        let id = format!("id=\"{id}\"");
        self.text()
            .lines()
            .filter_map(|line| line.split_once(" audit: ").map(|(_, line)| line))
            .filter(|line| line.contains(&id))
            .map(|line| line.replace(&format!("{id} "), ""))
            .collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn everything(base: &str) -> Arc<Gateway> {
    let token_url = Url::parse(&format!("{base}/token")).unwrap();
    let veeam: System = serde_json::from_str(r#"{"system":"veeam"}"#).unwrap();
    gateway(vec![
        connection(
            "plant-a",
            aveva(),
            base,
            config::Credentials::OAuthClient {
                token_url,
                client_id: "c".to_owned(),
                client_secret: SECRET.into(),
            },
        ),
        connection("plant-b", aveva(), base, basic()),
        connection(
            "live",
            System::Uplynk,
            base,
            config::Credentials::IntegrationKey {
                owner: "o".to_owned(),
                api_key: SECRET.into(),
            },
        ),
        connection("em", veeam, base, basic()),
    ])
}

#[tokio::test]
async fn no_secret_leaves_the_gateway_but_to_its_vendor() {
    let log = Log::begin();
    let token = "granted-token-of-great-worth";
    let good = Vendor::new(
        move |request, _| match request.line.split(['?', ' ']).nth(1) {
            Some("/token") => json(
                200,
                &format!(r#"{{"access_token":"{token}","expires_in":60}}"#),
            ),
            Some("/api/sessionMngr/") => {
                let mut response = json(201, &format!(r#"{{"SessionId":"{token}","Links":[]}}"#));
                response
                    .headers_mut()
                    .insert("x-restsvcsessionid", token.parse().unwrap());
                response
            }
            _ => json(200, "[]"),
        },
    )
    .await;
    let refusing = Vendor::new(|_, _| json(401, "")).await;
    let broken = Vendor::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").await;
    let mut output = String::new();
    for base in [
        good.base.clone(),
        refusing.base,
        broken,
        "http://127.0.0.1:1".to_owned(),
    ] {
        let gateway = everything(&base);
        for path in [
            GROUPS,
            "/relay/plant-b/api/v1/clientfailover/groups",
            "/relay/live/api/v4/failover-groups",
            "/relay/em/api/query?type=CloudFailoverSession",
            "/api/connections",
        ] {
            let response = get(&gateway, path).await;
            output += &format!("{:?}", response.headers());
            output += &text(response).await;
        }
        gateway.log_off().await;
        output += &format!("{gateway:?}");
    }
    assert!(
        good.lines().len() >= 6,
        "requests reached the good vendor: {:?}",
        good.lines()
    );
    let logged = log.text();
    assert!(logged.contains("/relay/plant-b/"), "not captured");
    let basic = BASE64_STANDARD.encode(format!("ops:{SECRET}"));
    for secret in [SECRET, basic.as_str(), token, "msg=", "sig="] {
        assert!(!output.contains(secret), "{secret} in a response or Debug");
        let at = logged.find(secret);
        assert!(
            at.is_none(),
            "{secret} in the log: {}",
            &logged[at.unwrap_or(0).saturating_sub(300)..][..600]
        );
    }
}

/// Sends a distinctive value in every place for a secret; none of them may appear in any output.
#[tokio::test]
async fn no_secret_of_a_sign_in_appears_anywhere() {
    use super::access::{PASSWORD, sign_in, with_users};
    let log = Log::begin();
    let key = "canary-session-key-0123456789abcdef";
    let token = "canary-metrics-token";
    let plant = connection("plant-a", aveva(), "http://127.0.0.1:1", basic());
    let mut gateway = with_users(vec![plant], Some(key), false);
    gateway.metrics_token = Some(token.into());
    let mut output = format!("{gateway:?}");
    let gateway = Arc::new(gateway);
    let cookie = sign_in(&gateway, "ann").await;
    let sealed = cookie.split_once('=').unwrap().1.to_owned();
    let bearer = format!("Bearer {token}");
    let wrong = "canary-wrong-password";
    for body in [
        format!(r#"{{"user":"ann","password":"{wrong}"}}"#),
        format!(r#"{{"user":"{wrong}","password":"{wrong}"}}"#),
        format!(r#"{{"user":"ann","password":{{"{wrong}":1}}}}"#),
        format!(r#"{{"user":"ann","password":"{wrong}"#),
        format!("{wrong}&{PASSWORD}"),
    ] {
        for kind in ["application/json", "text/plain"] {
            let headers = [("content-type", kind), ("cookie", cookie.as_str())];
            let answer = ask(&gateway, "POST /api/session", &headers, &body).await;
            output += &format!("{:?}", answer.headers());
            output += &text(answer).await;
        }
    }
    let query = format!("/?token={wrong}");
    for path in [
        "/api/session",
        "/api/connections",
        "/metrics",
        GROUPS,
        "/x.js",
        "/relay/x",
        &query,
    ] {
        for headers in [
            vec![],
            vec![("cookie", cookie.as_str()), ("authorization", &bearer)],
            vec![("authorization", "Bearer canary-wrong-password")],
            vec![("cookie", "failover-console-8080=canary-wrong-password")],
        ] {
            let answer = ask(&gateway, &format!("GET {path}"), &headers, "").await;
            output += &format!("{:?}", answer.headers());
            output += &text(answer).await;
        }
    }
    let logged = log.text();
    assert!(logged.contains("audit"), "not captured");
    for canary in [key, token, wrong, PASSWORD, &sealed, SECRET, "argon2id$v"] {
        assert!(!output.contains(canary), "{canary} in an answer or a Debug");
        let at = logged.find(canary).unwrap_or(0);
        assert!(
            !logged.contains(canary),
            "{canary} in the log: {}",
            &logged[at.saturating_sub(200)..(at + 100).min(logged.len())]
        );
    }
}
