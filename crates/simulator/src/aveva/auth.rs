//! Authentication: bearer tokens from the token endpoint in the cloud, Basic on premises.

use crate::answer;
use crate::options::Credentials;
use crate::path::{ApiRequest, basic, pairs};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::collections::HashMap;

/// The lifetime of a token, in simulated seconds.
const LIFETIME: i64 = 3_600;

/// The issued tokens with their expiration times.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    issued: u64,
    ends: HashMap<String, DateTime<Utc>>,
}

impl Tokens {
    /// `POST /identity/connect/token` with a form of client credentials.
    pub(crate) fn token(
        &mut self,
        request: &ApiRequest,
        expected: &Credentials,
        now: DateTime<Utc>,
    ) -> Response {
        let refuse =
            |error: &str| answer::json(StatusCode::BAD_REQUEST, &json!({ "error": error }));
        let form = pairs(&String::from_utf8_lossy(&request.body));
        let field = |name: &str| {
            form.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        };
        let media = request.header("content-type").unwrap_or_default();
        if !media.starts_with("application/x-www-form-urlencoded") {
            return refuse("invalid_request");
        }
        match field("grant_type").as_deref() {
            Some("client_credentials") => {}
            Some(_) => return refuse("unsupported_grant_type"),
            None => return refuse("invalid_request"),
        }
        let given =
            basic(&request.headers).or_else(|| field("client_id").zip(field("client_secret")));
        let known = matches!((expected, given),
            (Credentials::ClientCredentials { client_id, client_secret, .. }, Some((id, secret)))
                if *client_id == id && *client_secret == secret);
        if !known {
            return refuse("invalid_client");
        }
        self.issued += 1;
        self.ends.retain(|_, end| *end > now);
        let token = STANDARD.encode(format!("simulated token {} of {now}", self.issued));
        self.ends
            .insert(token.clone(), now + TimeDelta::seconds(LIFETIME));
        let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME });
        let mut response = answer::json(StatusCode::OK, &body);
        response
            .headers_mut()
            .insert("cache-control", HeaderValue::from_static("no-store"));
        response
    }

    /// Keeps valid tokens valid when the world is rebuilt with another time.
    pub(crate) fn renew(&mut self, before: DateTime<Utc>, now: DateTime<Utc>) {
        self.ends.retain(|_, end| *end > before);
        for end in self.ends.values_mut() {
            *end = now + TimeDelta::seconds(LIFETIME);
        }
    }

    /// Accepts the caller, or returns a 401 without a body.
    pub(crate) fn check(
        &self,
        request: &ApiRequest,
        expected: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<(), Box<Response>> {
        let mut unauthorized = answer::empty(StatusCode::UNAUTHORIZED);
        match expected {
            Credentials::ClientCredentials { .. } => {
                let value = request.header("authorization").unwrap_or_default();
                let token = value.strip_prefix("Bearer ").unwrap_or_default();
                if self.ends.get(token).is_some_and(|end| *end > now) {
                    return Ok(());
                }
                unauthorized
                    .headers_mut()
                    .insert("www-authenticate", HeaderValue::from_static("Bearer"));
            }
            Credentials::Basic { username, password } => {
                if basic(&request.headers)
                    .is_some_and(|(name, word)| name == *username && word == *password)
                {
                    return Ok(());
                }
                let realm = HeaderValue::from_static("Basic realm=\"AVEVA\"");
                unauthorized.headers_mut().insert("www-authenticate", realm);
            }
        }
        Err(Box::new(unauthorized))
    }
}
