//! Ids that are valid once and were used: sign-ins at a provider and unlock codes. They expire within minutes. Of
//! sign-ins this gateway's memory is enough, because the provider takes a code once; unlock codes are kept besides.

use crate::lock::lock;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// How many ids are kept. The oldest is dropped first.
const MAX_USED_IDS: usize = 10_000;

/// The ids, with when they were used.
#[derive(Debug, Default)]
pub(crate) struct UsedIds(Mutex<HashMap<String, Duration>>);

impl UsedIds {
    /// Marks an id as used. Returns whether it was still valid before.
    pub(crate) fn add(&self, number: &str, now: Duration) -> bool {
        let mut used = lock(&self.0);
        let first = used.insert(number.to_owned(), now).is_none();
        if used.len() > MAX_USED_IDS {
            let oldest = used.iter().min_by_key(|(_, at)| **at);
            if let Some(number) = oldest.map(|(number, _)| number.clone()) {
                used.remove(&number);
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_ids_are_kept() {
        let used = UsedIds::default();
        for number in 0..=MAX_USED_IDS {
            let now = Duration::from_secs(number as u64);
            assert!(used.add(&number.to_string(), now));
        }
        assert!(!used.add("1", Duration::from_secs(MAX_USED_IDS as u64)));
        assert!(!used.add(
            &MAX_USED_IDS.to_string(),
            Duration::from_secs(MAX_USED_IDS as u64)
        ));
        assert!(
            used.add("0", Duration::from_secs(MAX_USED_IDS as u64)),
            "dropped"
        );
    }
}
