//! Allows one writer per group at a time. Groups without writers take up no memory.
//!
//! A group is identified by its id alone: one service may be configured under several addresses, and ids are unique. If
//! two services used the same id, their writers would only wait for each other.

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
    /// The number of writers with a [`QueuePlace`].
    places: usize,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A place in a group's queue. Dropping it leaves the queue.
#[derive(Debug)]
pub(crate) struct QueuePlace<'a> {
    locks: &'a GroupLocks,
    group: String,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl GroupLocks {
    /// Joins the queue of a group.
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

    /// The number of writers of a group.
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

/// The problem when another writer, here or at another gateway, holds the group for too long.
pub(crate) fn under_way() -> Problem {
    let detail = "other changes to this group are still in progress; nothing was sent";
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
    async fn writers_wait_for_others_of_their_group_only() {
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
        assert_eq!(lock(&locks.0).len(), 1, "one writer still waits");
        drop(second);
        assert!(lock(&locks.0).is_empty());
    }
}
