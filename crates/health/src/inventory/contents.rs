//! What was read of a connection, and the resources that it makes.

use super::facts::{
    Facts, GroupFacts, HeartbeatFacts, SessionFacts, SlicerFacts, SlicerGroupFacts, SlicerPart,
};
use super::resource::{Kind, Observed, Resource, ResourceKey};
use super::unreadable::{unreadable_of_group, unreadable_of_session, unreadable_of_slicer_group};
use crate::failover_sessions::{Successes, is_recent, judge_session_among};
use crate::freshness::{AHEAD, is_unknown};
use crate::groups::{
    HeartbeatState, Observation, group_name, heartbeat_timing, is_pinned, judge_listed, last_data,
    leaders, members,
};
use crate::severity::Severity;
use crate::slicers::{self, backups, is_ready, judge_slicers, ordered};
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use vendors::LeftOut;
use vendors::aveva::{ClientSession, GroupConfiguration, GroupStatus};
use vendors::uplynk::{Channel, FailoverGroup, OnAir, Slicer};
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

impl WatchedGroup {
    /// The group as a resource of this connection, judged at this moment.
    #[must_use]
    pub fn resource(&self, connection: &str, at: &Moment) -> Judged {
        Judged {
            resource: of_group(self, connection, at),
            observed_at: self.detail.as_ref().map(|detail| detail.observed_at),
        }
    }
}

impl WatchedSlicerGroup {
    /// The group as a resource of this connection, judged at this moment. It is as old as its oldest part.
    fn judged(&self, connection: &str, at: &Moment) -> Judged {
        let listed_at = at.observed_at.filter(|_| self.is_listed);
        let mut resource = of_slicer_group(&self.group, connection, at);
        resource.failure.clone_from(&self.failure);
        resource.observed = match self.read_at {
            Some(read) => at.observed(read),
            // The list says of it all that is known, and what is bad enough not to wait for more.
            None if self.is_listed
                && (self.failure.is_some() || self.group.active == Some(OnAir::Slate)) =>
            {
                Observed::WithConnection
            }
            None => Observed::Never,
        };
        if resource.is_unread() {
            resource.verdict = not_read_yet(&resource.name, "its slicers have not been read yet");
        }
        let is_read = resource.observed != Observed::Never;
        Judged {
            observed_at: self.read_at.max(listed_at).filter(|_| is_read),
            resource,
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

fn of_group(group: &WatchedGroup, connection: &str, at: &Moment) -> Resource {
    let WatchedGroup {
        configuration,
        detail,
        failure,
    } = group;
    let id = configuration.id.as_deref().unwrap_or_default();
    let name = group_name(configuration).to_owned();
    let observed = detail
        .as_ref()
        .map_or(Observed::Never, |detail| at.observed(detail.observed_at));
    Resource {
        verdict: verdict_of_group(group, &name, at),
        facts: Facts::FailoverGroup(Box::new(facts_of_group(group, at))),
        key: key(Kind::FailoverGroup, connection, id),
        name,
        observed,
        failure: failure.clone(),
        unreadable: unreadable_of_group(
            configuration,
            detail.as_ref().map(|detail| &detail.status),
            detail.as_ref().map_or(&[], |detail| &detail.sessions),
        ),
        also_on: Vec::new(),
    }
}

fn observation(detail: &GroupDetail, at: &Moment) -> Observation {
    Observation {
        now: at.vendor(at.now),
        observed_at: at.vendor(detail.observed_at),
    }
}

fn verdict_of_group(group: &WatchedGroup, name: &str, at: &Moment) -> Verdict {
    match (&group.detail, &group.failure) {
        (Some(detail), _) => judge_listed(
            &group.configuration,
            Some(&detail.status),
            &detail.sessions,
            detail.left_out,
            observation(detail, at),
        ),
        (None, None) => not_read_yet(name, "its sessions have not been read yet"),
        (None, Some(failure)) => {
            let sentence = format!("{name}: its sessions could not be read.");
            Verdict::new(Severity::Unknown, "Never read", sentence).advise(failure)
        }
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

fn facts_of_group(group: &WatchedGroup, at: &Moment) -> GroupFacts {
    let configuration = &group.configuration;
    let facts = GroupFacts {
        description: configuration
            .description
            .clone()
            .filter(|text| !text.is_empty()),
        failover_timeout: configuration.failover_timeout,
        ..GroupFacts::default()
    };
    let Some(detail) = &group.detail else {
        return facts;
    };
    let observation = observation(detail, at);
    let sessions = &detail.sessions;
    let (primary, pending) = leaders(configuration, &detail.status, sessions, observation);
    let id = |session: Option<&ClientSession>| session.and_then(|session| session.id.clone());
    let state = |session: &ClientSession| {
        let timeout = configuration.failover_timeout.as_ref();
        heartbeat_timing(session, timeout, observation).state
    };
    let ids = |which: &dyn Fn(&ClientSession) -> bool| {
        let those = sessions.iter().filter(|session| which(session));
        those.filter_map(|session| session.id.clone()).collect()
    };
    // One that the status names and that is not listed is shown all the same.
    let shown = id(primary).or_else(|| detail.status.primary.clone());
    GroupFacts {
        pending: id(pending).filter(|pending| shown.as_ref() != Some(pending)),
        primary: shown,
        members: Some(members(configuration, sessions, observation)),
        last_data: last_data(primary, &detail.status),
        heartbeat: primary.map(|session| HeartbeatFacts {
            at: session
                .heartbeat
                .as_ref()
                .and_then(|heartbeat| heartbeat.heartbeat_time),
            beat: state(session),
        }),
        sessions: ids(&|_| true),
        overridden: ids(&|session| is_pinned(session, observation.now)),
        late: ids(&|session| state(session) == HeartbeatState::Late),
        stale: ids(&|session| {
            matches!(
                state(session),
                HeartbeatState::Stale | HeartbeatState::Never
            )
        }),
        ahead: ids(&|session| state(session) == HeartbeatState::Future),
        ..facts
    }
}

fn of_slicer_group(group: &FailoverGroup, connection: &str, at: &Moment) -> Resource {
    let now = at.vendor(at.now);
    let active = slicers::on_air(group);
    let backups = group.slicers.as_ref().map(|_| backups(group, now));
    let channel = |channel: &Channel| channel.desc.clone().unwrap_or_default();
    let facts = SlicerGroupFacts {
        on_air: group.active.clone(),
        on_air_state: active
            .and_then(|slicer| slicer.state.as_ref())
            .map(slicers::state_word),
        mode: group.mode.clone(),
        auto_failback: group.auto_failback,
        slicers: ordered(group)
            .into_iter()
            .map(|slicer| SlicerFacts {
                id: slicer.id.clone(),
                part: part(group, slicer, now),
            })
            .collect(),
        backups_ready: backups.map(|(ready, _)| ready),
        backups: backups.map(|(_, all)| all),
        channels: group
            .channels
            .as_ref()
            .map(|channels| channels.iter().map(channel).collect()),
        last_failover: group.failover_time,
    };
    let named = group.name.clone().filter(|name| !name.trim().is_empty());
    Resource {
        key: key(Kind::SlicerGroup, connection, &group.id),
        name: named.unwrap_or_else(|| group.id.clone()),
        verdict: judge_slicers(group, now),
        observed: Observed::WithConnection,
        failure: None,
        unreadable: unreadable_of_slicer_group(group),
        also_on: Vec::new(),
        facts: Facts::SlicerGroup(Box::new(facts)),
    }
}

/// How a slicer takes part in its group.
#[must_use]
pub fn part(group: &FailoverGroup, slicer: &Slicer, now: DateTime<Utc>) -> SlicerPart {
    if matches!(&group.active, Some(OnAir::Slicer(id)) if *id == slicer.id) {
        SlicerPart::OnAir
    } else if slicer.enabled == Some(false) {
        SlicerPart::OutOfFailover
    } else if is_ready(slicer, now) {
        SlicerPart::Ready
    } else {
        SlicerPart::Unhealthy
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
    Resource {
        key: key(Kind::FailoverSession, connection, &id),
        name: named.unwrap_or(id),
        verdict: judge_session_among(session, successes, at.vendor(at.now)),
        observed: Observed::WithConnection,
        failure: None,
        unreadable: unreadable_of_session(session),
        also_on: Vec::new(),
        facts: Facts::FailoverSession(Box::new(facts)),
    }
}
