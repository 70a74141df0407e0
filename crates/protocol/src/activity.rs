//! The activity: people's actions and the changes that the gateway observed, in one list.

use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use health::Severity;
use health::events::EventKind;
use health::inventory::ResourceKey;
use serde::Serialize;
use vendors::from_json::{FirstError, FromJson, Value};
use vendors::{deserialize_from_json, from_json};

/// The URL parameters that select entries: of `GET /api/activity`, which also takes `limit` and `before`, and of the
/// console's page "Activity".
pub const ACTIVITY_FILTERS: [&str; 8] = [
    "system",
    "connection",
    "resource",
    "kind",
    "severity",
    "person",
    "from",
    "to",
];

/// `GET /api/activity`: the newest entries, newest first, filtered by `system`, `connection`, `resource`, `kind`
/// (several separated by commas), `severity`, `person`, `from` and `to` (RFC 3339). `limit` is the maximum number;
/// `before` continues an earlier response with older entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// The gateway's time.
    #[serde(with = "ts_milliseconds")]
    pub now: DateTime<Utc>,
    /// The entries, newest first.
    pub entries: Vec<ActivityEntry>,
    /// The opaque value of `before` for older entries; `None` if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
    /// Entries about leaders and unobserved intervals before this time may have been deleted. `None` if not known.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub complete_since: Option<DateTime<Utc>>,
}

from_json! { struct Activity { now, entries, older, complete_since } }

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum ActivityKind {
    /// A change of a vendor's system through the gateway.
    Change,
    /// The handling of alarms: an acknowledgement, maintenance.
    Handling,
    /// A sign-in or sign-out, a rejected request, a wall that was paired or revoked. Only for admins.
    Access,
    /// An event that the gateway observed.
    Event(EventKind),
}

impl FromJson for ActivityKind {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
        let known = Self::all().find(|kind| value.as_str() == Some(kind.key()));
        known.unwrap_or_else(|| {
            error.note(value, "a kind of entry");
            Self::Change
        })
    }
}

impl From<ActivityKind> for &'static str {
    fn from(kind: ActivityKind) -> Self {
        kind.key()
    }
}

impl TryFrom<String> for ActivityKind {
    type Error = &'static str;

    fn try_from(key: String) -> Result<Self, Self::Error> {
        let mut all = Self::all();
        all.find(|kind| kind.key() == key)
            .ok_or("unknown kind of entry")
    }
}

impl ActivityKind {
    /// The key in JSON and in URLs.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Handling => "handling",
            Self::Access => "access",
            Self::Event(kind) => kind.key(),
        }
    }

    /// Every kind, in the order of the filter's choices.
    pub fn all() -> impl Iterator<Item = Self> {
        let events = EventKind::ALL.into_iter().map(Self::Event);
        [Self::Change, Self::Handling]
            .into_iter()
            .chain(events)
            .chain([Self::Access])
    }
}

/// An entry of the activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActivityEntry {
    /// The entry's number. A change keeps its number when its outcome is added.
    pub number: i64,
    /// Time, by the gateway's clock.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// The kind of entry.
    pub kind: ActivityKind,
    /// The severity.
    pub severity: Severity,
    /// The action or event, in a sentence or a few words.
    pub what: String,
    /// The resource that it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceKey>,
    /// The name of the resource, if it is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The connection's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub connection: String,
    /// The user's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// The client's address. Only for admins.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// The outcome of a change or a sign-in: `done`, `refused by the vendor`, `not sent`, `unknown`, …; `under way`
    /// for a change without an outcome yet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// The reason of a refusal: the last segment of the problem's type.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The value before, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The value after, or the requested value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The request id, for a search in the log and the audit.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// The vendor's operation id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

from_json! { struct ActivityEntry {
    number or default, at, kind, severity, what, resource, name or default, connection or default,
    who or default, from or default, outcome or default, why or default, before, after, request or default,
    operation_id,
} }

deserialize_from_json!(ActivityEntry);

#[cfg(test)]
mod tests {
    use super::ActivityKind;

    #[test]
    fn kinds_survive_a_json_round_trip() {
        assert_eq!(ActivityKind::all().count(), 15);
        for kind in ActivityKind::all() {
            let json = serde_json::to_string(&kind).expect("a word");
            assert_eq!(json, format!("\"{}\"", kind.key()));
            let read: ActivityKind = vendors::from_json::read(json.as_bytes()).expect("the same");
            assert_eq!(read, kind);
        }
    }
}
