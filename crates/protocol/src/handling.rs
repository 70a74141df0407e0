//! Requests that handle alarms: acknowledgements, notes and maintenance.

use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::{Maintenance, Scope};
use serde::{Deserialize, Serialize};
use vendors::from_json;

/// `POST /api/alarms/{id}/acknowledgement`: acknowledges an alarm. The response is the acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAcknowledgement {
    /// The reason.
    pub reason: String,
    /// When it expires, in milliseconds since 1970. Without a time it lasts until the alarm ends.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub until: Option<DateTime<Utc>>,
    /// The alarm as the user saw it, for a check against its current state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenAlarm>,
}

/// An alarm as the user saw it. If it has become worse or somebody else has acknowledged it since, nothing is recorded
/// and the response is `/problems/changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenAlarm {
    /// Its severity.
    pub severity: Severity,
    /// Its word; a critical alarm with a different word counts as worse. Empty for no comparison.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub word: String,
    /// Time of its acknowledgement in milliseconds since 1970, if it had one.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// `POST /api/alarms/{id}/notes`: adds a note to an alarm. The response is the note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// The text.
    pub text: String,
}

/// `POST /api/maintenance`: creates a maintenance window. The response is the maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMaintenance {
    /// The resources that it covers.
    pub scope: Scope,
    /// Start, in milliseconds since 1970; without it, now.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub from: Option<DateTime<Utc>>,
    /// End, in milliseconds since 1970.
    #[serde(with = "ts_milliseconds")]
    pub until: DateTime<Utc>,
    /// The reason.
    pub reason: String,
}

/// `GET /api/maintenance`: the active and planned maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaintenanceList {
    /// The gateway's time.
    #[serde(with = "ts_milliseconds")]
    pub now: DateTime<Utc>,
    /// The maintenance windows, earliest first.
    pub maintenance: Vec<Maintenance>,
}

from_json! { struct MaintenanceList { now, maintenance } }
