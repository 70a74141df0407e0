//! OAuth2 client credentials (RFC 6749, section 4.4): one token for all requests of a connection, fetched by one
//! request while others wait, and renewed before it expires.

use super::{NumberedHeader, Refusals, Urgency, not_about_credentials, sensitive};
use crate::problem::{Kind, Problem};
use crate::single_flight::{Fetched, SingleFlight};
use crate::vendor_http::VendorHttp;
use axum::http::{HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Request, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The lifetime of a token, in seconds, if the response does not state it.
const DEFAULT_LIFETIME: u64 = 300;

/// The limits of a lifetime, in seconds. A shorter one would cause a token request per call; a token that the
/// vendor refuses is replaced anyway. A longer one could overflow the clock.
const LIFETIME_LIMITS: RangeInclusive<u64> = 30..=86_400;

/// The time between a failed early renewal and the next attempt.
const RENEWAL_RETRY_DELAY: Duration = Duration::from_secs(10);

/// Fetches and keeps a connection's token.
#[derive(Debug)]
pub(crate) struct Tokens {
    http: VendorHttp,
    token_url: Url,
    client_id: String,
    client_secret: SecretString,
    refusals: Arc<Refusals>,
    flight: SingleFlight<Result<Token, Problem>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    secret: SecretString,
    renew_at: Instant,
    expires_at: Instant,
}

/// The response of the token endpoint. Some servers send `expires_in` as text. Has no `Debug`, because it is secret.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

impl Tokens {
    pub(crate) fn new(
        http: VendorHttp,
        token_url: Url,
        client_id: String,
        client_secret: SecretString,
        refusals: Arc<Refusals>,
    ) -> Self {
        Self {
            http,
            token_url,
            client_id,
            client_secret,
            refusals,
            flight: SingleFlight::default(),
        }
    }

    /// The current token, unless it is the one with the number `refused`, which is replaced.
    pub(crate) async fn bearer_header(
        &self,
        refused: Option<u64>,
        urgency: Urgency,
    ) -> Result<NumberedHeader, Problem> {
        let may_renew = || self.refusals.may_renew(urgency);
        let fetched = choose(&self.flight, refused, may_renew, || self.fetch()).await;
        let token = fetched.value?;
        let header = sensitive("Bearer ", &token.secret)
            .ok_or_else(|| self.refused("the token that it issued cannot be sent in a header"))?;
        Ok(NumberedHeader {
            header,
            number: fetched.number,
        })
    }

    async fn fetch(&self) -> Result<Token, Problem> {
        self.refusals.check()?;
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            encode(&self.client_id),
            encode(self.client_secret.expose_secret()),
        );
        let mut request = Request::new(Method::POST, self.token_url.clone());
        let headers = request.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(form.into());
        let requested_at = Instant::now();
        let answer = self.http.send(request).await?.into_utf8();
        if !answer.status.is_success() {
            let likely = "look at token_url";
            let other = not_about_credentials(&answer, &self.http.name, &self.token_url, likely);
            return Err(other.unwrap_or_else(|| {
                let why = format!("it returned {}", answer.status.as_u16());
                self.refusals.log_on_refused(self.refused(&why))
            }));
        }
        let granted: Granted = serde_json::from_slice(&answer.body)
            .map_err(|_| self.refused("its answer holds no access_token"))?;
        let seconds = granted
            .expires_in
            .as_ref()
            .and_then(seconds)
            .unwrap_or(DEFAULT_LIFETIME);
        let life =
            Duration::from_secs(seconds.clamp(*LIFETIME_LIMITS.start(), *LIFETIME_LIMITS.end()));
        Ok(Token {
            secret: granted.access_token.into(),
            renew_at: requested_at + life * 4 / 5,
            expires_at: requested_at + life,
        })
    }

    fn refused(&self, why: &str) -> Problem {
        Problem::new(
            Kind::Credentials,
            format!("{} issued no token: {why}", self.http.name),
        )
    }
}

/// Returns the current token while it is usable, otherwise the outcome of a fetch. If early renewal fails, the
/// current token is used until it expires. A refused token stays in use while renewal is not permitted, because
/// other requests may succeed with it.
async fn choose<F: Future<Output = Result<Token, Problem>>>(
    flight: &SingleFlight<Result<Token, Problem>>,
    refused: Option<u64>,
    may_renew: impl FnOnce() -> bool,
    fetch: impl FnOnce() -> F,
) -> Fetched<Result<Token, Problem>> {
    let serves = |fetched: &Fetched<Result<Token, Problem>>| {
        Some(fetched.number) != refused
            && fetched
                .value
                .as_ref()
                .is_ok_and(|token| Instant::now() < token.renew_at)
    };
    let renew = async |last: Option<Fetched<Result<Token, Problem>>>| {
        let is_refused = last.as_ref().map(|last| last.number) == refused;
        let last = last.and_then(|last| last.value.ok());
        let last = match last {
            Some(last) if is_refused && Instant::now() < last.expires_at && !may_renew() => {
                return Ok(last);
            }
            last => last.filter(|_| !is_refused),
        };
        match (fetch().await, last) {
            (Err(_), Some(last)) if Instant::now() < last.expires_at => Ok(Token {
                renew_at: last.expires_at.min(Instant::now() + RENEWAL_RETRY_DELAY),
                ..last
            }),
            (outcome, _) => outcome,
        }
    };
    flight.get(serves, renew).await
}

fn seconds(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn token(name: &str, life: u64) -> Result<Token, Problem> {
        let (secret, life) = (SecretString::from(name), Duration::from_secs(life));
        Ok(Token {
            secret,
            renew_at: Instant::now() + life * 4 / 5,
            expires_at: Instant::now() + life,
        })
    }

    fn broken() -> Result<Token, Problem> {
        Err(Problem::new(Kind::Timeout, "x"))
    }

    type Flight = SingleFlight<Result<Token, Problem>>;

    /// The token in use if a fetch has this outcome.
    async fn used(
        flight: &Flight,
        refused: Option<u64>,
        fetched: Result<Token, Problem>,
    ) -> String {
        match choose(flight, refused, || true, || async { fetched })
            .await
            .value
        {
            Ok(token) => token.secret.expose_secret().to_owned(),
            Err(_) => "none".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_after_four_fifths_of_its_lifetime() {
        let flight = Flight::default();
        assert_eq!(used(&flight, None, token("a", 100)).await, "a");
        advance(Duration::from_secs(79)).await;
        assert_eq!(used(&flight, None, token("b", 100)).await, "a");
        advance(Duration::from_secs(1)).await;
        assert_eq!(used(&flight, None, token("b", 100)).await, "b");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_cannot_be_renewed_early_is_used_until_it_expires() {
        let flight = Flight::default();
        used(&flight, None, token("a", 100)).await;
        advance(Duration::from_secs(80)).await;
        assert_eq!(used(&flight, None, broken()).await, "a");
        assert_eq!(
            used(&flight, None, token("b", 100)).await,
            "a",
            "the next attempt is delayed"
        );
        advance(RENEWAL_RETRY_DELAY).await;
        assert_eq!(used(&flight, None, broken()).await, "a");
        advance(RENEWAL_RETRY_DELAY).await;
        assert_eq!(used(&flight, None, broken()).await, "none");
        assert_eq!(
            used(&flight, None, token("c", 100)).await,
            "c",
            "a failure is retried"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_never_used_again() {
        let flight = Flight::default();
        used(&flight, None, token("a", 100)).await;
        assert_eq!(used(&flight, Some(1), broken()).await, "none");
        assert_eq!(used(&flight, Some(1), token("b", 100)).await, "b");
        assert_eq!(
            used(&flight, Some(1), token("c", 100)).await,
            "b",
            "another request has replaced it"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_that_may_not_be_renewed_yet_stays_in_use() {
        let flight = Flight::default();
        used(&flight, None, token("a", 100)).await;
        let keep = async |refused| {
            let chosen = choose(&flight, refused, || false, || async { token("b", 100) }).await;
            let token = chosen.value.unwrap();
            (token.secret.expose_secret().to_owned(), chosen.number)
        };
        assert_eq!(keep(Some(1)).await, ("a".to_owned(), 2));
        assert_eq!(used(&flight, None, token("c", 100)).await, "a");
        assert_eq!(used(&flight, Some(2), token("d", 100)).await, "d");
        advance(Duration::from_secs(100)).await;
        assert_eq!(keep(None).await.0, "b", "expired, so renewed");
    }

    #[test]
    fn a_lifetime_may_be_a_number_or_a_text() {
        for (json, expected) in [
            ("60", Some(60)),
            ("\"60\"", Some(60)),
            ("\"soon\"", None),
            ("-1", None),
            ("null", None),
        ] {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(seconds(&value), expected, "{json}");
        }
    }
}
