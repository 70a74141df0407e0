//! One interface to all simulated services, for the listener and the control port.

use crate::clock::Clock;
use crate::options::{Kind, Options, Scenario};
use crate::path::ApiRequest;
use crate::{aveva, uplynk, veeam};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use serde_json::Value;

/// A simulated service.
#[derive(Debug)]
pub(crate) enum Service {
    Aveva(aveva::Service),
    Uplynk(uplynk::Service),
    /// The salt gives each server its own random numbers.
    Veeam {
        veeam: veeam::Veeam,
        salt: u64,
    },
}

impl Service {
    /// The service for a kind of system. `accounts` is the clock that validates signed requests.
    pub(crate) fn new(
        kind: &Kind,
        id: &str,
        base_url: &str,
        options: &Options,
        clock: &Clock,
        accounts: &Clock,
    ) -> Self {
        // Each system has its own random numbers.
        let salt = id
            .bytes()
            .fold(0, |salt: u64, byte| salt.wrapping_mul(31) + u64::from(byte));
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
                Self::Aveva(aveva::Service::new(profile, salt, options, clock.clone()))
            }
            Kind::Uplynk { owner, api_key } => Self::Uplynk(uplynk::Service::new(
                &owner,
                &api_key,
                base_url,
                options,
                clock.clone(),
                accounts.clone(),
            )),
            Kind::Veeam {
                accept: _,
                username,
                password,
            } => {
                let old = id == "em-old";
                let json = if old {
                    veeam::JsonFlavour::V12
                } else {
                    veeam::JsonFlavour::V13
                };
                // The name that the server uses for itself; clients cannot reach it by that name.
                let server_name = format!("{id}.example:9398");
                let profile = veeam::Profile {
                    json,
                    username,
                    password,
                    server_name,
                };
                let veeam = veeam::Veeam::new(profile, options.seed ^ salt, clock.clone());
                veeam.enter(options.scenario);
                Self::Veeam { veeam, salt }
            }
        }
    }

    /// The contract's operation for a request.
    pub(crate) fn operation(
        &self,
        method: &Method,
        ids: &[String],
        path: &str,
    ) -> Option<&'static str> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        match self {
            Self::Aveva(service) => service.operation(method, &ids),
            Self::Uplynk(service) => service.operation(method, &ids),
            Self::Veeam { .. } => veeam::operation(method.as_str(), path),
        }
    }

    /// The names of all operations that can have a fault.
    pub(crate) fn operations(&self) -> &'static [&'static str] {
        match self {
            Self::Aveva(_) => &aveva::OPERATIONS,
            Self::Uplynk(_) => &uplynk::OPERATIONS,
            Self::Veeam { .. } => &veeam::OPERATIONS,
        }
    }

    pub(crate) fn answer(&self, request: &ApiRequest, uri: &Uri) -> Response {
        match self {
            Self::Aveva(service) => service.answer(request),
            Self::Uplynk(service) => service.answer(request),
            Self::Veeam { veeam, .. } => veeam.answer(&request.method, uri, &request.headers),
        }
    }

    /// The vendor's error body for a status.
    pub(crate) fn error(&self, status: StatusCode, request: &ApiRequest) -> Response {
        match self {
            Self::Aveva(service) => service.error(status),
            Self::Uplynk(service) => service.error(status),
            Self::Veeam { veeam, .. } => veeam.error(status, &request.headers),
        }
    }

    /// The media type of this service's answers to a request.
    pub(crate) fn media(&self, request: &ApiRequest) -> &'static str {
        match self {
            Self::Aveva(_) | Self::Uplynk(_) => "application/json; charset=utf-8",
            Self::Veeam { .. } => veeam::media(request.header("accept")),
        }
    }

    /// Advances the simulation to the clock's time.
    pub(crate) fn advance(&self) {
        match self {
            Self::Aveva(service) => service.advance(),
            Self::Uplynk(service) => service.advance(),
            Self::Veeam { veeam, .. } => veeam.advance(),
        }
    }

    /// Starts a scenario.
    pub(crate) fn enter(&self, scenario: Scenario) {
        match self {
            Self::Aveva(service) => service.enter(scenario),
            Self::Uplynk(service) => service.enter(scenario),
            Self::Veeam { veeam, .. } => veeam.enter(scenario),
        }
    }

    /// Rebuilds the simulated world.
    pub(crate) fn reset(&self, options: &Options) {
        match self {
            Self::Aveva(service) => service.reset(options),
            Self::Uplynk(service) => service.reset(options),
            Self::Veeam { veeam, salt } => {
                veeam.reset(options.seed ^ salt);
                veeam.enter(options.scenario);
            }
        }
    }

    /// The complete internal state.
    pub(crate) fn snapshot(&self) -> Value {
        match self {
            Self::Aveva(service) => service.snapshot(),
            Self::Uplynk(service) => service.snapshot(),
            Self::Veeam { veeam, .. } => veeam.snapshot(),
        }
    }
}

impl Service {
    /// Changes a setting of the system's API.
    ///
    /// # Errors
    /// A message when the system has no such setting.
    pub(crate) fn configure(&self, change: &Value) -> Result<(), String> {
        let Self::Veeam { veeam, .. } = self else {
            return Err("this system has no settings; a Veeam system has \"json\"".to_owned());
        };
        let fields = change
            .as_object()
            .ok_or("the body has to be a JSON object")?;
        if let Some(other) = fields.keys().find(|name| *name != "json") {
            return Err(format!(
                "'{other}' is not a setting; the only setting is \"json\""
            ));
        }
        veeam.set_json(match fields.get("json").and_then(Value::as_str) {
            Some("v12") => veeam::JsonFlavour::V12,
            Some("v13") => veeam::JsonFlavour::V13,
            _ => return Err("json has to be \"v12\" or \"v13\"".to_owned()),
        });
        Ok(())
    }
}
