//! The data read from a connection, and the resources made from it.

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

/// The data read from a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Contents {
    /// AVEVA: every group, each read with requests of its own.
    Aveva(Vec<WatchedGroup>),
    /// Uplynk: every group, from one list as far as that is complete.
    Uplynk(Vec<WatchedSlicerGroup>),
    /// Veeam: the newest sessions, from one list as far as that contains them.
    Veeam(Vec<WatchedSession>),
}

/// An AVEVA group with its last reading.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedGroup {
    /// The group's configuration.
    pub configuration: GroupConfiguration,
    /// Its status and sessions; `None` if they have never been read.
    pub detail: Option<GroupDetail>,
    /// The failure since that reading, in one line.
    pub failure: Option<String>,
}

/// The status and the sessions of an AVEVA group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupDetail {
    /// The status, which names the primary.
    pub status: GroupStatus,
    /// Its sessions.
    pub sessions: Vec<ClientSession>,
    /// The number of unreadable and repeated entries in the list of sessions.
    pub left_out: LeftOut,
    /// Time of the request, by the gateway's clock.
    pub observed_at: DateTime<Utc>,
}

/// An Uplynk group with its last reading.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedSlicerGroup {
    /// The group, merged from the list and from a read of the group alone.
    pub group: FailoverGroup,
    /// Time at which its oldest part was read, by the gateway's clock; `None` if its slicers have never been read.
    pub read_at: Option<DateTime<Utc>>,
    /// The failure of the group's own read since then, in one line.
    pub failure: Option<String>,
    /// Whether the last list contained it.
    pub is_listed: bool,
}

/// A Veeam session with its last reading.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedSession {
    /// The session.
    pub session: Session,
    /// If it could not be read with the others: the time of its last reading, by the gateway's clock, and the failure
    /// since, in one line. Without a time it has never been read, and only its id is known.
    pub earlier: Option<(Option<DateTime<Utc>>, String)>,
}

impl WatchedSession {
    /// Whether it is running or ended recently, as far as is known.
    #[must_use]
    pub fn is_recent(&self, now: DateTime<Utc>, recent: TimeDelta) -> bool {
        matches!(self.earlier, Some((None, _))) || is_recent(&self.session, now, recent)
    }
}

impl From<Session> for WatchedSession {
    /// A session that was read with the others.
    fn from(session: Session) -> Self {
        Self {
            session,
            earlier: None,
        }
    }
}

/// A resource with the exact time of its reading. The time is kept apart because it changes with every reading, while
/// an unchanged resource is not sent again.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The resource.
    pub resource: Resource,
    /// Time of its reading, by the gateway's clock; `None` if it has never been read.
    pub observed_at: Option<DateTime<Utc>>,
}

/// The times that a judgement depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The current time, by the gateway's clock.
    pub now: DateTime<Utc>,
    /// The vendor's clock minus the gateway's.
    pub vendor_ahead: TimeDelta,
    /// Start of the last complete reading of the connection, by the gateway's clock.
    pub observed_at: Option<DateTime<Utc>>,
    /// The period for which an ended session is still watched.
    pub recent: TimeDelta,
}

impl Moment {
    /// Classifies the time of a resource's reading: with the last complete reading of its connection, or before it. A
    /// time far after that reading is from before the clock was set back.
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

    /// The time at which an unchanged resource with this reading was last seen: the last complete reading, or its own
    /// if that is later. A time in the future is from before the clock was set back and is ignored.
    #[must_use]
    pub fn last_seen(&self, at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let at = at.filter(|at| !is_unknown(self.now.signed_duration_since(*at)));
        at.max(self.observed_at)
    }

    fn vendor(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at.checked_add_signed(self.vendor_ahead).unwrap_or(at)
    }
}

impl Contents {
    /// The resources of a connection, judged at this moment. Only running and recent sessions are included.
    #[must_use]
    pub fn resources(&self, connection: &str, at: &Moment) -> Vec<Judged> {
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
                let successes = Successes::of(sessions.iter().map(|one| &one.session));
                sessions
                    .iter()
                    // All sessions without an id would be the same resource.
                    .filter(|one| one.session.uid.is_some())
                    .filter(|one| one.is_recent(at.vendor(at.now), at.recent))
                    .map(|one| judged_session(one, &successes, connection, at))
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

fn not_read_yet(name: &str, reason: &str) -> Verdict {
    Verdict::new(
        Severity::Unknown,
        "Not read yet",
        format!("{name}: {reason}."),
    )
    .advise("It is read as soon as the service has answered for the groups before it.")
}

fn never_read(name: &str, reason: &str, failure: &str) -> Verdict {
    let sentence = format!("{name}: {reason}.");
    Verdict::new(Severity::Unknown, "Never read", sentence).advise(failure)
}

fn judged_session(
    watched: &WatchedSession,
    successes: &Successes<'_>,
    connection: &str,
    at: &Moment,
) -> Judged {
    let mut resource = of_session(&watched.session, successes, connection, at);
    let mut observed_at = at.observed_at;
    if let Some((read_at, failure)) = &watched.earlier {
        observed_at = *read_at;
        resource.observed = read_at.map_or(Observed::Never, |read_at| at.observed(read_at));
        resource.failure = Some(failure.clone());
        if read_at.is_none() {
            resource.verdict = never_read(&resource.name, "it could not be read", failure);
        }
    }
    Judged {
        resource,
        observed_at,
    }
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
