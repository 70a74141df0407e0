//! One writer at a time for each group. Knows nothing of what is written, and keeps nothing of a
//! group that nobody writes to.

use crate::problem::{Kind, Problem};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Who writes or waits, by group.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<HashMap<String, Queue>>);

#[derive(Debug, Default)]
struct Queue {
    /// How many hold a [`Place`].
    places: usize,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A place in a group's queue, given up when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    locks: &'a Locks,
    group: String,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Locks {
    /// Queues up for a group.
    pub(crate) fn queue(&self, group: &str) -> Place<'_> {
        let mut queues = self.queues();
        let queue = queues.entry(group.to_owned()).or_default();
        queue.places += 1;
        Place {
            locks: self,
            group: group.to_owned(),
            turn: queue.turn.clone(),
        }
    }

    /// How many write to a group or wait for it.
    #[cfg(test)]
    pub(crate) fn places(&self, group: &str) -> usize {
        self.queues().get(group).map_or(0, |queue| queue.places)
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<String, Queue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Waits until all who queued up before are done, at most this long. Nobody else writes until
    /// what is returned is dropped.
    ///
    /// # Errors
    /// The time is over.
    pub(crate) async fn turn(
        &self,
        patience: Duration,
    ) -> Result<tokio::sync::MutexGuard<'_, ()>, Problem> {
        tokio::time::timeout(patience, self.turn.lock())
            .await
            .map_err(|_| {
                let detail = "other changes to this group are still under way; nothing was sent";
                Problem {
                    retry_after: Some(5),
                    ..Problem::new(Kind::Timeout, detail)
                }
            })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut queues = self.locks.queues();
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
    async fn one_writes_at_a_time_and_another_group_does_not_wait() {
        let locks = Locks::default();
        let (first, second, other) = (locks.queue("a"), locks.queue("a"), locks.queue("b"));
        let turn = first.turn(PATIENCE).await.unwrap();
        let late = second.turn(PATIENCE).await.unwrap_err();
        assert_eq!((late.kind, late.retry_after), (Kind::Timeout, Some(5)));
        drop(other.turn(PATIENCE).await.unwrap());
        drop(turn);
        drop(second.turn(PATIENCE).await.unwrap());
    }

    #[tokio::test]
    async fn nothing_is_kept_of_groups_that_nobody_writes_to() {
        let locks = Locks::default();
        for number in 0..100 {
            let place = locks.queue(&number.to_string());
            let _turn = place.turn(PATIENCE).await.unwrap();
        }
        let (first, second) = (locks.queue("a"), locks.queue("a"));
        drop(first);
        assert_eq!(locks.queues().len(), 1, "somebody still waits");
        drop(second);
        assert!(locks.queues().is_empty());
    }
}
