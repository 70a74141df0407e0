//! The data of the service, and the simulated adapters.

use super::values::TimeSpan;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

/// `ClientRole`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Secondary,
    Primary,
    PendingPrimary,
}

impl Role {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Secondary => 0,
            Self::Primary => 1,
            Self::PendingPrimary => 2,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Secondary => "Secondary",
            Self::Primary => "Primary",
            Self::PendingPrimary => "PendingPrimary",
        }
    }
}

/// A posted heartbeat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Heartbeat {
    pub(crate) score: f64,
    pub(crate) last_data: Option<DateTime<Utc>>,
    /// The time by the adapter's clock.
    pub(crate) time: DateTime<Utc>,
}

/// An override to Primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) since: DateTime<Utc>,
    pub(crate) expires: Option<DateTime<Utc>>,
}

/// `ClientSession`.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) role: Role,
    pub(crate) heartbeat: Option<Heartbeat>,
    /// The time of the last heartbeat or of the session's creation, by the service's clock.
    pub(crate) received: DateTime<Utc>,
    /// Whether `received` is the time of a heartbeat, to which the limit of one per second applies.
    pub(crate) posted: bool,
    pub(crate) pin: Option<Pin>,
    pub(crate) additional: Option<Map<String, Value>>,
}

impl Session {
    pub(crate) fn new(id: String, now: DateTime<Utc>) -> Self {
        Self {
            id,
            name: None,
            role: Role::Secondary,
            heartbeat: None,
            received: now,
            posted: false,
            pin: None,
            additional: None,
        }
    }

    /// Whether a heartbeat was received within `timeout`.
    pub(crate) fn live(&self, timeout: TimeSpan, now: DateTime<Utc>) -> bool {
        now - self.received <= timeout.delta()
    }

    pub(crate) fn score(&self) -> f64 {
        self.heartbeat.map_or(0.0, |heartbeat| heartbeat.score)
    }
}

/// `GroupConfiguration` with its sessions and state.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) timeout: TimeSpan,
    pub(crate) additional: Option<Map<String, Value>>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) last_data: Option<DateTime<Utc>>,
}

impl Group {
    pub(crate) fn bare(timeout: TimeSpan) -> Self {
        Self {
            name: None,
            description: None,
            timeout,
            additional: None,
            sessions: Vec::new(),
            last_data: None,
        }
    }

    pub(crate) fn position(&self, session: &str) -> Option<usize> {
        self.sessions.iter().position(|one| one.id == session)
    }

    pub(crate) fn holder(&self, role: Role) -> Option<usize> {
        self.sessions.iter().position(|one| one.role == role)
    }
}

/// A simulated adapter: posts heartbeats for one session, and recreates it after it was deleted.
#[derive(Debug, Clone)]
pub(crate) struct Adapter {
    pub(crate) session: String,
    /// Whether it is a cold standby, which reports a score of 1, or a hot one, which reports nearly 100.
    pub(crate) cold: bool,
    pub(crate) silent: bool,
    /// The end of a silence caused by a scenario.
    pub(crate) silent_until: Option<DateTime<Utc>>,
    /// The score to report instead of the default one.
    pub(crate) score: Option<f64>,
    /// The end of a score set by a scenario.
    pub(crate) score_until: Option<DateTime<Utc>>,
    /// The time of its next heartbeat.
    pub(crate) due: DateTime<Utc>,
    /// The lead of its clock over the service's.
    pub(crate) skew: TimeDelta,
}

/// The site of a group; it remains when the group is deleted while adapters run.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) id: String,
    pub(crate) group: Option<Group>,
    pub(crate) adapters: Vec<Adapter>,
    /// The failover timeout that its adapters are configured with.
    pub(crate) timeout: TimeSpan,
    /// Whether lists omit it: the group behind the sentinel id `fault-slow`.
    pub(crate) hidden: bool,
    /// Whether scenarios leave it unchanged.
    pub(crate) steady: bool,
    /// The time up to which it has been simulated.
    pub(crate) cursor: DateTime<Utc>,
}
