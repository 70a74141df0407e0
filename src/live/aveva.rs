//! One AVEVA group for its page: configuration, status and sessions.

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

/// An AVEVA group with its status and sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The group's configuration.
    pub configuration: GroupConfiguration,
    /// The group's status and sessions.
    pub detail: Arc<Detail>,
}

/// The status and sessions of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// The time of the request by the browser's clock. It is the first field, so that the derived comparison of two
    /// readings usually stops before the sessions.
    pub requested_at: Millis,
    /// The roles as the service reports them.
    pub status: GroupStatus,
    /// The group's sessions.
    pub sessions: Vec<ClientSession>,
    /// Items of the list of sessions that could not be used.
    pub left_out: LeftOut,
}

impl Group {
    /// The group's name, or its id if it has none, such as a group created by adapters.
    #[must_use]
    pub fn name(&self) -> String {
        health::groups::group_name(&self.configuration).to_owned()
    }

    /// The verdict of `health` for the last reading. A normal verdict is not computed again each second, because it
    /// stays normal until the next reading; every other verdict contains ages.
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

    /// The current time and the time of the reading, by the vendor's clock.
    #[must_use]
    pub fn observation(&self, status: Status, clock: Clock) -> Observation {
        Observation {
            now: status.vendor_time(clock),
            observed_at: status.vendor_time_of(self.detail.requested_at),
        }
    }

    /// As [`Self::observation`], but the current time is untracked, for values that only a new reading changes.
    #[must_use]
    pub fn observation_when_read(&self, status: Status, clock: Clock) -> Observation {
        Observation {
            now: untrack(|| status.vendor_time(clock)),
            observed_at: status.vendor_time_of(self.detail.requested_at),
        }
    }
}

/// The leader of a group, and the order in which the others would be elected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Election {
    /// The primary session.
    pub primary: Option<ClientSession>,
    /// The session that was elected but has not confirmed yet.
    pub pending: Option<ClientSession>,
    /// The order of the others.
    pub succession: Succession,
}

/// The election of a group, computed for each reading and not each second: a group may have thousands of sessions.
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
        if succession.can_expire() {
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

/// Polls a group until the current owner is cleaned up.
#[must_use]
pub fn group(connection: String, base: aveva::Base, id: String) -> Live<Group> {
    let last = Rc::new(RefCell::new(Rc::default()));
    let fetch = move |abort| {
        let (connection, base, id) = (connection.clone(), base.clone(), id.clone());
        fetch_group(connection, base, id, Rc::clone(&last), abort)
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

/// The last list of sessions, and the text that it was read from.
#[derive(Default)]
struct LastRead {
    text: ReadText,
    detail: Option<Arc<Detail>>,
}

/// Turns a 404 for the sessions or the status of a group into an unreadable answer. By the contract a 404 means that
/// the group does not exist, but the group itself was just read.
fn unreadable_if_not_found(failure: Failure) -> Failure {
    match &failure {
        Failure::Vendor(error) if error.status == 404 => Failure::Unreadable(Unreadable {
            status: error.status,
            problem: "the group exists, but its status or sessions were not found (404)".to_owned(),
            excerpt: failure.in_full(),
        }),
        _ => failure,
    }
}

async fn fetch_group(
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
    // Concurrent requests, because on a slow line each takes as long as all of them.
    let (configuration, status, sessions) = join3(
        send(&connection, &configuration, purpose),
        send(&connection, &status, purpose),
        send_sessions(&connection, &sessions, purpose, (&before.text, known)),
    )
    .await;
    let configuration = configuration?;
    let status = status.map_err(unreadable_if_not_found)?;
    let (sessions, text) = sessions.map_err(unreadable_if_not_found)?;
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
    use super::unreadable_if_not_found;
    use crate::api::Failure;
    use vendors::call::VendorError;

    #[test]
    fn a_group_that_was_read_is_not_missing_if_its_sessions_are_not_found() {
        let of = |status| {
            let error = VendorError {
                status,
                message: "no sessions".to_owned(),
                operation_id: Some("7".to_owned()),
                ..VendorError::default()
            };
            unreadable_if_not_found(Failure::Vendor(Box::new(error)))
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
