//! The targets of alerts and the delivery of their messages.

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
    /// Number of rules.
    pub rules: usize,
    /// The targets, in the order of the configuration.
    pub targets: Vec<AlertTargetState>,
}

from_json! { struct AlertTargets { now, rules or default, targets } }

/// The delivery state of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertTargetState {
    /// The target's id.
    pub id: String,
    /// `webhook`, `slack`, `teams` or `mail`.
    pub kind: String,
    /// Time of the last successful delivery.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub delivered_at: Option<DateTime<Utc>>,
    /// Time of the last failed attempt.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub failed_at: Option<DateTime<Utc>>,
    /// The failure of that attempt, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Number of messages that wait for their first or next attempt.
    pub waiting: usize,
    /// Messages that were given up in the last week, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undelivered: Vec<UndeliveredAlert>,
}

from_json! { struct AlertTargetState {
    id, kind, delivered_at, failed_at, failure, waiting or default, undelivered or default,
} }

impl AlertTargetState {
    /// Whether the last attempt failed.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failed_at > self.delivered_at
    }
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UndeliveredAlert {
    /// Time of its creation.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// The name of the resource that it was about.
    pub name: String,
    /// The last failure, in one line.
    pub failure: String,
}

from_json! { struct UndeliveredAlert { at, name, failure or default } }
