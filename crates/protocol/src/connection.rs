//! The connections, and how far what was read of them can be believed.

use crate::Problem;
use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vendors::call::{Unreadable, VendorError};

/// `GET /api/connections`: the configured systems, without secrets, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connections {
    /// The systems.
    pub connections: Vec<vendors::Connection>,
}

/// A connection as the gateway watches it. Times are by the gateway's clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionState {
    /// Which, and how its API is spoken.
    #[serde(flatten)]
    pub connection: vendors::Connection,
    /// When the last complete reading began; `None` when there was none.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub observed_at: Option<DateTime<Utc>>,
    /// The time from one complete reading to the next, in milliseconds: the configured interval, or what
    /// a reading takes where that is longer.
    pub interval_ms: u64,
    /// When it is read next; `None` while it is being read.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub next_at: Option<DateTime<Utc>>,
    /// Why it could not be read since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ReadFailure>,
    /// What went wrong last, whether or not it works again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// How far the vendor's clock is ahead of the gateway's, in milliseconds.
    #[serde(default)]
    pub vendor_ahead_ms: i64,
    /// How many resources it holds.
    #[serde(default)]
    pub held: usize,
    /// Whether something is in transition, so that reading more often is worth it.
    #[serde(default)]
    pub in_transition: bool,
    /// What is left out of what the system holds: by a limit of the gateway, or because it could not be read. In
    /// sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
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
