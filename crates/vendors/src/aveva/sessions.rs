//! The operations on the client sessions of a group.

use super::decode;
use super::error_body::vendor_error;
use super::operations::{
    CREATE_SESSION, DELETE_SESSION, GET_SESSION, HEARTBEAT, LIST_SESSIONS, PUT_SESSION,
    ROLE_OVERRIDE,
};
use super::{
    ApiVersion, Base, ClientSession, FailoverResponse, Heartbeat, Listed, Overridden, Role,
    RoleOverride, TimeSpan, Written,
};
use crate::call::{Answer, Call, Request, read_empty, read_json};
use crate::json::object;
use crate::operation::Operation;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// The operations on the sessions of one group.
#[derive(Debug, Clone, Copy)]
pub struct Sessions<'a> {
    base: &'a Base,
    group: &'a str,
}

/// The operations on the sessions of a group.
#[must_use]
pub fn sessions<'a>(base: &'a Base, group: &'a str) -> Sessions<'a> {
    Sessions { base, group }
}

/// A heartbeat to post.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewHeartbeat {
    /// The share of healthy streams, 0 to 100.
    pub score: f64,
    /// Time of the heartbeat; not sent in `v1`, where the service uses its own time.
    pub heartbeat_time: DateTime<Utc>,
    /// Time at which data was last processed; not sent in `v1`.
    pub last_data_processed_time: Option<DateTime<Utc>>,
}

fn written(answer: &Answer) -> Result<Written<ClientSession>, String> {
    Ok(Written {
        created: answer.status == 201,
        value: read_json(answer, decode::session)?,
    })
}

impl<'a> Sessions<'a> {
    fn request(self, operation: &'static Operation, session: Option<&str>) -> Request {
        let ids: Vec<&str> = [self.group].into_iter().chain(session).collect();
        Request::new(
            operation,
            operation.path_for(&self.base.path(self.base.sessions_version), &ids),
        )
    }

    fn version(self) -> ApiVersion {
        self.base.sessions_version
    }

    /// Lists every session of the group; this list is not paged.
    #[must_use]
    pub fn list(self) -> Call<Listed<ClientSession>> {
        Call::new(
            self.request(&LIST_SESSIONS, None),
            |answer| decode::sessions(&answer.body),
            vendor_error,
        )
    }

    /// Creates a session.
    #[must_use]
    pub fn create(self, session: &ClientSession) -> Call<Written<ClientSession>> {
        let request = self
            .request(&CREATE_SESSION, None)
            .with_body(&encode(session, self.version()));
        Call::new(request, written, vendor_error)
    }

    /// One session.
    #[must_use]
    pub fn get(self, id: &str) -> Call<ClientSession> {
        Call::new(
            self.request(&GET_SESSION, Some(id)),
            |answer| read_json(answer, decode::session),
            vendor_error,
        )
    }

    /// Creates or updates a session; `None` if the sessions version has no PUT.
    #[must_use]
    pub fn put(self, id: &str, session: &ClientSession) -> Option<Call<Written<ClientSession>>> {
        self.base.has(&PUT_SESSION).then(|| {
            let request = self
                .request(&PUT_SESSION, Some(id))
                .with_body(&encode(session, self.version()));
            Call::new(request, written, vendor_error)
        })
    }

    /// Deletes a session.
    #[must_use]
    pub fn delete(self, id: &str) -> Call<()> {
        Call::new(
            self.request(&DELETE_SESSION, Some(id)),
            read_empty,
            vendor_error,
        )
    }

    /// Posts a heartbeat with the fields of the sessions version.
    #[must_use]
    pub fn heartbeat(self, id: &str, heartbeat: &NewHeartbeat) -> Call<FailoverResponse> {
        let is_timed = self.version() == ApiVersion::V1Preview;
        let heartbeat = Heartbeat {
            score: Some(heartbeat.score),
            heartbeat_time: is_timed.then_some(heartbeat.heartbeat_time),
            last_data_processed_time: heartbeat.last_data_processed_time.filter(|_| is_timed),
        };
        let body = encode_heartbeat(&heartbeat, self.version());
        let request = self.request(&HEARTBEAT, Some(id)).with_body(&body);
        Call::new(
            request,
            |answer| read_json(answer, decode::response),
            vendor_error,
        )
    }

    /// Forces a session's role, or lets the election decide again; `None` if the version or the contract lacks it.
    #[must_use]
    pub fn override_role(
        self,
        id: &str,
        value: &RoleOverride,
        expires: Option<TimeSpan>,
    ) -> Option<Call<Overridden>> {
        let number = match value {
            RoleOverride::Off => 0,
            RoleOverride::Primary => 1,
            RoleOverride::Other(_) => return None,
        };
        let mut body = json!({ "Value": number });
        if let Some(expires) = expires {
            body["ExpirationPeriod"] = expires.to_string().into();
        }
        self.base.has(&ROLE_OVERRIDE).then(|| {
            let request = self.request(&ROLE_OVERRIDE, Some(id)).with_body(&body);
            Call::new(
                request,
                |answer| read_json(answer, decode::overridden),
                vendor_error,
            )
        })
    }
}

/// A date-time in .NET's ticks of 100 ns, so that a value is written back unchanged.
fn time(time: DateTime<Utc>) -> Value {
    let nanos = time.to_rfc3339_opts(SecondsFormat::Nanos, true);
    let nanos = nanos.trim_end_matches('Z');
    let ticks = nanos.get(..nanos.len() - 2).unwrap_or(nanos);
    let short = ticks.trim_end_matches('0').trim_end_matches('.');
    format!("{short}Z").into()
}

fn encode(session: &ClientSession, version: ApiVersion) -> Value {
    let heartbeat = session.heartbeat.as_ref();
    let additional_data = session.additional_data.clone();
    object([
        ("Id", session.id.clone().map(Value::from)),
        ("Name", session.name.clone().map(Value::from)),
        (
            "Role",
            session
                .role
                .as_ref()
                .and_then(Role::number)
                .map(Value::from),
        ),
        (
            "Heartbeat",
            heartbeat.map(|heartbeat| encode_heartbeat(heartbeat, version)),
        ),
        (
            "AdditionalData",
            additional_data
                .filter(|_| version == ApiVersion::V1)
                .map(Value::from),
        ),
    ])
}

fn encode_heartbeat(heartbeat: &Heartbeat, version: ApiVersion) -> Value {
    let score = match version {
        ApiVersion::V1 => "FailoverScore",
        ApiVersion::V1Preview => "FailoverStatus",
    };
    object([
        ("HeartbeatTime", heartbeat.heartbeat_time.map(time)),
        (
            "LastDataProcessedTime",
            heartbeat.last_data_processed_time.map(time),
        ),
        (score, heartbeat.score.map(Value::from)),
    ])
}
