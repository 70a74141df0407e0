//! A cache of responses that many clients request at the same time, so that each is made once.

use crate::lock::lock;
use crate::single_flight::SingleFlight;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

/// The maximum number of cached answers.
const MAX_ANSWERS: usize = 64;

/// The latest answers by key.
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
    /// Returns the cached answer of a key if it `is_usable`. Otherwise makes one, which all callers that wait share.
    /// Drops the answers whose keys are not `current`.
    pub(crate) async fn get<F: Future<Output = V>>(
        &self,
        key: K,
        current: impl Fn(&K) -> bool,
        is_usable: impl Fn(&V) -> bool,
        make: impl FnOnce() -> F,
    ) -> V {
        let slot = {
            let mut slots = lock(&self.slots);
            slots.retain(|key, _| current(key));
            if slots.len() >= MAX_ANSWERS && !slots.contains_key(&key) {
                slots.clear();
            }
            slots.entry(key).or_default().clone()
        };
        let fetched = slot.get(|fetched| is_usable(&fetched.value), |_| make());
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
    async fn callers_share_one_answer_and_obsolete_answers_are_dropped() {
        let (cache, made) = (AnswerCache::<u32, u32>::default(), AtomicU32::new(0));
        let request = async |key, is_usable| {
            let make = async || made.fetch_add(1, Ordering::SeqCst);
            cache
                .get(key, |held| *held >= key, |_| is_usable, make)
                .await
        };
        assert_eq!(request(1, true).await, 0);
        assert_eq!(request(1, true).await, 0);
        assert_eq!(request(1, false).await, 1, "too old");
        assert_eq!(request(2, true).await, 2);
        assert_eq!(cache.len(), 1, "another revision");
        for key in 0..1_000 {
            let make = async || key;
            cache.get(key, |_| true, |_| true, make).await;
            assert!(cache.len() <= MAX_ANSWERS);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_concurrent_callers_cost_one_answer() {
        let (cache, made) = (AnswerCache::<u32, u32>::default(), AtomicU32::new(0));
        let request = || {
            let make = async || {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                made.fetch_add(1, Ordering::SeqCst) + 1
            };
            cache.get(7, |_| true, |_| true, make)
        };
        let answers = futures_util::future::join_all((0..1_000).map(|_| request())).await;
        assert!(answers.iter().all(|answer| *answer == 1));
    }
}
