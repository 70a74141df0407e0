//! The connections, and how far what was read of them can be believed.

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
    /// Which, and how its API is spoken.
    #[serde(flatten)]
    pub connection: Connection,
    /// What a page about one of its resources reads first, as paths and queries below the connection's relay;
    /// [`Configured::ID`] stands for the resource's id, encoded as a part of a path.
    pub reads: Vec<String>,
}

impl Configured {
    /// What stands for an id.
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
    /// Which, and how its API is spoken.
    #[serde(flatten)]
    pub connection: Connection,
    /// Since when a gateway of this store watches it; what was before nobody saw. `None` where that is not known.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub watched_since: Option<DateTime<Utc>>,
    /// When the last complete reading began; `None` when there was none.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub observed_at: Option<DateTime<Utc>>,
    /// The time from one complete reading to the next, in milliseconds: the configured interval, or what
    /// a reading takes where that is longer.
    pub interval_ms: u64,
    /// When it is read next; `None` while it is being read.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub next_at: Option<DateTime<Utc>>,
    /// Why it could not be read since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<ReadFailure>,
    /// What went wrong last, whether or not it works again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// How far the vendor's clock is ahead of the gateway's, in milliseconds.
    pub vendor_ahead_ms: i64,
    /// How many resources it holds.
    pub held: usize,
    /// Whether something is in transition, so that reading more often is worth it.
    pub in_transition: bool,
    /// What is left out of what the system holds: by a limit of the gateway, or because it could not be read. In
    /// sentences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// All fields in one object.
impl FromJson for ConnectionState {
    fn from_json(value: &Value, error: &mut FirstError) -> Self {
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

/// What went wrong last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LastError {
    /// When.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// What, in one line.
    pub line: String,
}

from_json! { struct LastError { at, line } }

/// Why the gateway could not read a connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadFailure {
    /// The gateway could not reach it, or could not use it.
    Problem(Problem),
    /// The vendor refused.
    Vendor(Box<VendorError>),
    /// The answer is not the vendor's contract.
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
    fn a_state_is_read_as_it_is_written() {
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
    fn what_is_not_told_of_a_connection_is_as_it_is_by_default() {
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
