//! The service's data as JSON: field names by version, roles as numbers or names, times with or
//! without a zone, nulls written or omitted. Also parses request bodies.

use super::errors::{Refusal, invalid};
use super::model::{Group, Role, Session};
use super::values::{NEVER, TimeSpan, parse_time, with_zone, without_zone};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// The JSON style of one service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Whether sessions are `v1`, not `v1-preview`.
    pub(crate) v1: bool,
    /// Whether roles are names, not numbers.
    pub(crate) names: bool,
    /// Whether times have a `Z`.
    pub(crate) zone: bool,
}

impl Style {
    fn time(self, time: DateTime<Utc>) -> Value {
        if self.zone {
            with_zone(time)
        } else {
            without_zone(time)
        }
        .into()
    }

    fn when(self, time: Option<DateTime<Utc>>) -> Value {
        time.map_or(Value::Null, |time| self.time(time))
    }

    fn role(self, role: Role) -> Value {
        if self.names {
            role.name().into()
        } else {
            role.number().into()
        }
    }

    /// `GroupConfiguration`. Groups are `v1` in every deployment, so nulls are omitted.
    pub(crate) fn group(self, id: &str, group: &Group) -> Value {
        without_nulls(json!({
            "Id": id,
            "Name": group.name,
            "Description": group.description,
            "FailoverTimeout": group.timeout.to_string(),
            "AdditionalData": group.additional,
        }))
    }

    /// `IGroupStatus`.
    pub(crate) fn status(self, group: &Group) -> Value {
        let holder = |role| group.holder(role).map(|at| group.sessions[at].id.as_str());
        without_nulls(json!({
            "Primary": holder(Role::Primary),
            "PendingPrimary": holder(Role::PendingPrimary),
            "LastDataProcessedTime": self.when(group.last_data),
        }))
    }

    /// `ClientSession`.
    pub(crate) fn session(self, session: &Session) -> Value {
        let score = if self.v1 {
            "FailoverScore"
        } else {
            "FailoverStatus"
        };
        let heartbeat = session.heartbeat.map(|heartbeat| {
            json!({
                score: heartbeat.score,
                "LastDataProcessedTime": self.when(heartbeat.last_data),
                "HeartbeatTime": self.time(heartbeat.time),
            })
        });
        let mut body =
            json!({ "Id": session.id, "Name": session.name, "Role": self.role(session.role) });
        if !self.v1 {
            body["Heartbeat"] = heartbeat.unwrap_or(Value::Null);
            return body;
        }
        body["Heartbeat"] =
            heartbeat.unwrap_or_else(|| json!({ score: 0.0, "HeartbeatTime": NEVER }));
        body["HeartbeatPosted"] = session.heartbeat.is_some().into();
        body["RoleOverride"] = u8::from(session.pin.is_some()).into();
        body["RoleOverrideExpirationTime"] = self.when(session.pin.and_then(|pin| pin.expires));
        body["AdditionalData"] = json!(session.additional);
        without_nulls(body)
    }

    /// `FailoverResponse`.
    pub(crate) fn failover(self, role: Role, group: &Group) -> Value {
        let body =
            json!({ "Role": self.role(role), "LastDataProcessedTime": self.when(group.last_data) });
        if self.v1 { without_nulls(body) } else { body }
    }

    /// The answer to a role override.
    pub(crate) fn role_override(self, session: &Session) -> Value {
        without_nulls(json!({
            "Value": u8::from(session.pin.is_some()),
            "RoleOverrideExpirationTime": self.when(session.pin.and_then(|pin| pin.expires)),
        }))
    }
}

/// Omits every field that is null, except inside `AdditionalData`.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| {
                if name == "AdditionalData" {
                    (name, value)
                } else {
                    (name, without_nulls(value))
                }
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// A request's JSON object; names are case-insensitive, as in .NET.
#[derive(Debug)]
pub(crate) struct Body(Map<String, Value>);

impl Body {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(invalid("The body has to be a JSON object.")),
            Err(error) => Err(invalid(format!("The body is not JSON: {error}."))),
        }
    }

    /// A field that exists and is not null.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        let found = self
            .0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    fn read_as<T>(
        &self,
        name: &str,
        what: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.field(name) else {
            return Ok(None);
        };
        read(value)
            .map(Some)
            .ok_or_else(|| invalid(format!("{name} has to be {what}, not {value}.")))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        self.read_as(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let never = |time: &DateTime<Utc>| parse_time(NEVER) != Some(*time);
        let time = self.read_as(name, "a date-time", |value| {
            value.as_str().and_then(parse_time)
        })?;
        Ok(time.filter(never))
    }

    pub(crate) fn span(&self, name: &str) -> Result<Option<TimeSpan>, Refusal> {
        let what = "a time span such as \"00:01:00\"";
        self.read_as(name, what, |value| value.as_str().and_then(TimeSpan::parse))
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>, Refusal> {
        self.read_as(name, "an object", |value| value.as_object().cloned())
    }

    pub(crate) fn inner(&self, name: &str) -> Result<Option<Self>, Refusal> {
        Ok(self.object(name)?.map(Self))
    }

    /// A score from 0 to 100.
    pub(crate) fn score(&self, name: &str) -> Result<Option<f64>, Refusal> {
        self.read_as(name, "a number from 0 to 100", |value| {
            value.as_f64().filter(|score| (0.0..=100.0).contains(score))
        })
    }
}
