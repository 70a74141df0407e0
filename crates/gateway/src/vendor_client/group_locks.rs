//! Allows one writer at a time per group. Keeps nothing about groups without a writer.
//!
//! A group is known by its id alone: one service may be configured under several addresses, and ids of groups are not
//! given twice. Should two services have given the same, its writers only wait for each other.

use crate::lock::lock;
use crate::problem::{Kind, Problem};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The writers of each group, active and waiting.
#[derive(Debug, Default)]
pub(crate) struct GroupLocks(Mutex<HashMap<String, Queue>>);

#[derive(Debug, Default)]
struct Queue {
    /// How many writers hold a [`QueuePlace`].
    places: usize,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A place in a group's queue. Dropping it gives it up.
#[derive(Debug)]
pub(crate) struct QueuePlace<'a> {
    locks: &'a GroupLocks,
    group: String,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl GroupLocks {
    /// Queues for a group.
    pub(crate) fn queue(&self, group: &str) -> QueuePlace<'_> {
        let mut queues = lock(&self.0);
        let queue = queues.entry(group.to_owned()).or_default();
        queue.places += 1;
        QueuePlace {
            locks: self,
            group: group.to_owned(),
            turn: queue.turn.clone(),
        }
    }

    /// How many writers a group has.
    #[cfg(test)]
    pub(crate) fn places(&self, group: &str) -> usize {
        lock(&self.0).get(group).map_or(0, |queue| queue.places)
    }
}

impl QueuePlace<'_> {
    /// Waits until all earlier writers are done, at most for `patience`. The returned guard keeps later
    /// writers out.
    ///
    /// # Errors
    /// The wait took too long.
    pub(crate) async fn turn(
        &self,
        patience: Duration,
    ) -> Result<tokio::sync::MutexGuard<'_, ()>, Problem> {
        let turn = tokio::time::timeout(patience, self.turn.lock());
        turn.await.map_err(|_| under_way())
    }
}

/// Somebody else changes the group, here or at another gateway, and takes too long.
pub(crate) fn under_way() -> Problem {
    let detail = "other changes to this group are still under way; nothing was sent";
    Problem {
        retry_after: Some(5),
        ..Problem::new(Kind::Timeout, detail)
    }
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        let mut queues = lock(&self.locks.0);
        if let Some(queue) = queues.get_mut(&self.group) {
            queue.places -= 1;
            if queue.places == 0 {
                queues.remove(&self.group);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn writers_of_one_group_wait_and_those_of_another_do_not() {
        let locks = GroupLocks::default();
        let (first, second, other) = (locks.queue("a"), locks.queue("a"), locks.queue("b"));
        let turn = first.turn(PATIENCE).await.unwrap();
        let late = second.turn(PATIENCE).await.unwrap_err();
        assert_eq!((late.kind, late.retry_after), (Kind::Timeout, Some(5)));
        drop(other.turn(PATIENCE).await.unwrap());
        drop(turn);
        drop(second.turn(PATIENCE).await.unwrap());
    }

    #[tokio::test]
    async fn groups_without_writers_are_dropped() {
        let locks = GroupLocks::default();
        for number in 0..100 {
            let place = locks.queue(&number.to_string());
            let _turn = place.turn(PATIENCE).await.unwrap();
        }
        let (first, second) = (locks.queue("a"), locks.queue("a"));
        drop(first);
        assert_eq!(lock(&locks.0).len(), 1, "somebody still waits");
        drop(second);
        assert!(lock(&locks.0).is_empty());
    }
}
