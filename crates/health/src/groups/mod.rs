//! AVEVA: who is primary, who is next, and what is wrong with a group.

mod judge;
mod members;
mod pulse;
mod successor;

pub use judge::judge_group;
pub use members::{Members, members};
pub use pulse::{Beat, Pulse, pulse};
pub use successor::{Candidate, is_cold_standby, successor};

use vendors::aveva::{ClientSession, GroupConfiguration, Role};

/// A role in words; one that the contract does not know as it came.
#[must_use]
pub fn role_word(role: &Role) -> String {
    match role {
        Role::Primary => "Primary".to_owned(),
        Role::PendingPrimary => "Pending".to_owned(),
        Role::Secondary => "Secondary".to_owned(),
        Role::Other(word) => word.clone(),
    }
}

/// A group's name, or its id: groups that adapters made usually have no name.
pub(crate) fn group_name(group: &GroupConfiguration) -> &str {
    let named = group.name.as_deref().filter(|name| !name.trim().is_empty());
    named
        .or(group.id.as_deref())
        .unwrap_or("A group without an id")
}

/// A session's id, or what stands for it.
pub(crate) fn session_name(session: &ClientSession) -> &str {
    session
        .id
        .as_deref()
        .or(session.name.as_deref())
        .unwrap_or("a session without an id")
}

#[cfg(test)]
pub(crate) mod tests {
    //! What the tests of this folder have in common.

    use chrono::{DateTime, TimeDelta, Utc};
    use vendors::aveva::{ClientSession, GroupConfiguration, Heartbeat, Role, TimeSpan};

    /// 2026-11-21T14:32:08Z.
    pub(crate) const NOW: DateTime<Utc> =
        DateTime::from_timestamp(1_795_271_528, 0).expect("in range");

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

    pub(crate) fn scored(id: &str, role: Role, score: f64) -> ClientSession {
        let heartbeat = Heartbeat {
            score: Some(score),
            heartbeat_time: Some(NOW - TimeDelta::seconds(6)),
            ..Heartbeat::default()
        };
        ClientSession {
            id: Some(id.into()),
            role: Some(role),
            heartbeat: Some(heartbeat),
            ..ClientSession::default()
        }
    }
}
