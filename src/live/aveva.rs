//! One AVEVA group, for its page: its configuration, its status and its sessions.

use super::Live;
use super::schedule::Millis;
use super::{Clock, Status, clock};
use crate::api::{Arrived, Failure, Purpose, send, send_sessions};
use futures_util::future::join3;
use health::groups::{Observation, Succession, judge_group, leaders};
use health::severity::Severity;
use health::transition;
use health::verdict::Verdict;
use leptos::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use vendors::LeftOut;
use vendors::aveva::{self, ClientSession, GroupConfiguration, GroupStatus, ReadText};
use vendors::call::Unreadable;
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
    /// When they were requested, by the browser's clock. It stands first, so that two readings are told apart
    /// without a look at their sessions.
    pub requested_at: Millis,
    /// Who is primary, by the service.
    pub status: GroupStatus,
    /// Its sessions.
    pub sessions: Vec<ClientSession>,
    /// What else their list held.
    pub left_out: LeftOut,
}

impl Group {
    /// The group's name; its id where it has none, as groups that adapters made.
    #[must_use]
    pub fn name(&self) -> String {
        health::groups::group_name(&self.configuration).to_owned()
    }

    /// What `health` says of the group as it was last read. What is normal stays so until something else is read, and
    /// is not judged each second; every other state has ages in its words.
    #[must_use]
    pub fn verdict(&self, status: Status, clock: Clock) -> Verdict {
        let Detail {
            status: roles,
            sessions,
            left_out,
            ..
        } = self.detail.as_ref();
        let judge = |observation| {
            judge_group(
                &self.configuration,
                Some(roles),
                sessions,
                *left_out,
                observation,
            )
        };
        let verdict = judge(self.observation_when_read(status, clock));
        match verdict.severity {
            Severity::Normal => verdict,
            _ => judge(self.observation(status, clock)),
        }
    }

    /// Now, and when its sessions were read, by the vendor's clock.
    #[must_use]
    pub fn observation(&self, status: Status, clock: Clock) -> Observation {
        Observation {
            now: status.vendor_time(clock),
            observed_at: status.vendor_time_of(self.detail.requested_at),
        }
    }

    /// The same for what only another reading changes: it is not followed as time passes.
    #[must_use]
    pub fn observation_when_read(&self, status: Status, clock: Clock) -> Observation {
        Observation {
            now: untrack(|| status.vendor_time(clock)),
            observed_at: status.vendor_time_of(self.detail.requested_at),
        }
    }
}

/// Who leads a group, and in which order the others would be elected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Election {
    /// Its primary.
    pub primary: Option<ClientSession>,
    /// Who was chosen to become it and has not confirmed yet.
    pub pending: Option<ClientSession>,
    /// The order.
    pub succession: Succession,
}

/// The election of a group, worked out once for each reading and not each second: a group may have thousands of
/// sessions.
#[must_use]
pub fn election(live: Live<Group>, clock: Clock) -> Memo<Election> {
    Memo::new(move |_| {
        let Some(group) = live.value() else {
            return Election::default();
        };
        let Detail {
            status, sessions, ..
        } = group.detail.as_ref();
        let observation = group.observation_when_read(live.status, clock);
        let succession = Succession::of(&group.configuration, sessions, observation);
        if succession.ends() {
            let _ = live.status.vendor_time(clock);
        }
        let (primary, pending) = leaders(&group.configuration, status, sessions, observation);
        Election {
            primary: primary.cloned(),
            pending: pending.cloned(),
            succession,
        }
    })
}

/// A group, for as long as the current owner lives.
#[must_use]
pub fn group(connection: String, base: aveva::Base, id: String) -> Live<Group> {
    let last = Rc::new(RefCell::new(Rc::default()));
    let fetch = move |abort| {
        let (connection, base, id) = (connection.clone(), base.clone(), id.clone());
        whole(connection, base, id, Rc::clone(&last), abort)
    };
    let handover = RefCell::new(None);
    let moving = move |group: &Group, now| {
        let Detail {
            status, sessions, ..
        } = group.detail.as_ref();
        let mut handover = handover.borrow_mut();
        transition::group(&mut handover, &group.configuration, status, sessions, now)
    };
    Live::new(fetch, moving)
}

/// The list of sessions that was read last, and its text.
#[derive(Default)]
struct LastRead {
    text: ReadText,
    detail: Option<Arc<Detail>>,
}

/// Turns a 404 for the sessions or the status of a group into an unreadable answer: the group itself was just read, so it
/// is not gone, as a 404 means by the contract.
fn of_a_group_that_is_there(failure: Failure) -> Failure {
    match &failure {
        Failure::Vendor(error) if error.status == 404 => Failure::Unreadable(Unreadable {
            status: error.status,
            problem: "the group is there, and its status or its sessions are said not to be (404)"
                .to_owned(),
            excerpt: failure.in_full(),
        }),
        _ => failure,
    }
}

async fn whole(
    connection: String,
    base: aveva::Base,
    id: String,
    last: Rc<RefCell<Rc<LastRead>>>,
    abort: AbortController,
) -> Result<Arrived<Group>, Failure> {
    let purpose = Purpose::Poll(&abort);
    let groups = aveva::groups(&base);
    let (configuration, status) = (groups.get(&id), groups.status(&id));
    let sessions = aveva::sessions(&base, &id).list();
    let before = Rc::clone(&last.borrow());
    let known = before.detail.as_ref();
    let known = known.map_or(&[][..], |detail| &detail.sessions);
    let requested_at = clock::now();
    // At once, and not one after the other: on a slow line each takes as long as all.
    let (configuration, status, sessions) = join3(
        send(&connection, &configuration, purpose),
        send(&connection, &status, purpose),
        send_sessions(&connection, &sessions, purpose, (&before.text, known)),
    )
    .await;
    let configuration = configuration?;
    let status = status.map_err(of_a_group_that_is_there)?;
    let (sessions, text) = sessions.map_err(of_a_group_that_is_there)?;
    let age = status.age.max(sessions.age);
    let detail = Arc::new(Detail {
        status: status.value,
        sessions: sessions.value.items,
        left_out: sessions.value.left_out,
        requested_at: requested_at - age,
    });
    last.replace(Rc::new(LastRead {
        text,
        detail: Some(Arc::clone(&detail)),
    }));
    Ok(Arrived {
        value: Group {
            configuration: configuration.value,
            detail,
        },
        date: status.date,
        age,
    })
}

#[cfg(test)]
mod tests {
    use super::of_a_group_that_is_there;
    use crate::api::Failure;
    use vendors::call::VendorError;

    #[test]
    fn a_group_that_was_answered_is_not_gone_because_its_sessions_are_not_found() {
        let of = |status| {
            let error = VendorError {
                status,
                message: "no sessions".to_owned(),
                operation_id: Some("7".to_owned()),
                ..VendorError::default()
            };
            of_a_group_that_is_there(Failure::Vendor(Box::new(error)))
        };
        assert!(!of(404).is_missing());
        let Failure::Unreadable(why) = of(404) else {
            panic!("{:?}", of(404));
        };
        assert!(why.excerpt.contains("no sessions"), "{why:?}");
        assert!(why.excerpt.contains("Operation id: 7"), "{why:?}");
        assert!(matches!(of(403), Failure::Vendor(error) if error.status == 403));
    }
}
