//! What people did and what the gateway saw change, in one list.

use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use chrono::{DateTime, Utc};
use health::Severity;
use health::events::EventKind;
use health::inventory::ResourceKey;
use serde::Serialize;
use vendors::from_json::{FirstError, FromJson, Value};
use vendors::{deserialize_from_json, from_json};

/// `GET /api/activity`: the newest entries that the parameters `system`, `connection`, `resource`, `kind`,
/// `severity`, `person`, `from` and `to` leave, newest first; with `before`, those older than an earlier answer's.
/// `kind` may be several, separated by commas; times are in RFC 3339; `limit` is how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// The gateway's time.
    #[serde(with = "ts_milliseconds")]
    pub now: DateTime<Utc>,
    /// Newest first.
    pub entries: Vec<ActivityEntry>,
    /// What to give as `before` for the older ones; `None` where there are none. Opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older: Option<String>,
    /// Entries before this moment that tell who led, or when nobody could see it, may have been deleted. `None` where that
    /// is not known.
    #[serde(
        with = "ts_milliseconds_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub complete_since: Option<DateTime<Utc>>,
}

from_json! { struct Activity { now, entries, older, complete_since } }

/// What kind of entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum ActivityKind {
    /// A change that somebody made at a vendor's system through the gateway.
    Change,
    /// What somebody does about alarms: an acknowledgement, maintenance.
    Handling,
    /// A sign-in or its end, a refusal, a wall that was paired or revoked. Only for admins.
    Access,
    /// What the gateway saw.
    Seen(EventKind),
}

impl FromJson for ActivityKind {
    fn from_json(value: &Value, error: &mut FirstError) -> Self {
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
            .ok_or("no kind of entry that is known")
    }
}

impl ActivityKind {
    /// One lower-case word, as the wire and addresses know it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Handling => "handling",
            Self::Access => "access",
            Self::Seen(kind) => kind.key(),
        }
    }

    /// Every kind, in the order in which people choose from them.
    pub fn all() -> impl Iterator<Item = Self> {
        let seen = EventKind::ALL.into_iter().map(Self::Seen);
        [Self::Change, Self::Handling]
            .into_iter()
            .chain(seen)
            .chain([Self::Access])
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActivityEntry {
    /// Its number. A change keeps its number when its outcome is known.
    pub number: i64,
    /// When, by the gateway's clock.
    #[serde(with = "ts_milliseconds")]
    pub at: DateTime<Utc>,
    /// What kind.
    pub kind: ActivityKind,
    /// How bad.
    pub severity: Severity,
    /// What, in a sentence or a few words.
    pub what: String,
    /// What it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceKey>,
    /// The name of what it concerns, where it is known.
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
    /// What became of a change or a sign-in: `done`, `refused by the vendor`, `not sent`, `unknown`, …; `under way`
    /// for a change without an outcome yet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// Why it was refused, in the word of the problem's type.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What was there before, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What is there now, or what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The id of the request, to find it in the log and in the audit.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// The vendor's id of the operation.
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
    fn kinds_are_one_word_on_the_wire() {
        assert_eq!(ActivityKind::all().count(), 15);
        for kind in ActivityKind::all() {
            let json = serde_json::to_string(&kind).expect("a word");
            assert_eq!(json, format!("\"{}\"", kind.key()));
            let read: ActivityKind = vendors::from_json::read(json.as_bytes()).expect("the same");
            assert_eq!(read, kind);
        }
    }
}
