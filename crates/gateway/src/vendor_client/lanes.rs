//! The queues for requests to a vendor. Changes have slots of their own, which reads cannot use up. Reads share their
//! slots, and each person has a quota over all sessions, so that a person with many reads cannot delay the others. Some
//! read slots are reserved for the watcher, so that the inventory stays fresh under load.

use crate::credentials::Urgency;
use crate::lock::lock;
use crate::problem::{Kind, Problem};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// The number of changes of one system that run at a time.
const MAX_CHANGES: usize = 8;
/// The number of reads of one system that run at a time.
const MAX_READS: usize = 16;
/// The number of reads of all people that run at a time. The remaining slots are reserved for the watcher.
const MAX_READS_OF_PEOPLE: usize = 12;
/// The number of reads of one person that run at a time.
const MAX_READS_PER_PERSON: usize = 4;
/// The number of reads of the watcher that run at a time: as many groups as it reads together.
const MAX_READS_OF_WATCHER: usize = 12;
/// Beyond this number of people, quotas without a read are dropped.
const TIDY_ABOVE: usize = 64;

/// The origin of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// A change, or an admin's read before or after one.
    Change,
    /// A read for this person.
    Person(String),
    /// A read for the inventory.
    Watcher,
}

impl Lane {
    pub(super) fn urgency(&self) -> Urgency {
        match self {
            Self::Change => Urgency::Change,
            Self::Person(_) | Self::Watcher => Urgency::Read,
        }
    }
}

/// The queues of one system.
#[derive(Debug)]
pub(super) struct Lanes {
    changes: Semaphore,
    reads: Semaphore,
    of_people: Semaphore,
    /// For a vendor that takes one request at a time, a quota of one makes people take turns.
    one_at_a_time: bool,
    quotas: Mutex<HashMap<Lane, Arc<Semaphore>>>,
}

/// Permission to send one request. Dropping it admits the next one.
#[derive(Debug)]
pub(super) struct LanePermit<'a> {
    _slot: SemaphorePermit<'a>,
    _of_people: Option<SemaphorePermit<'a>>,
    _quota: Option<OwnedSemaphorePermit>,
}

impl Lanes {
    pub(super) fn new(one_at_a_time: bool) -> Self {
        Self {
            changes: Semaphore::new(MAX_CHANGES),
            reads: Semaphore::new(MAX_READS),
            of_people: Semaphore::new(MAX_READS_OF_PEOPLE),
            one_at_a_time,
            quotas: Mutex::default(),
        }
    }

    /// Waits for a slot, for at most `patience`. `None` if none became free.
    pub(super) async fn slot(&self, lane: &Lane, patience: Duration) -> Option<LanePermit<'_>> {
        let wait = async {
            let quota = match self.quota(lane) {
                Some(quota) => Some(quota.acquire_owned().await.ok()?),
                None => None,
            };
            let (of_people, slots) = match lane {
                Lane::Change => (None, &self.changes),
                Lane::Person(_) => (Some(self.of_people.acquire().await.ok()?), &self.reads),
                Lane::Watcher => (None, &self.reads),
            };
            Some(LanePermit {
                _slot: slots.acquire().await.ok()?,
                _of_people: of_people,
                _quota: quota,
            })
        };
        tokio::time::timeout(patience, wait).await.ok().flatten()
    }

    fn quota(&self, lane: &Lane) -> Option<Arc<Semaphore>> {
        let size = match lane {
            Lane::Change => return None,
            _ if self.one_at_a_time => 1,
            Lane::Person(_) => MAX_READS_PER_PERSON,
            Lane::Watcher => MAX_READS_OF_WATCHER,
        };
        let mut quotas = lock(&self.quotas);
        if quotas.len() >= TIDY_ABOVE {
            // Each running or waiting read holds its person's quota.
            quotas.retain(|_, quota| Arc::strong_count(quota) > 1);
        }
        let quota = quotas.entry(lane.clone());
        Some(
            quota
                .or_insert_with(|| Arc::new(Semaphore::new(size)))
                .clone(),
        )
    }
}

/// The problem for a request that got no slot.
pub(super) fn no_slot(title: &str) -> Problem {
    let detail = format!("too many requests to {title} are in progress; this one was not sent");
    Problem {
        retry_after: Some(5),
        ..Problem::new(Kind::Overloaded, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn person(name: &str) -> Lane {
        Lane::Person(name.to_owned())
    }

    async fn take<'l>(lanes: &'l Lanes, lane: &Lane) -> Option<LanePermit<'l>> {
        lanes.slot(lane, PATIENCE).await
    }

    #[tokio::test(start_paused = true)]
    async fn reads_of_people_leave_slots_for_changes_and_the_watcher() {
        let lanes = Lanes::new(false);
        let mut held = Vec::new();
        for number in 0..MAX_READS_OF_PEOPLE {
            held.push(take(&lanes, &person(&number.to_string())).await.unwrap());
        }
        let another = person("another");
        let waiting = futures_util::future::join_all((0..60).map(|_| take(&lanes, &another)));
        let watching = async {
            let mut taken = Vec::new();
            for _ in MAX_READS_OF_PEOPLE..MAX_READS {
                taken.push(take(&lanes, &Lane::Watcher).await.expect("a slot"));
            }
            taken
        };
        let (waiting, watching) = tokio::join!(waiting, watching);
        assert!(waiting.iter().all(Option::is_none), "full");
        assert!(take(&lanes, &Lane::Watcher).await.is_none());
        drop(watching);
        for _ in 0..MAX_CHANGES {
            held.push(take(&lanes, &Lane::Change).await.unwrap());
        }
        assert!(take(&lanes, &Lane::Change).await.is_none());
        held.truncate(MAX_READS_OF_PEOPLE - 1);
        assert!(take(&lanes, &another).await.is_some());
        assert!(take(&lanes, &Lane::Change).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_over_the_quota_does_not_delay_others() {
        for (one_at_a_time, quota) in [(false, MAX_READS_PER_PERSON), (true, 1)] {
            let lanes = Lanes::new(one_at_a_time);
            let mut greedy = Vec::new();
            for _ in 0..quota {
                greedy.push(take(&lanes, &person("greedy")).await.unwrap());
            }
            let (lane, other) = (person("greedy"), person("other"));
            let more = futures_util::future::join_all((0..60).map(|_| take(&lanes, &lane)));
            let (more, other, watcher) =
                tokio::join!(more, take(&lanes, &other), take(&lanes, &Lane::Watcher));
            assert!(more.iter().all(Option::is_none), "{one_at_a_time}");
            assert!(other.is_some() && watcher.is_some(), "{one_at_a_time}");
            drop(greedy);
            assert!(take(&lanes, &person("greedy")).await.is_some());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn quotas_of_people_without_reads_are_dropped() {
        let lanes = Lanes::new(false);
        let held = take(&lanes, &person("held")).await;
        for number in 0..1_000 {
            drop(take(&lanes, &person(&number.to_string())).await);
            assert!(lanes.quotas.lock().unwrap().len() <= TIDY_ABOVE);
        }
        let quota = lanes.quota(&person("held")).unwrap();
        assert_eq!(quota.available_permits(), MAX_READS_PER_PERSON - 1);
        drop(held);
    }
}
