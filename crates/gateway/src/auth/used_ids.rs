//! Used ids of sign-ins at a provider and of unlock codes, which are valid once and expire within minutes. For
//! sign-ins, memory is enough, because the provider accepts a code only once; used unlock codes are also saved.

use crate::lock::lock;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// The maximum number of ids. The oldest is dropped first.
const MAX_USED_IDS: usize = 10_000;

/// The ids, each with the time of its use.
#[derive(Debug, Default)]
pub(crate) struct UsedIds(Mutex<HashMap<String, Duration>>);

impl UsedIds {
    /// Marks an id as used. Returns whether it was unused before.
    pub(crate) fn add(&self, id: &str, now: Duration) -> bool {
        let mut used = lock(&self.0);
        let first = used.insert(id.to_owned(), now).is_none();
        if used.len() > MAX_USED_IDS {
            let oldest = used.iter().min_by_key(|(_, at)| **at);
            if let Some(id) = oldest.map(|(id, _)| id.clone()) {
                used.remove(&id);
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
        for id in 0..=MAX_USED_IDS {
            let now = Duration::from_secs(id as u64);
            assert!(used.add(&id.to_string(), now));
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
