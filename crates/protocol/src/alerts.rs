//! Where messages about alarms go, and whether they arrived.

use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// `GET /api/alert-targets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTargets {
    /// The gateway's time.
    #[serde(with = "ts_milliseconds")]
    pub now: DateTime<Utc>,
    /// How many rules there are.
    #[serde(default)]
    pub rules: usize,
    /// In the order of the configuration.
    pub targets: Vec<AlertTargetState>,
}

/// One target, and what became of the messages to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTargetState {
    /// Its id.
    pub id: String,
    /// `webhook`, `slack`, `teams` or `mail`.
    pub kind: String,
    /// When a message last arrived.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub delivered_at: Option<DateTime<Utc>>,
    /// When an attempt last failed.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub failed_at: Option<DateTime<Utc>>,
    /// Why it failed, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How many messages wait to be sent, or to be sent again.
    #[serde(default)]
    pub waiting: usize,
    /// Messages that were given up in the last week, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undelivered: Vec<UndeliveredAlert>,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndeliveredAlert {
    /// When it was made.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// The name of what it was about.
    pub name: String,
    /// Why it was given up, in one line.
    #[serde(default)]
    pub failure: String,
}
