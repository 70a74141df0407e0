//! The rows of the audit: what they say, before they have a number.

use super::database::Fault;
use super::{Shown, StateChange};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowKind {
    /// A change that is about to be sent.
    Intent,
    /// What became of it.
    Outcome,
    /// Something that has happened and needs no intent.
    Event,
}

impl RowKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Outcome => "outcome",
            Self::Event => "event",
        }
    }
}

/// What a row says. Absent fields are left out of what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// The id of the request, which its answer holds too.
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
    /// The contract's name of the operation, or what else was done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) what: String,
    /// The method and the vendor's own path with its query, encoded.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) sent: String,
    /// The body that is sent, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    /// What the vendor held before, where the gateway has read it: known fields as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
    /// What it was done to, where that is nothing of a vendor's: the name of a wall.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) resource: String,
    /// In one of the words of `docs/deploying.md`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) outcome: String,
    /// Why it was refused, in the word of the problem's type.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) why: String,
    /// The status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// The vendor's id of the operation, which the vendor's log holds too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation_id: Option<String>,
    /// The name of the computer whose gateway recorded it, where several share a store.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) gateway: String,
    /// How the activity shows it; no part of the record.
    #[serde(skip)]
    pub(crate) shown: Shown,
}

impl Entry {
    /// Says how many of something are not recorded.
    pub(crate) fn left_out(number: u64, of: &str) -> Self {
        Self {
            what: format!("{number} {of} left out"),
            ..Self::default()
        }
    }
}

/// A row that is to be written.
#[derive(Debug, Clone)]
pub(super) struct NewRow {
    pub(super) kind: RowKind,
    /// The number of the intent that this is the outcome of.
    pub(super) of: Option<i64>,
    pub(super) entry: Entry,
    /// What is saved with it.
    pub(super) change: Option<StateChange>,
    /// When it happened, of what has happened already and nobody waits for: it is written later where it cannot be now.
    pub(super) happened_at: Option<DateTime<Utc>>,
}

impl NewRow {
    /// The time that it has in the record.
    pub(super) fn at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.happened_at.unwrap_or(now)
    }

    /// Whether it is written only for somebody who waits for it: what it announces or changes happens only then.
    pub(super) fn needs_someone_waiting(&self) -> bool {
        self.kind == RowKind::Intent || self.change.is_some()
    }

    /// The entry as it is stored.
    pub(super) fn text(&self) -> Result<String, Fault> {
        serde_json::to_string(&self.entry).map_err(|error| format!("cannot be used: {error}"))
    }
}
