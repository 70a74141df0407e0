//! What was read of a connection, and the resources that it makes.

mod groups;
mod slicers;

pub use slicers::part;

use super::facts::{Facts, SessionFacts};
use super::resource::{Kind, Observed, Resource, ResourceKey};
use super::unreadable::unreadable_of_session;
use crate::failover_sessions::{Successes, is_recent, judge_session_among};
use crate::freshness::{AHEAD, is_unknown};
use crate::severity::Severity;
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use vendors::LeftOut;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus};
use vendors::uplynk::FailoverGroup;
use vendors::veeam::Session;

/// What was read of a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Contents {
    /// AVEVA: every group, each read by itself.
    Aveva(Vec<WatchedGroup>),
    /// Uplynk: every group, read at once as far as the service lists them whole.
    Uplynk(Vec<WatchedSlicerGroup>),
    /// Veeam: the newest sessions, read at once.
    Veeam(Vec<Session>),
}

/// An AVEVA group and what was last read of it.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedGroup {
    /// Its configuration.
    pub configuration: GroupConfiguration,
    /// Its status and sessions; `None` if they were never read.
    pub detail: Option<GroupDetail>,
    /// Why they could not be read since, in one line.
    pub failure: Option<String>,
}

/// The status and the sessions of an AVEVA group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupDetail {
    /// Who is primary, by the service.
    pub status: GroupStatus,
    /// Its sessions.
    pub sessions: Vec<ClientSession>,
    /// What else the list of sessions held.
    pub left_out: LeftOut,
    /// When they were requested, by the gateway's clock.
    pub observed_at: DateTime<Utc>,
}

/// An Uplynk group and what was last read of it.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedSlicerGroup {
    /// As the list and a read of the group by itself told it.
    pub group: FailoverGroup,
    /// When the oldest part of it was read, by the gateway's clock; `None` while its slicers never were.
    pub read_at: Option<DateTime<Utc>>,
    /// Why it could not be read by itself since, in one line.
    pub failure: Option<String>,
    /// Whether the last list named it.
    pub is_listed: bool,
}

/// A resource, and when exactly it was read. That time is no part of the resource: it changes with every
/// reading, and a resource that is as it was is not sent again.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The resource.
    pub resource: Resource,
    /// When it was read, by the gateway's clock; `None` if it never was.
    pub observed_at: Option<DateTime<Utc>>,
}

/// The clocks at the moment of judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The gateway's time.
    pub now: DateTime<Utc>,
    /// How far the vendor's clock is ahead of the gateway's.
    pub vendor_ahead: TimeDelta,
    /// When the last complete reading of the connection began, by the gateway's clock.
    pub observed_at: Option<DateTime<Utc>>,
    /// For how long a session that has ended is watched.
    pub recent: TimeDelta,
}

impl Moment {
    /// How a resource was read at that time: with the last complete reading, or before it. What lies far ahead of that
    /// reading was read before the clock was set back.
    #[must_use]
    pub fn observed(&self, at: DateTime<Utc>) -> Observed {
        let is_with = |all: DateTime<Utc>| {
            let later = at.signed_duration_since(all);
            later >= TimeDelta::zero() && later <= AHEAD
        };
        if self.observed_at.is_some_and(is_with) {
            Observed::WithConnection
        } else {
            Observed::At(at)
        }
    }

    /// When a resource was seen last that was read then, and is as it was then: with the last complete reading, unless it
    /// was read after that. What lies ahead of now was read before the clock was set back.
    #[must_use]
    pub fn seen(&self, at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let at = at.filter(|at| !is_unknown(self.now.signed_duration_since(*at)));
        at.max(self.observed_at)
    }

    fn vendor(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at.checked_add_signed(self.vendor_ahead).unwrap_or(at)
    }
}

impl Contents {
    /// The resources of a connection, judged at this moment. Of sessions only those that run or ended
    /// lately: the others are history.
    #[must_use]
    pub fn resources(&self, connection: &str, at: &Moment) -> Vec<Judged> {
        let read_together = |resource| Judged {
            resource,
            observed_at: at.observed_at,
        };
        match self {
            Self::Aveva(groups) => groups
                .iter()
                .map(|group| group.resource(connection, at))
                .collect(),
            Self::Uplynk(groups) => groups
                .iter()
                .map(|group| group.judged(connection, at))
                .collect(),
            Self::Veeam(sessions) => {
                let successes = Successes::of(sessions);
                sessions
                    .iter()
                    // Without an id it would be the same resource as any other without one.
                    .filter(|session| session.uid.is_some())
                    .filter(|session| is_recent(session, at.vendor(at.now), at.recent))
                    .map(|session| read_together(of_session(session, &successes, connection, at)))
                    .collect()
            }
        }
    }
}

fn key(kind: Kind, connection: &str, id: &str) -> ResourceKey {
    ResourceKey {
        kind,
        connection: connection.to_owned(),
        id: id.to_owned(),
    }
}

fn not_read_yet(name: &str, what: &str) -> Verdict {
    Verdict::new(
        Severity::Unknown,
        "Not read yet",
        format!("{name}: {what}."),
    )
    .advise("It is read as soon as the service has answered for the groups before it.")
}

fn of_session(
    session: &Session,
    successes: &Successes<'_>,
    connection: &str,
    at: &Moment,
) -> Resource {
    let facts = SessionFacts {
        state: session.state.as_ref().map(|state| state.word().to_owned()),
        result: session
            .result
            .as_ref()
            .map(|result| result.word().to_owned()),
        started: session.creation_time,
        ended: session.end_time,
        progress: session.progress,
        server: session
            .server
            .as_ref()
            .and_then(|server| server.name.clone()),
        message: session.failure_message.clone(),
    };
    let id = session.uid.clone().unwrap_or_default();
    let named = session.name.clone().filter(|name| !name.trim().is_empty());
    let key = key(Kind::FailoverSession, connection, &id);
    let verdict = judge_session_among(session, successes, at.vendor(at.now));
    let facts = Facts::FailoverSession(Box::new(facts));
    Resource {
        unreadable: unreadable_of_session(session),
        ..Resource::new(key, named.unwrap_or(id), verdict, facts)
    }
}
