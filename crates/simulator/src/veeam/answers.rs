//! Routing, authentication, and the format of responses.

use super::content::{Addresses, Content};
use super::json::{self, JsonFlavour};
use super::logons;
use super::query::{Query, Refusal, newest_first};
use super::{State, Veeam, xml};
use crate::answer::{empty, typed};
use crate::path::{basic, pairs, segments};
use axum::http::header::{ACCEPT, SET_COOKIE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};

/// The contract's operations, with the names that faults and the log use.
pub(crate) const OPERATIONS: [&str; 5] = [
    "log on",
    "query sessions",
    "get session",
    "list recent sessions",
    "log off",
];

/// The age up to which the collection lists sessions.
const RECENT: TimeDelta = TimeDelta::days(30);

/// The media type of a response: XML, unless `Accept` is exactly JSON.
pub(crate) fn media(accept: Option<&str>) -> &'static str {
    match accept.map(str::trim) {
        Some(one) if one.eq_ignore_ascii_case("application/json") => {
            "application/json; charset=utf-8"
        }
        _ => "application/xml; charset=utf-8",
    }
}

/// The contract's operation for a method and an undecoded path; `None` outside the contract.
pub(crate) fn operation(method: &str, path: &str) -> Option<&'static str> {
    let segments = segments(path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    Some(match (method, segments.as_slice()) {
        ("POST", ["api", "sessionMngr"] | ["api", "sessionMngr", ""]) => "log on",
        ("GET", ["api", "query"]) => "query sessions",
        ("GET", ["api", "cloud", "failoverSessions"]) => "list recent sessions",
        ("GET", ["api", "cloud", "failoverSessions", id]) if !id.is_empty() => "get session",
        ("DELETE", ["api", "logonSessions", id]) if !id.is_empty() => "log off",
        _ => return None,
    })
}

/// The vendor's error body for a status: its media type and the body.
pub(crate) fn error_body(
    status: u16,
    accept: Option<&str>,
    flavour: JsonFlavour,
) -> (&'static str, String) {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = match status.as_u16() {
        400 => "The request cannot be read.",
        401 => "The logon session is missing or has ended.",
        403 => "The account has no permission for this resource.",
        404 => "There is no such resource.",
        405 => "The resource does not support the method.",
        500 => "The server has an internal error.",
        501 => "The server does not support the operation.",
        503 => "The service is not available. Try again later.",
        _ => status.canonical_reason().unwrap_or("The request failed."),
    };
    let media = media(accept);
    let body = encode(
        &Content::Error { status, message },
        media,
        &NO_ADDRESSES,
        flavour,
    );
    (media, body)
}

/// The addresses for content without links.
const NO_ADDRESSES: Addresses = Addresses {
    server: String::new(),
};

fn encode(
    content: &Content<'_>,
    media: &str,
    addresses: &Addresses,
    flavour: JsonFlavour,
) -> String {
    if media.starts_with("application/json") {
        json::document(content, addresses, flavour)
    } else {
        xml::document(content, addresses)
    }
}

pub(super) fn accept(headers: &HeaderMap) -> Option<&str> {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok())
}

impl Veeam {
    /// The answer to a request; no operation has a body.
    pub(crate) fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
        let media = media(accept(headers));
        let (mut state, now) = self.advanced();
        let state = &mut *state;
        let flavour = state.json;
        match self.decide(state, now, method, uri, headers, media) {
            Ok(response) => response,
            Err((status, message)) => {
                let content = Content::Error {
                    status,
                    message: &message,
                };
                let body = encode(&content, media, &self.0.addresses, flavour);
                typed(status, media, body)
            }
        }
    }

    fn decide(
        &self,
        state: &mut State,
        now: DateTime<Utc>,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        media: &'static str,
    ) -> Result<Response, Refusal> {
        let Some(operation) = operation(method.as_str(), uri.path()) else {
            let message = format!("The contract has no {method} {}", uri.path());
            return Err((StatusCode::NOT_IMPLEMENTED, message));
        };
        let raw = uri.query().unwrap_or_default();
        if operation == "log on" {
            return self.log_on(state, now, raw, headers, media);
        }
        if !state.logons.check(headers, now) {
            let message = "The logon session is missing or has ended.".to_owned();
            return Err((StatusCode::UNAUTHORIZED, message));
        }
        let segments = segments(uri.path());
        let id = segments.last().map(String::as_str).unwrap_or_default();
        let is_entity = pairs(raw).iter().any(|(key, value)| {
            key.eq_ignore_ascii_case("format") && value.eq_ignore_ascii_case("Entity")
        });
        let content = match operation {
            "log off" if state.logons.end(id) => return Ok(empty(StatusCode::NO_CONTENT)),
            "log off" => return Err(missing("logon session", id)),
            "query sessions" => {
                let query = Query::parse(raw)?;
                let (sessions, paging) = query.run(state.world.listed(now), state.seed);
                Content::Query {
                    sessions,
                    entities: query.entities,
                    paging,
                }
            }
            "get session" => {
                let session = state.world.find(id, now);
                let session = session.ok_or_else(|| missing("cloud failover session", id))?;
                Content::Session {
                    session,
                    entity: is_entity,
                }
            }
            _ => {
                let mut sessions = state.world.listed(now);
                sessions.retain(|shown| now - shown.session.run.creation <= RECENT);
                newest_first(&mut sessions);
                Content::Collection {
                    sessions,
                    entities: is_entity,
                }
            }
        };
        let body = encode(&content, media, &self.0.addresses, state.json);
        Ok(typed(StatusCode::OK, media, body))
    }

    fn log_on(
        &self,
        state: &mut State,
        now: DateTime<Utc>,
        raw: &str,
        headers: &HeaderMap,
        media: &'static str,
    ) -> Result<Response, Refusal> {
        let profile = &self.0.profile;
        let known = (profile.username.clone(), profile.password.clone());
        if basic(headers) != Some(known) {
            let message = "The user name or the password is wrong.";
            let content = Content::Error {
                status: StatusCode::UNAUTHORIZED,
                message,
            };
            let body = encode(&content, media, &self.0.addresses, state.json);
            let mut response = typed(StatusCode::UNAUTHORIZED, media, body);
            let challenge = HeaderValue::from_static("Basic realm=\"Veeam\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            return Ok(response);
        }
        let version = pairs(raw)
            .into_iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("v"));
        if let Some((_, version)) = version.filter(|(_, version)| !is_version(version)) {
            let message = format!("There is no version '{version}' of the API.");
            return Err((StatusCode::BAD_REQUEST, message));
        }
        let id = state.logons.begin(state.seed, now);
        let content = Content::LoggedOn {
            id: &id,
            username: &profile.username,
        };
        let body = encode(&content, media, &self.0.addresses, state.json);
        let mut response = typed(StatusCode::CREATED, media, body);
        let ticket = logons::header(&id);
        let cookie = format!("{}={ticket}; path=/; HttpOnly", logons::SESSION);
        let set = [
            (HeaderName::from_static("x-restsvcsessionid"), ticket),
            (SET_COOKIE, cookie),
        ];
        for (name, value) in set {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        Ok(response)
    }
}

/// `latest`, or a number such as `v1_7`.
fn is_version(text: &str) -> bool {
    let number = text
        .strip_prefix("v1_")
        .is_some_and(|number| number.parse::<u8>().is_ok());
    number || text == "latest"
}

fn missing(what: &str, id: &str) -> Refusal {
    (StatusCode::NOT_FOUND, format!("There is no {what} '{id}'."))
}
