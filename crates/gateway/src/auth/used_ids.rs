//! Ids that are valid once and were used: sign-ins at a provider and unlock codes. They expire within
//! minutes, so that this gateway's memory is enough.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many ids are kept. The oldest is dropped first.
const MOST: usize = 10_000;

/// The ids, with when they ended.
#[derive(Debug, Default)]
pub(crate) struct Ended(Mutex<HashMap<String, Duration>>);

impl Ended {
    /// Marks an id as ended. Returns whether it was still valid before.
    pub(crate) fn add(&self, number: &str, now: Duration) -> bool {
        let mut ended = self.ended();
        let first = ended.insert(number.to_owned(), now).is_none();
        if ended.len() > MOST {
            let oldest = ended.iter().min_by_key(|(_, at)| **at);
            if let Some(number) = oldest.map(|(number, _)| number.clone()) {
                ended.remove(&number);
            }
        }
        first
    }

    fn ended(&self) -> MutexGuard<'_, HashMap<String, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_ids_are_kept() {
        let ended = Ended::default();
        for number in 0..=MOST {
            let now = Duration::from_secs(number as u64);
            assert!(ended.add(&number.to_string(), now));
        }
        assert!(!ended.add("1", Duration::from_secs(MOST as u64)));
        assert!(!ended.add(&MOST.to_string(), Duration::from_secs(MOST as u64)));
        assert!(ended.add("0", Duration::from_secs(MOST as u64)), "dropped");
    }
}
