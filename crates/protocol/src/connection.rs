//! The connections and the state of their readings.

use crate::Problem;
use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use serde::Serialize;
use vendors::Connection;
use vendors::call::{Unreadable, VendorError};
use vendors::from_json::{Fields, FirstError, FromJson, Value};
use vendors::{deserialize_from_json, from_json};

/// `GET /api/connections`: the configured systems, without secrets, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Connections {
    /// The systems.
    pub connections: Vec<Configured>,
}

/// A configured system.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Configured {
    /// The connection's id, title and API.
    #[serde(flatten)]
    pub connection: Connection,
    /// The first requests of a page about one resource, as paths and queries below the connection's relay.
    /// [`Configured::ID`] is the placeholder for the resource's id, which is percent-encoded.
    pub reads: Vec<String>,
}

impl Configured {
    /// The placeholder for a resource's id.
    pub const ID: &str = "RESOURCE-ID";
}

impl From<Connection> for Configured {
    fn from(connection: Connection) -> Self {
        let reads = connection.system.reads_of(Self::ID);
        Self {
            reads: reads.iter().map(vendors::call::Request::target).collect(),
            connection,
        }
    }
}

/// A connection as the gateway watches it. Times are by the gateway's clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionState {
    /// The connection's id, title and API.
    #[serde(flatten)]
    pub connection: Connection,
    /// Start of the current watch by a gateway of this store; nothing was observed before. `None` if it is not known.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub watched_since: Option<DateTime<Utc>>,
    /// Start of the last complete reading; `None` if there has been none.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub observed_at: Option<DateTime<Utc>>,
    /// The expected time between complete readings in milliseconds: the interval, or a reading's duration if longer.
    pub interval_ms: u64,
    /// Time of the next reading; `None` while one is under way.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub next_at: Option<DateTime<Utc>>,
    /// The failure since the last complete reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<ReadFailure>,
    /// The last error, even if the connection has recovered since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// The vendor's clock minus the gateway's, in milliseconds.
    pub vendor_ahead_ms: i64,
    /// Number of its resources.
    pub held: usize,
    /// Whether a resource is in transition, so that it is read more often.
    pub in_transition: bool,
    /// Resources that are missing because of a limit of the gateway or because they could not be read, in sentences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// Reads the fields of the connection from the same object.
impl FromJson for ConnectionState {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        let connection = FromJson::from_json(value, error);
        let mut fields = Fields::of(value, error);
        Self {
            connection,
            watched_since: fields.read("watched_since"),
            observed_at: fields.read("observed_at"),
            interval_ms: fields.read("interval_ms"),
            next_at: fields.read("next_at"),
            failure: fields.read("failure"),
            last_error: fields.read("last_error"),
            vendor_ahead_ms: fields.read_or_default("vendor_ahead_ms"),
            held: fields.read_or_default("held"),
            in_transition: fields.read_or_default("in_transition"),
            limit: fields.read("limit"),
        }
    }
}

/// The last error of a connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LastError {
    /// Time of the error.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// The error, in one line.
    pub line: String,
}

from_json! { struct LastError { at, line } }

/// The reason why the gateway could not read a connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadFailure {
    /// The gateway could not reach or use it.
    Problem(Problem),
    /// The vendor returned an error.
    Vendor(Box<VendorError>),
    /// The response does not follow the vendor's contract.
    Unreadable(Unreadable),
}

from_json! { enum ReadFailure { Problem(_) = "problem", Vendor(_) = "vendor", Unreadable(_) = "unreadable" } }

deserialize_from_json!(ConnectionState);

#[cfg(test)]
mod tests {
    use super::*;
    use vendors::System;
    use vendors::aveva::{ApiVersion, Base};
    use vendors::veeam::MediaType;

    fn at(seconds: i64) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(1_795_271_528 + seconds, 0)
    }

    #[test]
    fn a_state_survives_a_json_round_trip() {
        let aveva = System::Aveva(Base {
            tenant: Some("t".to_owned()),
            namespace: Some("n".to_owned()),
            groups_version: ApiVersion::V1Preview,
            sessions_version: ApiVersion::V1,
        });
        let veeam = System::Veeam {
            accept: MediaType::Xml,
            recent_hours: 7,
        };
        let failure = ReadFailure::Problem(Problem {
            kind: "/problems/unreachable".to_owned(),
            ..Problem::default()
        });
        for system in [aveva, System::Uplynk, veeam] {
            let state = ConnectionState {
                connection: Connection {
                    id: "plant-a".to_owned(),
                    title: "Plant A".to_owned(),
                    system,
                },
                watched_since: at(-9),
                observed_at: at(0),
                interval_ms: 5_000,
                next_at: at(5),
                failure: Some(failure.clone()),
                last_error: at(1).map(|at| LastError {
                    at,
                    line: "it refused the connection".to_owned(),
                }),
                vendor_ahead_ms: -3,
                held: 9,
                in_transition: true,
                limit: Some("2 groups are left out".to_owned()),
            };
            let json = serde_json::to_string(&state).expect("an object");
            let read: ConnectionState = serde_json::from_str(&json).expect("the same");
            assert_eq!(read, state);
        }
    }

    #[test]
    fn missing_fields_of_a_connection_have_defaults() {
        let json = r#"{"id":"em","title":"EM","system":"veeam","interval_ms":1}"#;
        let read: ConnectionState = serde_json::from_str(json).expect("a state");
        let expected = ConnectionState {
            connection: Connection {
                id: "em".to_owned(),
                title: "EM".to_owned(),
                system: System::veeam(MediaType::Json),
            },
            watched_since: None,
            observed_at: None,
            interval_ms: 1,
            next_at: None,
            failure: None,
            last_error: None,
            vendor_ahead_ms: 0,
            held: 0,
            in_transition: false,
            limit: None,
        };
        assert_eq!(read, expected);
        for incomplete in [
            r#"{"id":"em","title":"EM","interval_ms":1}"#,
            r#"{"id":"em","title":"EM","system":"other","interval_ms":1}"#,
        ] {
            assert!(serde_json::from_str::<ConnectionState>(incomplete).is_err());
        }
    }
}
