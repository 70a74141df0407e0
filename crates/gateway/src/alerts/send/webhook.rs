//! Sends to a webhook: one POST of JSON.

use super::{Failure, MIN_SECRET_LENGTH, redacted_line};
use crate::alerts::message::{Message, slack_json, teams_json, webhook_json};
use crate::clock::{UnixClock, wall_clock};
use crate::config::{self, Shape, Webhook};
use crate::crypto::hex;
use crate::vendor_http::{self, Trust, VendorHttp};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use reqwest::{Response, Url};
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// The maximum number of bytes of a response that are read.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// The minimum length of a part of the address that may be a secret token.
const MIN_TOKEN_LENGTH: usize = 10;

/// The header with the message's id, which retries keep.
const ID: &str = "x-failover-console-id";

/// The header with the time of sending, in seconds since 1970, which the signature covers.
const TIMESTAMP: &str = "x-failover-console-timestamp";

const SIGNATURE: &str = "x-failover-console-signature";

/// The sender to one webhook.
pub(super) struct WebhookSender {
    http: VendorHttp,
    url: Url,
    secret: Option<SecretString>,
    shape: Shape,
    clock: UnixClock,
}

impl WebhookSender {
    /// # Errors
    /// What is wrong with the webhook, its certificates or the proxy.
    pub(super) fn new(
        webhook: &Webhook,
        outbound: &config::Outbound,
        timeout: Duration,
    ) -> Result<Self, String> {
        let url = Url::parse(webhook.url.expose_secret())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or("its url is not an http or https address")?;
        let client = vendor_http::client(timeout, outbound, Trust::Also(webhook.ca.as_deref()))?;
        Ok(Self {
            http: VendorHttp {
                client,
                name: "the receiver".to_owned(),
                limit: MAX_RESPONSE_BYTES,
            },
            url,
            // Slack and Teams do not support signatures.
            secret: webhook
                .secret
                .clone()
                .filter(|_| webhook.shape == Shape::Own),
            shape: webhook.shape,
            clock: wall_clock(),
        })
    }

    pub(super) async fn send(&self, message: &Message) -> Result<(), Failure> {
        let body = match self.shape {
            Shape::Own => webhook_json(message),
            Shape::Slack => slack_json(message),
            Shape::Teams => teams_json(message),
        }
        .to_string();
        let mut request = self
            .http
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ID, &message.id);
        if let Some(secret) = &self.secret {
            let timestamp = (self.clock)().as_secs().to_string();
            let signature = signature(secret, &timestamp, &body);
            request = request
                .header(TIMESTAMP, timestamp)
                .header(SIGNATURE, signature);
        }
        let mut response = request
            .body(body)
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let answer = start(&mut response).await;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(self.refusal(status, response.headers(), &answer)),
        }
    }

    /// The failure if there is no response. Replaces the host, which texts about certificates name.
    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let why = self.http.failure(error).detail;
        Failure::temporary(match self.url.host_str() {
            Some(host) if host.len() >= MIN_SECRET_LENGTH => {
                why.replace(host, "the host of its url")
            }
            _ => why,
        })
    }

    /// The failure for a response without success.
    fn refusal(&self, status: StatusCode, headers: &HeaderMap, answer: &[u8]) -> Failure {
        let code = status.as_u16();
        if status.is_redirection() {
            return Failure::permanent(format!(
                "the receiver returned {code} and sent the gateway to another address, which it does not follow: look at \
                 the target's url"
            ));
        }
        let reason = status.canonical_reason().unwrap_or_default();
        let mut line = format!("the receiver returned {code} {reason}");
        let text = self.text(headers, answer);
        if !text.is_empty() {
            line = format!("{line}: {text}");
        }
        let retry_after = retry_after(headers);
        Failure {
            is_final: status.is_client_error() && !matches!(code, 408 | 425 | 429),
            retry_after,
            blocks_connection_only: retry_after.is_none() && !matches!(code, 429 | 503),
            ..Failure::temporary(line)
        }
    }

    /// The receiver's text in one line. HTML pages are left out.
    fn text(&self, headers: &HeaderMap, answer: &[u8]) -> String {
        let kind = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
        if kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(b"text/html")) {
            return String::new();
        }
        let (path, query) = (self.url.path(), self.url.query().unwrap_or_default());
        let pieces = path.split('/').chain(query.split(['&', '=']));
        let secret = self.secret.as_ref().map(|secret| secret.expose_secret());
        let secrets: Vec<&str> = [self.url.as_str(), path, query]
            .into_iter()
            .chain(pieces.filter(|piece| piece.len() >= MIN_TOKEN_LENGTH))
            .chain(self.url.password())
            .chain(secret)
            .collect();
        redacted_line(&String::from_utf8_lossy(answer), &secrets)
    }
}

/// The beginning of the body. Read errors are ignored, because the status is what matters.
async fn start(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_RESPONSE_BYTES.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if chunk.len() >= room {
            break;
        }
    }
    body
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let named = ["retry-after", "date"].into_iter();
    let answer = vendors::Answer {
        headers: named
            .filter_map(|name| Some((name.to_owned(), text(name)?)))
            .collect(),
        ..vendors::Answer::default()
    };
    answer.retry_after().map(Duration::from_secs)
}

/// The signature header. A receiver that knows the secret can verify the sender and the time of the body.
fn signature(secret: &SecretString, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let mut code = hmac::Context::with_key(&key);
    for part in [timestamp, ".", body] {
        code.update(part.as_bytes());
    }
    format!("sha256={}", hex(code.sign().as_ref()))
}
