//! One AVEVA group, for its page: its configuration, its status and its sessions.

use super::Live;
use super::schedule::Millis;
use super::{Clock, Status, clock};
use crate::api::{Arrived, Failure, Purpose, send};
use health::groups::{Observation, judge_listed};
use health::transition;
use health::verdict::Verdict;
use std::sync::Arc;
use vendors::LeftOut;
use vendors::aveva::{self, ClientSession, GroupConfiguration, GroupStatus};
use web_sys::AbortController;

/// An AVEVA group with what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its configuration.
    pub configuration: GroupConfiguration,
    /// Its status and sessions.
    pub detail: Arc<Detail>,
}

/// What a group holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Who is primary, by the service.
    pub status: GroupStatus,
    /// Its sessions.
    pub sessions: Vec<ClientSession>,
    /// What else their list held.
    pub left_out: LeftOut,
    /// When they were requested, by the browser's clock.
    pub requested_at: Millis,
}

impl Group {
    /// The group's name; its id where it has none, as groups that adapters made.
    #[must_use]
    pub fn name(&self) -> String {
        health::groups::group_name(&self.configuration).to_owned()
    }

    /// What `health` says of the group as it was last read.
    #[must_use]
    pub fn verdict(&self, status: Status, clock: Clock) -> Verdict {
        let Detail {
            status: roles,
            sessions,
            left_out,
            ..
        } = self.detail.as_ref();
        let look = self.look(status, clock);
        judge_listed(&self.configuration, Some(roles), sessions, *left_out, look)
    }

    /// Now, and when its sessions were read, by the vendor's clock.
    #[must_use]
    pub fn look(&self, status: Status, clock: Clock) -> Observation {
        Observation {
            now: status.vendor_time(clock),
            observed_at: status.vendor_time_of(self.detail.requested_at),
        }
    }
}

/// A group, for as long as the current owner lives.
#[must_use]
pub fn group(connection: String, base: aveva::Base, id: String) -> Live<Group> {
    let fetch = move |abort| whole(connection.clone(), base.clone(), id.clone(), abort);
    let moving = |group: &Group, _| {
        let Detail {
            status, sessions, ..
        } = group.detail.as_ref();
        transition::group(Some(status), sessions)
    };
    Live::new(fetch, moving)
}

async fn whole(
    connection: String,
    base: aveva::Base,
    id: String,
    abort: AbortController,
) -> Result<Arrived<Group>, Failure> {
    let purpose = Purpose::Poll(&abort);
    let groups = aveva::groups(&base);
    let configuration = send(&connection, &groups.get(&id), purpose).await?;
    let requested_at = clock::now();
    let status = send(&connection, &groups.status(&id), purpose).await?;
    let sessions = aveva::sessions(&base, &id).list();
    let sessions = send(&connection, &sessions, purpose).await?;
    let age = status.age.max(sessions.age);
    let detail = Detail {
        status: status.value,
        sessions: sessions.value.items,
        left_out: sessions.value.left_out,
        requested_at: requested_at - age,
    };
    Ok(Arrived {
        value: Group {
            configuration: configuration.value,
            detail: Arc::new(detail),
        },
        date: status.date,
        age,
    })
}
