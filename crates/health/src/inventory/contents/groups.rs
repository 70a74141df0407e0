//! Makes a resource of an AVEVA group.

use super::{GroupDetail, Judged, Moment, WatchedGroup, key, never_read, not_read_yet};
use crate::groups::{
    HeartbeatState, Observation, group_name, heartbeat_timing, is_pinned, is_untimed, judge_group,
    last_data, leaders, members,
};
use crate::inventory::{
    Facts, GroupFacts, HeartbeatFacts, Kind, Observed, Resource, unreadable_of_group,
};
use crate::verdict::Verdict;
use vendors::aveva::ClientSession;

impl WatchedGroup {
    /// The group as a resource of the connection, judged at this moment.
    #[must_use]
    pub fn resource(&self, connection: &str, at: &Moment) -> Judged {
        Judged {
            resource: of_group(self, connection, at),
            observed_at: self.detail.as_ref().map(|detail| detail.observed_at),
        }
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
        (Some(detail), _) => judge_group(
            &group.configuration,
            Some(&detail.status),
            &detail.sessions,
            detail.left_out,
            observation(detail, at),
        ),
        (None, None) => not_read_yet(name, "its sessions have not been read yet"),
        (None, Some(failure)) => never_read(name, "its sessions could not be read", failure),
    }
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
        let matching = sessions.iter().filter(|session| which(session));
        matching.filter_map(|session| session.id.clone()).collect()
    };
    // A heartbeat with an unknown time counts neither as stale nor as never posted.
    let timed = |session: &&ClientSession| !is_untimed(session);
    // A primary that only the status names is shown, too.
    let shown = id(primary).or_else(|| detail.status.primary.clone());
    GroupFacts {
        pending: id(pending).filter(|pending| shown.as_ref() != Some(pending)),
        primary: shown,
        members: Some(members(configuration, sessions, observation)),
        last_data: last_data(primary, &detail.status),
        heartbeat: primary.filter(timed).map(|session| HeartbeatFacts {
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
            let is_silent = matches!(
                state(session),
                HeartbeatState::Stale | HeartbeatState::Never
            );
            is_silent && timed(&session)
        }),
        ahead: ids(&|session| state(session) == HeartbeatState::Future),
        ..facts
    }
}
