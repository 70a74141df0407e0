//! Where messages about alarms go, and whether they arrived.

use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use serde::Serialize;
use vendors::from_json;

/// `GET /api/alert-targets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertTargets {
    /// The gateway's time.
    #[serde(with = "ts_milliseconds")]
    pub now: DateTime<Utc>,
    /// How many rules there are.
    pub rules: usize,
    /// In the order of the configuration.
    pub targets: Vec<AlertTargetState>,
}

from_json! { struct AlertTargets { now, rules or default, targets } }

/// One target, and what became of the messages to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertTargetState {
    /// Its id.
    pub id: String,
    /// `webhook`, `slack`, `teams` or `mail`.
    pub kind: String,
    /// When a message last arrived.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub delivered_at: Option<DateTime<Utc>>,
    /// When an attempt last failed.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub failed_at: Option<DateTime<Utc>>,
    /// Why it failed, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How many messages wait to be sent, or to be sent again.
    pub waiting: usize,
    /// Messages that were given up in the last week, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undelivered: Vec<UndeliveredAlert>,
}

from_json! { struct AlertTargetState {
    id, kind, delivered_at, failed_at, failure, waiting or default, undelivered or default,
} }

impl AlertTargetState {
    /// Whether the last attempt failed: nothing has arrived since.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failed_at > self.delivered_at
    }
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UndeliveredAlert {
    /// When it was made.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// The name of what it was about.
    pub name: String,
    /// Why it was given up, in one line.
    pub failure: String,
}

from_json! { struct UndeliveredAlert { at, name, failure or default } }
