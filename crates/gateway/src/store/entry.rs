//! The rows of the audit, before they have a number.

use super::database::Fault;
use super::{Shown, StateChange};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The kind of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowKind {
    /// A change that is about to be sent.
    Intent,
    /// The result of a change.
    Outcome,
    /// An event without an intent.
    Event,
}

impl RowKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Event => "event",
        }
    }
}

/// The content of a row. Empty fields are not stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// The id of the request, which the response carries too.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) request: String,
    /// The user's name; `-` without a sign-in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) who: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) role: String,
    /// The client's address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) from: String,
    /// The connection's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) connection: String,
    /// The name of the operation in the vendor's API, or of another action.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) what: String,
    /// The method and the vendor's own path with its query, encoded.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) sent: String,
    /// The exact body of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    /// The state at the vendor before the change, if the gateway has read it: known fields as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
    /// The name of the target, if it is not a vendor's resource: a wall.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) resource: String,
    /// One of the outcomes in `docs/deploying.md`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) outcome: String,
    /// The reason of a refusal: the problem's type.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) why: String,
    /// The status of the vendor's response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// The vendor's id of the operation, which is also in the vendor's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation_id: Option<String>,
    /// The host name of the gateway that recorded it, if several share a store.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) gateway: String,
    /// How the activity shows it; not part of the record.
    #[serde(skip)]
    pub(crate) shown: Shown,
}

impl Entry {
    /// An entry for the number of records that were dropped.
    pub(crate) fn left_out(number: u64, of: &str) -> Self {
        Self {
            what: format!("{number} {of} left out"),
            ..Self::default()
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct NewRow {
    pub(super) kind: RowKind,
    /// The number of the intent whose outcome this is.
    pub(super) of: Option<i64>,
    pub(super) entry: Entry,
    /// The change that is saved together with the row.
    pub(super) change: Option<StateChange>,
    /// When an event without a waiting caller happened: it may be written later.
    pub(super) happened_at: Option<DateTime<Utc>>,
}

impl NewRow {
    /// The time of the row in the record.
    pub(super) fn at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.happened_at.unwrap_or(now)
    }

    /// Whether the row may be written only while its caller waits, because what it announces or changes happens only
    /// then.
    pub(super) fn needs_someone_waiting(&self) -> bool {
        self.kind == RowKind::Intent || self.change.is_some()
    }

    /// The entry as JSON.
    pub(super) fn text(&self) -> Result<String, Fault> {
        serde_json::to_string(&self.entry).map_err(|error| format!("cannot be used: {error}"))
    }
}
