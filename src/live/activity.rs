//! The activity: the newest entries as they arrive, and older ones on request.

use super::{Live, sort, use_watched};
use crate::api::activity::{Activity, ActivityEntry, read};
use crate::api::{Arrived, Failure};
use crate::on_change::{on_change, on_change_since};
use leptos::prelude::*;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use web_sys::AbortController;

/// The polling interval while the inventory reports no new activity.
const IDLE_INTERVAL: Duration = Duration::from_secs(600);

/// The maximum number of entries that a page keeps while it stays open. Older ones can be loaded again.
const MAX_ENTRIES: usize = 500;
/// The same limit while the user reads older entries.
const MAX_ENTRIES_SCROLLED: usize = 5_000;

/// Entries, newest first.
type Entries = Vec<Arc<ActivityEntry>>;

/// The loaded part of the activity.
#[derive(Debug, Clone, Default, PartialEq)]
struct LoadedEntries {
    entries: Entries,
    /// The cursor for older entries.
    older: Option<String>,
}

/// The entries that match a query, as they refresh.
#[derive(Clone, Copy)]
pub struct Feed {
    /// The newest entries.
    pub newest: Live<Activity>,
    loaded: RwSignal<LoadedEntries>,
    /// Whether older entries are being loaded.
    pub is_reading: RwSignal<bool>,
    /// Why older entries could not be loaded.
    pub failure: RwSignal<Option<Failure>>,
    query: StoredValue<String>,
}

/// Polls the gateway when its inventory reports new activity, and rarely otherwise.
pub(super) fn poll_on_activity<T, F>(fetch: impl Fn(AbortController) -> F + 'static) -> Live<T>
where
    T: PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    let live = Live::every(IDLE_INTERVAL, move |abort| {
        let answer = fetch(abort);
        async move { Ok(Arrived::now(answer.await?)) }
    });
    let activity = use_watched().activity();
    on_change_since(move |before: Option<u64>| {
        let now = activity.get();
        if before.is_some_and(|before| before != now) {
            live.status.refresh();
        }
        now
    });
    live
}

/// Follows the entries that match a query, until the current owner is cleaned up.
#[must_use]
pub fn feed(query: String) -> Feed {
    let polled_query = query.clone();
    let newest = poll_on_activity(move |abort| {
        let query = polled_query.clone();
        async move { read(&query, Some(&abort)).await }
    });
    let loaded = RwSignal::new(LoadedEntries::default());
    on_change(move || {
        if let Some(page) = newest.value() {
            loaded.update(|loaded| *loaded = with_newest(loaded, &page));
        }
    });
    Feed {
        newest,
        loaded,
        is_reading: RwSignal::new(false),
        failure: RwSignal::new(None),
        query: StoredValue::new(query),
    }
}

impl Feed {
    /// All loaded entries, newest first.
    #[must_use]
    pub fn entries(self) -> Entries {
        self.loaded.read().entries.clone()
    }

    /// Whether the gateway has older entries.
    #[must_use]
    pub fn has_older(self) -> bool {
        self.loaded.read().older.is_some()
    }

    /// Whether the first answer has arrived.
    #[must_use]
    pub fn is_read(self) -> bool {
        self.newest.value().is_some()
    }

    /// Drops all but the newest page if there are too many entries, so that a page that stays open does not grow.
    /// `is_scrolled`: whether the user reads entries that would be dropped.
    pub fn trim(self, is_scrolled: bool) {
        let max = if is_scrolled {
            MAX_ENTRIES_SCROLLED
        } else {
            MAX_ENTRIES
        };
        let too_many = self.loaded.read_untracked().entries.len() > max;
        if let Some(page) = self.newest.value_untracked().filter(|_| too_many) {
            self.loaded
                .set(with_newest(&LoadedEntries::default(), &page));
        }
    }

    /// Loads older entries, and then calls `then`, unless the page was left.
    pub fn read_older(self, then: impl FnOnce() + 'static) {
        let Some(before) = self.loaded.read_untracked().older.clone() else {
            return;
        };
        if self.is_reading.get_untracked() {
            return;
        }
        self.is_reading.set(true);
        let query = self.query.get_value();
        leptos::task::spawn_local(async move {
            let answer = read(&format!("{query}&before={before}"), None).await;
            let _ = self.is_reading.try_set(false);
            match answer {
                Ok(page) => {
                    let _ = self.failure.try_set(None);
                    let is_open = self.loaded.try_update(|loaded| {
                        // If a refresh has replaced the list meanwhile, these entries do not follow it.
                        if loaded.older.as_ref() == Some(&before) {
                            loaded
                                .entries
                                .extend(page.entries.into_iter().map(Arc::new));
                            loaded.older = page.older;
                        }
                    });
                    if is_open.is_some() {
                        then();
                    }
                }
                Err(failure) => {
                    let _ = self.failure.try_set(Some(failure));
                }
            }
        });
    }
}

/// Merges the newest page into the loaded entries. A newer version of an entry replaces it. If there are more new
/// entries than a page holds, the ones between are missing, so the list starts over with this page.
fn with_newest(loaded: &LoadedEntries, page: &Activity) -> LoadedEntries {
    let newest = || page.entries.iter().cloned().map(Arc::new);
    let first = loaded.entries.first();
    let reaches = |first: &Arc<ActivityEntry>| {
        let mut numbers = page.entries.iter().map(|entry| entry.number);
        page.older.is_none() || numbers.any(|number| number == first.number)
    };
    if !first.is_some_and(reaches) {
        return LoadedEntries {
            entries: newest().collect(),
            older: page.older.clone(),
        };
    }
    let mut entries: Entries = newest().collect();
    let is_old = |entry: &&Arc<ActivityEntry>| {
        let mut new = page.entries.iter();
        new.all(|new| new.number != entry.number)
    };
    entries.extend(loaded.entries.iter().filter(is_old).cloned());
    sort(&mut entries, |a, b| (b.at, b.number).cmp(&(a.at, a.number)));
    LoadedEntries {
        entries,
        older: loaded.older.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Activity, LoadedEntries, with_newest};
    use crate::api::activity::ActivityEntry;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn entry(number: i64, outcome: &str) -> ActivityEntry {
        let json = format!(
            r#"{{"number":{number},"at":{},"kind":"change","severity":"normal","what":"","outcome":"{outcome}"}}"#,
            number * 1_000
        );
        serde_json::from_str(&json).expect("an entry")
    }

    fn page(numbers: impl Iterator<Item = i64>, has_older: bool) -> Activity {
        Activity {
            now: DateTime::UNIX_EPOCH,
            entries: numbers.map(|number| entry(number, "")).collect(),
            older: has_older.then(|| "x".to_owned()),
            complete_since: None,
        }
    }

    fn numbers(loaded: &LoadedEntries) -> Vec<i64> {
        loaded.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn a_newer_version_of_an_entry_replaces_it() {
        let first = with_newest(&LoadedEntries::default(), &page([2, 1].into_iter(), false));
        let again = Activity {
            entries: vec![entry(3, ""), entry(2, "done")],
            ..page([].into_iter(), true)
        };
        let loaded = with_newest(&first, &again);
        assert_eq!(numbers(&loaded), [3, 2, 1]);
        assert_eq!(loaded.entries[1].outcome, "done");
        assert_eq!(loaded.older, first.older, "the cursor of the oldest entry");
    }

    #[test]
    fn the_list_starts_over_if_entries_between_are_missing() {
        let first = with_newest(&LoadedEntries::default(), &page([2, 1].into_iter(), false));
        let later = with_newest(&first, &page([9, 8].into_iter(), true));
        assert_eq!(
            (numbers(&later), later.older),
            (vec![9, 8], Some("x".to_owned()))
        );
    }

    proptest! {
        /// Any number of entries may arrive between two refreshes.
        #[test]
        fn the_list_has_no_gap_and_no_duplicate(steps in prop::collection::vec(0_i64..9, 1..12)) {
            let (mut loaded, mut last) = (LoadedEntries::default(), 0);
            for step in steps {
                last += step;
                let first = (last - 5).max(0);
                loaded = with_newest(&loaded, &page((first + 1..=last).rev(), first > 0));
                let shown = numbers(&loaded);
                let expected: Vec<i64> = (1..=last).rev().take(shown.len()).collect();
                prop_assert_eq!(shown, expected);
            }
        }
    }
}
