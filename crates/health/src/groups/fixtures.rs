//! Test fixtures: a group with a timeout of 60 s, sessions, and a fixed time.

use super::{Observation, judge_group};
use crate::verdict::Verdict;
use chrono::{DateTime, TimeDelta, Utc};
use vendors::LeftOut;
use vendors::aveva::{
    ClientSession, GroupConfiguration, GroupStatus, Heartbeat, Role, RoleOverride, TimeSpan,
};

/// 2026-11-21T14:32:08Z.
pub(crate) const NOW: DateTime<Utc> = DateTime::from_timestamp(1_795_271_528, 0).expect("in range");

pub(crate) fn group() -> GroupConfiguration {
    GroupConfiguration {
        id: Some("kiln2".into()),
        name: Some("Kiln 2".into()),
        failover_timeout: Some(TimeSpan::from_seconds(60)),
        ..GroupConfiguration::default()
    }
}

pub(crate) fn silent_for(id: &str, age: TimeDelta) -> ClientSession {
    let heartbeat = Heartbeat {
        score: Some(88.0),
        heartbeat_time: Some(NOW - age),
        ..Heartbeat::default()
    };
    ClientSession {
        id: Some(id.into()),
        role: Some(Role::Secondary),
        heartbeat: Some(heartbeat),
        ..ClientSession::default()
    }
}

pub(crate) fn aged(id: &str, role: Role, seconds: i64) -> ClientSession {
    ClientSession {
        role: Some(role),
        ..silent_for(id, TimeDelta::seconds(seconds))
    }
}

pub(crate) fn scored(id: &str, role: Role, score: f64) -> ClientSession {
    let mut session = aged(id, role, 6);
    if let Some(heartbeat) = &mut session.heartbeat {
        heartbeat.score = Some(score);
    }
    session
}

/// Pins a session as Primary, until `end` if given.
pub(crate) fn pin(session: ClientSession, end: Option<DateTime<Utc>>) -> ClientSession {
    ClientSession {
        role_override: Some(RoleOverride::Primary),
        role_override_expiration_time: end,
        ..session
    }
}

/// Judges a group whose sessions could all be read.
pub(crate) fn judge_complete(
    group: &GroupConfiguration,
    status: Option<&GroupStatus>,
    sessions: &[ClientSession],
    observation: impl Into<Observation>,
) -> Verdict {
    judge_group(
        group,
        status,
        sessions,
        LeftOut::default(),
        observation.into(),
    )
}
