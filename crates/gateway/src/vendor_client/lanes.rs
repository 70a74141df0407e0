//! Where requests to a vendor wait. Changes have places of their own, which no number of reads can fill. Reads
//! share theirs, and each person has a quota of them, in all sessions together: of a person who asks for very
//! much, only the quota waits beside the reads of the others. That is the fairness between people. Some places of
//! reads are for the watcher alone, so that what everybody sees stays fresh whatever people ask for.

use crate::credentials::Urgency;
use crate::lock::lock;
use crate::problem::{Kind, Problem};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// How many changes of one system run at a time.
const CHANGES: usize = 8;
/// How many reads of one system run at a time.
const READS: usize = 16;
/// How many reads of all people run at a time. The others are left to the watcher.
const OF_PEOPLE: usize = 12;
/// How many reads of one person run at a time.
const PER_PERSON: usize = 4;
/// How many reads of the watcher run at a time: as many groups as it reads together.
const PER_WATCHER: usize = 12;
/// With more people than this, those without a read are forgotten.
const MANY: usize = 64;

/// On whose behalf a request is sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// A change, or what an admin reads anew before or after one.
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

/// The places of one system.
#[derive(Debug)]
pub(super) struct Lanes {
    changes: Semaphore,
    reads: Semaphore,
    of_people: Semaphore,
    /// Where the vendor takes one request at a time, a quota of one makes people take turns.
    one_at_a_time: bool,
    quotas: Mutex<HashMap<Lane, Arc<Semaphore>>>,
}

/// Permission to send one request. Dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct LanePermit<'a> {
    _place: SemaphorePermit<'a>,
    _of_people: Option<SemaphorePermit<'a>>,
    _quota: Option<OwnedSemaphorePermit>,
}

impl Lanes {
    pub(super) fn new(one_at_a_time: bool) -> Self {
        Self {
            changes: Semaphore::new(CHANGES),
            reads: Semaphore::new(READS),
            of_people: Semaphore::new(OF_PEOPLE),
            one_at_a_time,
            quotas: Mutex::default(),
        }
    }

    /// Waits for a place, at most for `patience`. `None` when none became free.
    pub(super) async fn place(&self, lane: &Lane, patience: Duration) -> Option<LanePermit<'_>> {
        let wait = async {
            let quota = match self.quota(lane) {
                Some(quota) => Some(quota.acquire_owned().await.ok()?),
                None => None,
            };
            let (of_people, places) = match lane {
                Lane::Change => (None, &self.changes),
                Lane::Person(_) => (Some(self.of_people.acquire().await.ok()?), &self.reads),
                Lane::Watcher => (None, &self.reads),
            };
            Some(LanePermit {
                _place: places.acquire().await.ok()?,
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
            Lane::Person(_) => PER_PERSON,
            Lane::Watcher => PER_WATCHER,
        };
        let mut quotas = lock(&self.quotas);
        if quotas.len() >= MANY {
            // Each read that runs or waits holds its person's quota.
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

/// The problem for a request that found no place.
pub(super) fn no_place(title: &str) -> Problem {
    let detail = format!("too many requests to {title} are under way; this one was not sent");
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
        lanes.place(lane, PATIENCE).await
    }

    #[tokio::test(start_paused = true)]
    async fn reads_of_however_many_people_leave_the_places_of_changes_and_some_of_the_watcher_free()
    {
        let lanes = Lanes::new(false);
        let mut held = Vec::new();
        for number in 0..OF_PEOPLE {
            held.push(take(&lanes, &person(&number.to_string())).await.unwrap());
        }
        let another = person("another");
        let waiting = futures_util::future::join_all((0..60).map(|_| take(&lanes, &another)));
        let watching = async {
            let mut taken = Vec::new();
            for _ in OF_PEOPLE..READS {
                taken.push(take(&lanes, &Lane::Watcher).await.expect("a place"));
            }
            taken
        };
        let (waiting, watching) = tokio::join!(waiting, watching);
        assert!(waiting.iter().all(Option::is_none), "full");
        assert!(take(&lanes, &Lane::Watcher).await.is_none());
        drop(watching);
        for _ in 0..CHANGES {
            held.push(take(&lanes, &Lane::Change).await.unwrap());
        }
        assert!(take(&lanes, &Lane::Change).await.is_none());
        held.truncate(OF_PEOPLE - 1);
        assert!(take(&lanes, &another).await.is_some());
        assert!(take(&lanes, &Lane::Change).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_has_a_quota_and_waits_beside_the_others_with_no_more() {
        for (one_at_a_time, quota) in [(false, PER_PERSON), (true, 1)] {
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
    async fn people_without_a_read_are_forgotten() {
        let lanes = Lanes::new(false);
        let held = take(&lanes, &person("held")).await;
        for number in 0..1_000 {
            drop(take(&lanes, &person(&number.to_string())).await);
            assert!(lanes.quotas.lock().unwrap().len() <= MANY);
        }
        let quota = lanes.quota(&person("held")).unwrap();
        assert_eq!(quota.available_permits(), PER_PERSON - 1);
        drop(held);
    }
}
