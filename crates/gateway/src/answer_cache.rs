//! Answers that many ask for at the same time, made once. Knows nothing of what they hold.

use crate::lock::lock;
use crate::single_flight::SingleFlight;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

/// The most answers that are kept.
const MOST: usize = 64;

/// The latest answers, by what they answer.
#[derive(Debug)]
pub(crate) struct AnswerCache<K, V> {
    slots: Mutex<HashMap<K, Arc<SingleFlight<V>>>>,
}

impl<K, V> Default for AnswerCache<K, V> {
    fn default() -> Self {
        Self {
            slots: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash, V: Clone> AnswerCache<K, V> {
    /// The answer of this key, as long as it `serves`; otherwise one that is made now, for all who wait for it.
    /// Answers whose keys are not `current` are dropped.
    pub(crate) async fn get<F: Future<Output = V>>(
        &self,
        key: K,
        current: impl Fn(&K) -> bool,
        serves: impl Fn(&V) -> bool,
        make: impl FnOnce() -> F,
    ) -> V {
        let slot = {
            let mut slots = lock(&self.slots);
            slots.retain(|key, _| current(key));
            if slots.len() >= MOST && !slots.contains_key(&key) {
                slots.clear();
            }
            slots.entry(key).or_default().clone()
        };
        let fetched = slot.get(|fetched| serves(&fetched.value), |_| make());
        fetched.await.value
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.slots).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn many_share_one_answer_and_old_ones_are_dropped() {
        let (cache, made) = (AnswerCache::<u32, u32>::default(), AtomicU32::new(0));
        let ask = async |key, serves| {
            let make = async || made.fetch_add(1, Ordering::SeqCst);
            cache.get(key, |held| *held >= key, |_| serves, make).await
        };
        assert_eq!(ask(1, true).await, 0);
        assert_eq!(ask(1, true).await, 0);
        assert_eq!(ask(1, false).await, 1, "too old");
        assert_eq!(ask(2, true).await, 2);
        assert_eq!(cache.len(), 1, "another revision");
        for key in 0..1_000 {
            let make = async || key;
            cache.get(key, |_| true, |_| true, make).await;
            assert!(cache.len() <= MOST);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_who_ask_at_the_same_time_cost_one_answer() {
        let (cache, made) = (AnswerCache::<u32, u32>::default(), AtomicU32::new(0));
        let ask = || {
            let make = async || {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                made.fetch_add(1, Ordering::SeqCst) + 1
            };
            cache.get(7, |_| true, |_| true, make)
        };
        let answers = futures_util::future::join_all((0..1_000).map(|_| ask())).await;
        assert!(answers.iter().all(|answer| *answer == 1));
    }
}
