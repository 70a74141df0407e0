//! A resource: an object of a vendor's system that this product judges.

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

/// The kind of a resource.
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
    /// The kind of the resources of a connection to this system.
    #[must_use]
    pub fn held_by(system: &System) -> Self {
        match system {
            System::Aveva(_) => Self::FailoverGroup,
            System::Uplynk => Self::SlicerGroup,
            System::Veeam { .. } => Self::FailoverSession,
        }
    }

    /// The noun for resources of this kind, in the plural.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Connection => "connections",
            Self::FailoverGroup => "groups",
            Self::SlicerGroup => "slicer groups",
            Self::FailoverSession => "recent sessions",
        }
    }

    /// The key in JSON and in metrics.
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

/// The unique key of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ResourceKey {
    /// The kind of resource.
    pub kind: Kind,
    /// The connection through which it was read.
    pub connection: String,
    /// The vendor's id.
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

    /// Whether both keys mean the same resource. Failover sessions are compared without their connection, because
    /// their GUID is unique and another connection may come to represent them.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let is_shared = self.kind == Kind::FailoverSession;
        (self.kind, &self.id) == (other.kind, &other.id)
            && (is_shared || self.connection == other.connection)
    }
}

/// The time of a resource's last reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// With the last complete reading of its connection, or after it.
    #[default]
    WithConnection,
    /// Before the last complete reading of its connection, by the gateway's clock: it has not been readable since.
    At(#[serde(with = "ts_milliseconds")] DateTime<Utc>),
    /// Never.
    Never,
}

from_json! { enum Observed { WithConnection = "with_connection", At(_) = "at", Never = "never" } }

impl Observed {
    pub(super) fn is_with_connection(&self) -> bool {
        *self == Self::WithConnection
    }

    /// The time by the gateway's clock. `connection` is the time of the connection's last complete reading.
    #[must_use]
    pub fn at(self, connection: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        match self {
            Self::WithConnection => connection,
            Self::At(at) => Some(at),
            Self::Never => None,
        }
    }
}

/// A resource in its last read and judged state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resource {
    /// The unique key.
    #[serde(flatten)]
    pub key: ResourceKey,
    /// The name, or the id if it has none.
    pub name: String,
    /// The verdict on its last reading.
    pub verdict: Verdict,
    /// The time of its last reading.
    #[serde(skip_serializing_if = "Observed::is_with_connection")]
    pub observed: Observed,
    /// The failure since that reading, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Its unreadable fields, including those of its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
    /// Other connections that list the same resource.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_on: Vec<String>,
    /// The facts that lists and tiles show.
    pub facts: Facts,
}

/// Reads the fields of the key from the same object.
impl FromJson for Resource {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
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

/// The state of a resource at one moment, with its freshness taken into account. A stale resource that was critical or
/// warning keeps that state, marked as last known; any other stale resource is unknown. Neither counts as healthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveState {
    /// The severity that counts.
    pub severity: Severity,
    /// The state in words.
    pub word: Cow<'static, str>,
    /// The last known state in words, if the resource is stale.
    pub last_known: Option<Cow<'static, str>>,
}

/// Whether a state is kept when its source falls silent: critical and warning are.
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
    /// The effective state for a verdict on data of this freshness.
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
    /// A resource that was read completely with its connection.
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

    /// The leader: the session id of the primary, or the slicer or slate on air; `None` if unknown or none.
    #[must_use]
    pub fn leader(&self) -> Option<&str> {
        match &self.facts {
            Facts::FailoverGroup(group) => group.primary.as_deref(),
            Facts::SlicerGroup(group) => group.on_air.as_ref().map(on_air_word),
            Facts::None | Facts::FailoverSession(_) => None,
        }
    }

    /// The last failover that the vendor reports, by the vendor's clock.
    #[must_use]
    pub fn last_failover(&self) -> Option<DateTime<Utc>> {
        match &self.facts {
            Facts::SlicerGroup(group) => group.last_failover,
            Facts::None | Facts::FailoverGroup(_) | Facts::FailoverSession(_) => None,
        }
    }

    /// The time of its last reading, by the gateway's clock; `connection` is that of its connection.
    #[must_use]
    pub fn observed_at(&self, connection: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        self.observed.at(connection)
    }

    /// The time since which its state is unknown: its last reading. `None` while that reading is believable.
    /// `connection` is the time of the connection's last complete reading.
    #[must_use]
    pub fn unknown_since(
        &self,
        freshness: Freshness,
        connection: Option<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let last = || self.observed_at(connection);
        (!freshness.is_believable()).then(|| last().unwrap_or(DateTime::<Utc>::MIN_UTC))
    }

    /// Whether the resource is listed but has not been read yet, without a failure. Such a resource has no alarm.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.observed == Observed::Never && self.failure.is_none()
    }

    /// The severity that counts at this freshness.
    #[must_use]
    pub fn counts_as(&self, freshness: Freshness) -> Severity {
        counted(self.verdict.severity, self.is_current(freshness))
    }

    /// The effective state at this freshness.
    #[must_use]
    pub fn effective_state(&self, freshness: Freshness) -> EffectiveState {
        EffectiveState::when(&self.verdict, self.is_current(freshness))
    }

    fn is_current(&self, freshness: Freshness) -> bool {
        self.observed == Observed::Never || freshness.is_believable()
    }
}

/// The last complete reading of a connection and the expected interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Start of the last complete reading, by the gateway's clock; `None` if there has been none.
    pub observed_at: Option<DateTime<Utc>>,
    /// The expected time between complete readings: the interval, or the duration of a reading if longer.
    pub interval: TimeDelta,
}

impl Reading {
    /// The freshness of the connection.
    #[must_use]
    pub fn freshness(&self, now: DateTime<Utc>) -> Freshness {
        self.freshness_at(self.observed_at, now)
    }

    /// The freshness of one of its resources: never fresher than the resource's own reading, nor than the connection's.
    #[must_use]
    pub fn freshness_of(&self, resource: &Resource, now: DateTime<Utc>) -> Freshness {
        self.freshness_at(resource.observed_at(self.observed_at), now)
    }

    /// The time of the next change in freshness of a resource or the connection; `None` if only a reading changes it.
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
