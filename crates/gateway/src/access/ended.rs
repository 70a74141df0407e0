//! What is good once only, and was: sessions that people ended themselves, and the beginnings of
//! sign-ins that came to their end. A copy of either is no longer good at this gateway. Other gateways do not
//! hear of it; there a session's copy ends with its time, or with the shared key.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many are remembered; the oldest goes first.
const MOST: usize = 10_000;

/// The numbers of ended sessions and when they ended.
#[derive(Debug, Default)]
pub(crate) struct Ended(Mutex<HashMap<String, Duration>>);

impl Ended {
    /// Remembers a number as ended. Whether it had not ended before.
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

    /// Whether it ended.
    pub(crate) fn holds(&self, number: &str) -> bool {
        self.ended().contains_key(number)
    }

    fn ended(&self) -> MutexGuard<'_, HashMap<String, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered() {
        let ended = Ended::default();
        for number in 0..=MOST {
            let now = Duration::from_secs(number as u64);
            assert!(ended.add(&number.to_string(), now));
        }
        assert!(!ended.add("1", Duration::from_secs(MOST as u64)));
        assert!(!ended.holds("0"));
        assert!(ended.holds("1") && ended.holds(&MOST.to_string()));
        assert!(!ended.holds("x"));
    }
}
