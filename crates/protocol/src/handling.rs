//! What people do about alarms: acknowledging one, and maintenance.

use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use health::Severity;
use health::alarms::{Maintenance, Scope};
use serde::{Deserialize, Serialize};
use vendors::from_json;

/// `POST /api/alarms/{id}/acknowledgement`: somebody takes care of an alarm. Answered with the acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAcknowledgement {
    /// Why, in that person's words.
    pub reason: String,
    /// Until when, in milliseconds since 1970; until the alarm ends where there is none.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub until: Option<DateTime<Utc>>,
    /// What the person saw, where that is to be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenAlarm>,
}

/// An alarm as a person saw it who decided to take care of it. Where it is worse by now, or somebody else has acknowledged
/// it, nothing is recorded, and the answer is `/problems/changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenAlarm {
    /// How bad it was.
    pub severity: Severity,
    /// Its word: a critical alarm with another one is worse. Empty where that is not to be compared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub word: String,
    /// When it had been acknowledged, in milliseconds since 1970; none where it had not been.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// `POST /api/alarms/{id}/notes`: somebody writes something about an alarm. Answered with the note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// What, in that person's words.
    pub text: String,
}

/// `POST /api/maintenance`: somebody works on something from now on, or later. Answered with the maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMaintenance {
    /// What it concerns.
    pub scope: Scope,
    /// From when on, in milliseconds since 1970; from now on where there is none.
    #[serde(
        default,
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub from: Option<DateTime<Utc>>,
    /// Until when, in milliseconds since 1970.
    #[serde(with = "ts_milliseconds")]
    pub until: DateTime<Utc>,
    /// What is done, in that person's words.
    pub reason: String,
}

/// `GET /api/maintenance`: what is under way or planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaintenanceList {
    /// The gateway's time.
    #[serde(with = "ts_milliseconds")]
    pub now: DateTime<Utc>,
    /// The earliest first.
    pub maintenance: Vec<Maintenance>,
}

from_json! { struct MaintenanceList { now, maintenance } }
