//! The activity as it grows: the newest entries as they arrive, and older ones as somebody asks for them.

use super::{Live, sort, use_watched};
use crate::api::activity::{Activity, ActivityEntry, read};
use crate::api::{Arrived, Failure};
use crate::on_change::{on_change, on_change_since};
use leptos::prelude::*;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use web_sys::AbortController;

/// How often it is asked while nothing is known to happen.
const SELDOM: Duration = Duration::from_secs(600);

/// How many entries are kept of a page that stays open for weeks; those that stand above it can be had again.
const KEPT: usize = 500;
/// The same while somebody reads further below.
const KEPT_BELOW: usize = 5_000;

/// Entries, newest first.
type Entries = Vec<Arc<ActivityEntry>>;

/// What is known of the activity.
#[derive(Debug, Clone, Default, PartialEq)]
struct LoadedEntries {
    entries: Entries,
    /// What to ask with for the older ones.
    older: Option<String>,
}

/// The entries that a query leaves, as they refresh.
#[derive(Clone, Copy)]
pub struct Feed {
    /// The newest ones.
    pub newest: Live<Activity>,
    known: RwSignal<LoadedEntries>,
    /// Whether older ones are being read.
    pub is_reading: RwSignal<bool>,
    /// Why older ones could not be read.
    pub failure: RwSignal<Option<Failure>>,
    query: StoredValue<String>,
}

/// Asks the gateway again when its inventory says that something has happened, and seldom otherwise.
pub(super) fn when_something_happens<T, F>(
    fetch: impl Fn(AbortController) -> F + 'static,
) -> Live<T>
where
    T: PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    let live = Live::every(SELDOM, move |abort| {
        let answer = fetch(abort);
        async move { Ok(Arrived::now(answer.await?)) }
    });
    let happened = use_watched().activity();
    on_change_since(move |before: Option<u64>| {
        let now = happened.get();
        if before.is_some_and(|before| before != now) {
            live.status.refresh();
        }
        now
    });
    live
}

/// Begins to follow what a query leaves, until the current owner is cleaned up.
#[must_use]
pub fn feed(query: String) -> Feed {
    let asked = query.clone();
    let newest = when_something_happens(move |abort| {
        let query = asked.clone();
        async move { read(&query, Some(&abort)).await }
    });
    let known = RwSignal::new(LoadedEntries::default());
    on_change(move || {
        if let Some(page) = newest.value() {
            known.update(|known| *known = with_newest(known, &page));
        }
    });
    Feed {
        newest,
        known,
        is_reading: RwSignal::new(false),
        failure: RwSignal::new(None),
        query: StoredValue::new(query),
    }
}

impl Feed {
    /// Everything that is known, newest first.
    #[must_use]
    pub fn entries(self) -> Entries {
        self.known.read().entries.clone()
    }

    /// Whether there are older ones.
    #[must_use]
    pub fn has_older(self) -> bool {
        self.known.read().older.is_some()
    }

    /// Whether anything was read yet.
    #[must_use]
    pub fn is_read(self) -> bool {
        self.newest.value().is_some()
    }

    /// Forgets all but the newest page where there is too much, so that a page that stays open does not grow.
    /// `is_read_below` says whether somebody reads what would be forgotten.
    pub fn trim(self, is_read_below: bool) {
        let most = if is_read_below { KEPT_BELOW } else { KEPT };
        let too_many = self.known.read_untracked().entries.len() > most;
        if let Some(page) = self.newest.value_untracked().filter(|_| too_many) {
            self.known
                .set(with_newest(&LoadedEntries::default(), &page));
        }
    }

    /// Reads older ones, and then does what follows from them, unless the page was left.
    pub fn read_older(self, then: impl FnOnce() + 'static) {
        let Some(before) = self.known.read_untracked().older.clone() else {
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
                    let is_open = self.known.try_update(|known| {
                        // Where a refresh has begun anew meanwhile, these are not the next ones.
                        if known.older.as_ref() == Some(&before) {
                            known.entries.extend(page.entries.into_iter().map(Arc::new));
                            known.older = page.older;
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

/// What is known once the newest page was read again. Entries of changes that have ended take the place of what they
/// were. Where more is new than a page holds, what lies between is not known, and everything begins anew.
fn with_newest(known: &LoadedEntries, page: &Activity) -> LoadedEntries {
    let newest = || page.entries.iter().cloned().map(Arc::new);
    let first = known.entries.first();
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
    entries.extend(known.entries.iter().filter(is_old).cloned());
    sort(&mut entries, |a, b| (b.at, b.number).cmp(&(a.at, a.number)));
    LoadedEntries {
        entries,
        older: known.older.clone(),
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

    fn numbers(known: &LoadedEntries) -> Vec<i64> {
        known.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn a_change_that_has_ended_takes_the_place_of_what_it_was() {
        let first = with_newest(&LoadedEntries::default(), &page([2, 1].into_iter(), false));
        let again = Activity {
            entries: vec![entry(3, ""), entry(2, "done")],
            ..page([].into_iter(), true)
        };
        let known = with_newest(&first, &again);
        assert_eq!(numbers(&known), [3, 2, 1]);
        assert_eq!(known.entries[1].outcome, "done");
        assert_eq!(known.older, first.older, "from the oldest that is known");
    }

    #[test]
    fn where_something_lies_between_everything_begins_anew() {
        let first = with_newest(&LoadedEntries::default(), &page([2, 1].into_iter(), false));
        let later = with_newest(&first, &page([9, 8].into_iter(), true));
        assert_eq!(
            (numbers(&later), later.older),
            (vec![9, 8], Some("x".to_owned()))
        );
    }

    proptest! {
        /// However much comes between two refreshes, the list has no gap and no repeat.
        #[test]
        fn the_list_has_no_gap(steps in prop::collection::vec(0_i64..9, 1..12)) {
            let (mut known, mut last) = (LoadedEntries::default(), 0);
            for step in steps {
                last += step;
                let first = (last - 5).max(0);
                known = with_newest(&known, &page((first + 1..=last).rev(), first > 0));
                let shown = numbers(&known);
                let expected: Vec<i64> = (1..=last).rev().take(shown.len()).collect();
                prop_assert_eq!(shown, expected);
            }
        }
    }
}
