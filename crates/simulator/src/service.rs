//! The simulated services behind one face, for the front and the control port.

use crate::clock::Clock;
use crate::options::{Kind, Options, Scenario};
use crate::path::Ask;
use crate::{aveva, uplynk};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// A simulated service.
#[derive(Debug)]
pub(crate) enum Service {
    Aveva(aveva::Service),
    Uplynk(uplynk::Service),
}

impl Service {
    /// The service that a kind of system is, on its port.
    pub(crate) fn new(
        kind: &Kind,
        id: &str,
        base_url: &str,
        options: &Options,
        clock: &Clock,
    ) -> Option<Self> {
        match kind.clone() {
            Kind::Aveva {
                tenant,
                namespace,
                groups_version,
                sessions_version,
                credentials,
            } => {
                let profile = aveva::Profile {
                    tenant,
                    namespace,
                    groups_version,
                    sessions_version,
                    credentials,
                };
                // Each system has dice of its own.
                let salt = id
                    .bytes()
                    .fold(0, |salt: u64, byte| salt.wrapping_mul(31) + u64::from(byte));
                Some(Self::Aveva(aveva::Service::new(
                    profile,
                    salt,
                    options,
                    clock.clone(),
                )))
            }
            Kind::Uplynk { owner, api_key } => Some(Self::Uplynk(uplynk::Service::new(
                &owner,
                &api_key,
                base_url,
                options,
                clock.clone(),
            ))),
            Kind::Veeam { .. } => None,
        }
    }

    /// The contract's operation that a request is.
    pub(crate) fn operation(
        &self,
        method: &Method,
        ids: &[String],
        _path: &str,
    ) -> Option<&'static str> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        match self {
            Self::Aveva(service) => service.operation(method, &ids),
            Self::Uplynk(service) => service.operation(method, &ids),
        }
    }

    /// The names of all operations that a fault can be for.
    pub(crate) fn operations(&self) -> &'static [&'static str] {
        match self {
            Self::Aveva(_) => &aveva::OPERATIONS,
            Self::Uplynk(_) => &uplynk::OPERATIONS,
        }
    }

    pub(crate) async fn answer(&self, ask: &Ask, _uri: &Uri) -> Response {
        match self {
            Self::Aveva(service) => service.answer(ask),
            Self::Uplynk(service) => service.answer(ask),
        }
    }

    /// The vendor's error body for a status.
    pub(crate) fn error(&self, status: StatusCode, _ask: &Ask) -> Response {
        match self {
            Self::Aveva(service) => service.error(status),
            Self::Uplynk(service) => service.error(status),
        }
    }

    /// The media type of this service's answers to a request.
    pub(crate) fn media(&self, _ask: &Ask) -> &'static str {
        "application/json; charset=utf-8"
    }

    /// Plays until `now`.
    pub(crate) fn advance(&self, now: DateTime<Utc>) {
        match self {
            Self::Aveva(service) => service.advance(now),
            Self::Uplynk(service) => service.advance(now),
        }
    }

    /// Begins a scenario.
    pub(crate) fn enter(&self, scenario: Scenario) {
        match self {
            Self::Aveva(service) => service.enter(scenario),
            Self::Uplynk(service) => service.enter(scenario),
        }
    }

    /// Builds the world anew.
    pub(crate) fn reset(&self, options: &Options) {
        match self {
            Self::Aveva(service) => service.reset(options),
            Self::Uplynk(service) => service.reset(options),
        }
    }

    /// The complete truth.
    pub(crate) fn snapshot(&self) -> Value {
        match self {
            Self::Aveva(service) => service.snapshot(),
            Self::Uplynk(service) => service.snapshot(),
        }
    }
}

impl Service {
    /// Changes how the system speaks.
    ///
    /// # Errors
    /// In words, when the system has no such setting.
    pub(crate) fn configure(&self, _change: &Value) -> Result<(), String> {
        match self {
            Self::Aveva(_) | Self::Uplynk(_) => {
                Err("this system has nothing to set; Veeam has \"json\"".to_owned())
            }
        }
    }
}
