//! The connections, and how far what was read of them can be believed.

use crate::Problem;
use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vendors::aveva::{ApiVersion, Base};
use vendors::call::{Unreadable, VendorError};
use vendors::connection::recent_hours;
use vendors::veeam::MediaType;
use vendors::{Connection, System, SystemKind};

/// `GET /api/connections`: the configured systems, without secrets, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connections {
    /// The systems.
    pub connections: Vec<Connection>,
}

/// A connection as the gateway watches it. Times are by the gateway's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "ReadState")]
pub struct ConnectionState {
    /// Which, and how its API is spoken.
    #[serde(flatten)]
    pub connection: Connection,
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

/// What a [`ConnectionState`] is read from: all fields in one, because `flatten` would copy each first, and be 4 kB of the
/// console.
#[derive(Deserialize)]
struct ReadState {
    id: String,
    title: String,
    system: SystemKind,
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    groups_version: ApiVersion,
    #[serde(default)]
    sessions_version: ApiVersion,
    #[serde(default)]
    accept: MediaType,
    #[serde(default = "recent_hours")]
    recent_hours: u16,
    #[serde(default, with = "ts_milliseconds_option")]
    observed_at: Option<DateTime<Utc>>,
    interval_ms: u64,
    #[serde(default, with = "ts_milliseconds_option")]
    next_at: Option<DateTime<Utc>>,
    #[serde(default)]
    failure: Option<ReadFailure>,
    #[serde(default)]
    last_error: Option<LastError>,
    #[serde(default)]
    vendor_ahead_ms: i64,
    #[serde(default)]
    held: usize,
    #[serde(default)]
    in_transition: bool,
    #[serde(default)]
    limit: Option<String>,
}

impl From<ReadState> for ConnectionState {
    fn from(read: ReadState) -> Self {
        let system = match read.system {
            SystemKind::Aveva => System::Aveva(Base {
                tenant: read.tenant,
                namespace: read.namespace,
                groups_version: read.groups_version,
                sessions_version: read.sessions_version,
            }),
            SystemKind::Uplynk => System::Uplynk,
            SystemKind::Veeam => System::Veeam {
                accept: read.accept,
                recent_hours: read.recent_hours,
            },
        };
        Self {
            connection: Connection {
                id: read.id,
                title: read.title,
                system,
            },
            observed_at: read.observed_at,
            interval_ms: read.interval_ms,
            next_at: read.next_at,
            failure: read.failure,
            last_error: read.last_error,
            vendor_ahead_ms: read.vendor_ahead_ms,
            held: read.held,
            in_transition: read.in_transition,
            limit: read.limit,
        }
    }
}

/// What went wrong last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastError {
    /// When.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// What, in one line.
    pub line: String,
}

/// Why the gateway could not read a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadFailure {
    /// The gateway could not reach it, or could not use it.
    Problem(Problem),
    /// The vendor refused.
    Vendor(Box<VendorError>),
    /// The answer is not the vendor's contract.
    Unreadable(Unreadable),
}
