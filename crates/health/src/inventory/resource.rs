//! A resource: one thing that a vendor's system holds and that this product judges.

use super::facts::Facts;
use crate::freshness::{Freshness, as_fresh_until, freshness};
use crate::severity::Severity;
use crate::slicers::on_air_word;
use crate::verdict::Verdict;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::borrow::Cow;
use vendors::from_json::{Fields, FirstError, FromJson, Value};
use vendors::{System, UnreadableField, deserialize_from_json, from_json};

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A connection to a vendor's system. Its id is the connection's own.
    Connection,
    /// An AVEVA failover group.
    FailoverGroup,
    /// An Uplynk slicer failover group.
    SlicerGroup,
    /// A Veeam cloud failover session.
    FailoverSession,
}

from_json! { enum Kind {
    Connection = "connection", FailoverGroup = "failover_group", SlicerGroup = "slicer_group",
    FailoverSession = "failover_session",
} }

impl Kind {
    /// What a connection to this system holds.
    #[must_use]
    pub fn held_by(system: &System) -> Self {
        match system {
            System::Aveva(_) => Self::FailoverGroup,
            System::Uplynk => Self::SlicerGroup,
            System::Veeam { .. } => Self::FailoverSession,
        }
    }

    /// What it is called, in the plural.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Connection => "connections",
            Self::FailoverGroup => "groups",
            Self::SlicerGroup => "slicer groups",
            Self::FailoverSession => "recent sessions",
        }
    }

    /// One lower-case word, as the wire and the metrics know it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::FailoverGroup => "failover_group",
            Self::SlicerGroup => "slicer_group",
            Self::FailoverSession => "failover_session",
        }
    }
}

/// What a resource is known by among all resources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ResourceKey {
    /// What it is.
    pub kind: Kind,
    /// The connection through which it was read.
    pub connection: String,
    /// The vendor's id of it.
    pub id: String,
}

from_json! { struct ResourceKey { kind, connection, id } }

impl ResourceKey {
    /// The key of a connection itself.
    #[must_use]
    pub fn of_connection(connection: &str) -> Self {
        Self {
            kind: Kind::Connection,
            connection: connection.to_owned(),
            id: connection.to_owned(),
        }
    }

    /// Whether both are one resource. Another connection may come to represent the same run of a plan, whose GUID is
    /// unique.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let is_shared = self.kind == Kind::FailoverSession;
        (self.kind, &self.id) == (other.kind, &other.id)
            && (is_shared || self.connection == other.connection)
    }
}

/// When a resource was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// With the last complete reading of its connection, or after it.
    #[default]
    WithConnection,
    /// Before the last complete reading of its connection, by the gateway's clock: it could not be read
    /// since.
    At(#[serde(with = "ts_milliseconds")] DateTime<Utc>),
    /// Never.
    Never,
}

from_json! { enum Observed { WithConnection = "with_connection", At(_) = "at", Never = "never" } }

impl Observed {
    pub(super) fn is_with_connection(&self) -> bool {
        *self == Self::WithConnection
    }

    /// The moment by the gateway's clock, given when the connection was last read as a whole.
    #[must_use]
    pub fn at(self, connection: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        match self {
            Self::WithConnection => connection,
            Self::At(at) => Some(at),
            Self::Never => None,
        }
    }
}

/// One resource as it was last read and judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resource {
    /// What it is known by.
    #[serde(flatten)]
    pub key: ResourceKey,
    /// Its name, or its id where it has none.
    pub name: String,
    /// The judgement when it was last read.
    pub verdict: Verdict,
    /// When it was last read.
    #[serde(skip_serializing_if = "Observed::is_with_connection")]
    pub observed: Observed,
    /// Why it could not be read since, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What of it could not be read, of its parts too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
    /// Further connections through which the same resource is seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_on: Vec<String>,
    /// What lists and tiles show of it.
    pub facts: Facts,
}

/// All fields in one object.
impl FromJson for Resource {
    fn from_json(value: &Value, error: &mut FirstError) -> Self {
        let key = FromJson::from_json(value, error);
        let mut fields = Fields::of(value, error);
        Self {
            key,
            name: fields.read("name"),
            verdict: fields.read("verdict"),
            observed: fields.read_or_default("observed"),
            failure: fields.read("failure"),
            unreadable: fields.read_or_default("unreadable"),
            also_on: fields.read_or_default("also_on"),
            facts: fields.read_or_default("facts"),
        }
    }
}

/// The effective state of a resource at one moment: how it counts, and what is written beside its name. **The one rule
/// of stale:** what was critical or warning when it was last seen stays what it was, marked as last known;
/// everything else that is stale is unknown. Neither ever counts as healthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveState {
    /// How it counts.
    pub severity: Severity,
    /// The state in words.
    pub word: Cow<'static, str>,
    /// The state in words when it was last known, where it is known no longer.
    pub last_known: Option<Cow<'static, str>>,
}

/// Whether a state that was critical or warning is kept when its source falls silent.
#[must_use]
pub fn outlasts_silence(severity: Severity) -> bool {
    matches!(severity, Severity::Critical | Severity::Warning)
}

fn counted(severity: Severity, is_current: bool) -> Severity {
    if is_current || outlasts_silence(severity) {
        severity
    } else {
        Severity::Unknown
    }
}

impl EffectiveState {
    /// How a verdict counts, and the words for it, while what it was made from is this fresh.
    #[must_use]
    pub fn of(verdict: &Verdict, freshness: Freshness) -> Self {
        Self::when(verdict, freshness.is_believable())
    }

    fn when(verdict: &Verdict, is_current: bool) -> Self {
        let Verdict { severity, word, .. } = verdict;
        let keeps = is_current || outlasts_silence(*severity);
        Self {
            severity: counted(*severity, is_current),
            word: if keeps {
                word.clone()
            } else {
                "Unknown".into()
            },
            last_known: (!is_current).then(|| word.clone()),
        }
    }
}

impl Resource {
    /// A resource that was read whole with its connection.
    pub(crate) fn new(key: ResourceKey, name: String, verdict: Verdict, facts: Facts) -> Self {
        Self {
            key,
            name,
            verdict,
            observed: Observed::WithConnection,
            failure: None,
            unreadable: Vec::new(),
            also_on: Vec::new(),
            facts,
        }
    }

    /// Who leads it: the primary's session id, or what is on air. `None` where that is not known.
    #[must_use]
    pub fn leader(&self) -> Option<&str> {
        match &self.facts {
            Facts::FailoverGroup(group) => group.primary.as_deref(),
            Facts::SlicerGroup(group) => group.on_air.as_ref().map(on_air_word),
            Facts::None | Facts::FailoverSession(_) => None,
        }
    }

    /// When it last failed over, by the vendor's clock and where the vendor says so.
    #[must_use]
    pub fn last_failover(&self) -> Option<DateTime<Utc>> {
        match &self.facts {
            Facts::SlicerGroup(group) => group.last_failover,
            Facts::None | Facts::FailoverGroup(_) | Facts::FailoverSession(_) => None,
        }
    }

    /// When it was last read, by the gateway's clock, given when its connection was last read as a whole.
    #[must_use]
    pub fn observed_at(&self, connection: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        self.observed.at(connection)
    }

    /// When its state became unknown: at its last reading, given when its connection was last read as a whole. `None` while
    /// that reading is believed.
    #[must_use]
    pub fn unknown_since(
        &self,
        freshness: Freshness,
        connection: Option<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let last = || self.observed_at(connection);
        (!freshness.is_believable()).then(|| last().unwrap_or(DateTime::<Utc>::MIN_UTC))
    }

    /// **The one rule of unread:** it is known to exist, and neither was it read nor did a read of it
    /// fail. That is no news, and nothing is wrong yet.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.observed == Observed::Never && self.failure.is_none()
    }

    /// The severity that it counts as while it is this fresh.
    #[must_use]
    pub fn counts_as(&self, freshness: Freshness) -> Severity {
        counted(self.verdict.severity, self.is_current(freshness))
    }

    /// How it counts, and the words for it, while it is this fresh.
    #[must_use]
    pub fn effective_state(&self, freshness: Freshness) -> EffectiveState {
        EffectiveState::when(&self.verdict, self.is_current(freshness))
    }

    fn is_current(&self, freshness: Freshness) -> bool {
        self.observed == Observed::Never || freshness.is_believable()
    }
}

/// When a connection was last read as a whole, and how often that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// When the last complete reading began, by the gateway's clock; `None` when there was none.
    pub observed_at: Option<DateTime<Utc>>,
    /// The time from one complete reading to the next: the interval, or what a reading takes where that
    /// is longer.
    pub interval: TimeDelta,
}

impl Reading {
    /// How fresh the connection is.
    #[must_use]
    pub fn freshness(&self, now: DateTime<Utc>) -> Freshness {
        self.freshness_at(self.observed_at, now)
    }

    /// How fresh one of its resources is: never fresher than the resource itself nor than the connection.
    #[must_use]
    pub fn freshness_of(&self, resource: &Resource, now: DateTime<Utc>) -> Freshness {
        self.freshness_at(resource.observed_at(self.observed_at), now)
    }

    /// Until when a resource, or the connection itself, stays as fresh as it is now; `None` where nothing but another
    /// reading changes that.
    #[must_use]
    pub fn as_fresh_until(
        &self,
        resource: Option<&Resource>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let at = match resource {
            Some(resource) => resource.observed_at(self.observed_at)?,
            None => self.observed_at?,
        };
        let limit = as_fresh_until(now.signed_duration_since(at), self.interval)?;
        at.checked_add_signed(limit)
    }

    fn freshness_at(&self, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Freshness {
        freshness(at.map(|at| now.signed_duration_since(at)), self.interval)
    }
}

deserialize_from_json!(ResourceKey, Resource);
