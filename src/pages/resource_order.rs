//! The order of a list of resources, sorted again only when something that the order depends on has changed. Pure.

use crate::ui::table::sorting::SortOrder;
use crate::ui::table::stable_rows::keep_order;
use health::inventory::Resource;
use health::severity::Severity;
use health::sort;
use std::cmp::Ordering;
use std::sync::Arc;

/// Worst first.
pub(super) const WORST_FIRST: SortOrder = SortOrder {
    key: "state",
    descending: false,
};

/// The sort key of a column. Absent values come last in either direction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// No value.
    Absent,
}

impl From<Option<&str>> for SortKey {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Absent, |text| Self::Text(text.to_ascii_lowercase()))
    }
}

impl From<Option<i64>> for SortKey {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Absent, Self::Number)
    }
}

impl SortKey {
    /// Compares two keys in a sort order.
    pub(super) fn compare(&self, other: &Self, order: SortOrder) -> Ordering {
        match (self, other) {
            (Self::Absent, _) | (_, Self::Absent) => self.cmp(other),
            _ => order.turned(self.cmp(other)),
        }
    }
}

/// A resource and its effective severity.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) resource: Arc<Resource>,
    pub(super) severity: Severity,
}

impl PartialEq for Entry {
    /// An unchanged resource is shared with the previous revision, so comparing pointers is enough.
    fn eq(&self, other: &Self) -> bool {
        self.severity == other.severity && Arc::ptr_eq(&self.resource, &other.resource)
    }
}

/// The entries that the state chip includes, sorted.
#[derive(Clone, PartialEq)]
pub(super) struct Sorted {
    order: SortOrder,
    state: Option<String>,
    /// Whether rows were kept in their previous order.
    held: bool,
    pub(super) entries: Vec<Entry>,
    /// Indices of the entries, in order.
    pub(super) places: Vec<usize>,
}

impl Sorted {
    /// Sorts the entries. While `held`, entries that were listed before keep their places. If nothing that the order
    /// depends on has changed, the previous order is reused.
    pub(super) fn of(
        entries: Vec<Entry>,
        (order, state): (SortOrder, Option<String>),
        held: bool,
        before: Option<&Self>,
        key: impl Fn(&Resource) -> SortKey,
    ) -> Self {
        let before = before.filter(|before| before.order == order);
        let reusable = before.filter(|before| {
            // Connection titles are not part of the entries, so a changed title would go unnoticed.
            let is_comparable = before.state == state && order.key != "connection";
            is_comparable && (held || !before.held) && before.has_same_order(&entries, &key)
        });
        let places = reusable.map(|before| before.places.clone());
        let places = places.unwrap_or_else(|| {
            let mut places = sorted_places(&entries, order, key);
            if let Some(before) = before.filter(|_| held) {
                let key_of = |entry: &Entry| entry.resource.key.clone();
                let old = before.places.iter();
                let old = old.map(|place| key_of(&before.entries[*place]));
                keep_order(&mut places, old, |place| key_of(&entries[*place]));
            }
            places
        });
        Self {
            order,
            state,
            held,
            entries,
            places,
        }
    }

    /// Whether these entries have the same order: no severity, key, name or sort key has changed.
    fn has_same_order(&self, entries: &[Entry], key: impl Fn(&Resource) -> SortKey) -> bool {
        let is_same = |(before, now): (&Entry, &Entry)| {
            let (old, new) = (&before.resource, &now.resource);
            before == now
                || before.severity == now.severity
                    && (&old.key, &old.name) == (&new.key, &new.name)
                    && key(old) == key(new)
        };
        self.entries.len() == entries.len() && self.entries.iter().zip(entries).all(is_same)
    }
}

/// The indices of the entries in a sort order; equal entries by name, so that they do not jump between refreshes.
fn sorted_places(
    entries: &[Entry],
    order: SortOrder,
    key: impl Fn(&Resource) -> SortKey,
) -> Vec<usize> {
    let by_state = order.key == "state";
    let keyed = entries.iter().zip(0..).map(|(entry, place)| {
        let severity = by_state.then_some(entry.severity);
        (severity, key(&entry.resource), &entry.resource, place)
    });
    let mut keyed: Vec<_> = keyed.collect();
    sort(&mut keyed, |(one, a, left, _), (other, b, right, _)| {
        let by = order.turned(one.cmp(other));
        by.then_with(|| a.compare(b, order))
            .then_with(|| order.turned(by_name(left, right)))
    });
    keyed.into_iter().map(|(.., place)| place).collect()
}

/// Compares by name, ignoring ASCII case; equal names by key.
fn by_name(left: &Resource, right: &Resource) -> Ordering {
    fn lower(resource: &Resource) -> impl Iterator<Item = u8> {
        resource.name.bytes().map(|byte| byte.to_ascii_lowercase())
    }
    lower(left)
        .cmp(lower(right))
        .then_with(|| left.key.cmp(&right.key))
}

#[cfg(test)]
mod tests {
    use super::{Entry, SortKey, Sorted, WORST_FIRST, sorted_places};
    use crate::ui::table::sorting::SortOrder;
    use crate::ui::table::stable_rows::keep_order;
    use health::inventory::{Facts, Kind, Observed, Resource, ResourceKey};
    use health::severity::Severity;
    use health::verdict::Verdict;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn entry((id, name, severity): &(u8, String, usize)) -> Entry {
        let severity = Severity::ALL[severity % Severity::ALL.len()];
        let resource = Resource {
            key: ResourceKey {
                kind: Kind::FailoverGroup,
                connection: "plant-a".to_owned(),
                id: format!("{id:03}"),
            },
            name: name.clone(),
            verdict: Verdict::new(severity, "Normal", String::new()),
            observed: Observed::WithConnection,
            failure: None,
            unreadable: Vec::new(),
            also_on: Vec::new(),
            facts: Facts::None,
        };
        Entry {
            severity,
            resource: Arc::new(resource),
        }
    }

    fn key(resource: &Resource) -> SortKey {
        SortKey::from(Some(i64::try_from(resource.name.len()).unwrap_or(0)))
    }

    #[test]
    fn absent_values_are_sorted_last_in_either_direction() {
        // The sort key is the length of the name; an empty name has none.
        let names = ["b", "", "aaa", "cc"].map(str::to_owned);
        let entries: Vec<_> = (0..)
            .zip(names)
            .map(|(id, name)| entry(&(id, name, 0)))
            .collect();
        let key = |resource: &Resource| match resource.name.len() {
            0 => SortKey::Absent,
            _ => key(resource),
        };
        for (descending, expected) in [(false, [0, 3, 2, 1]), (true, [2, 3, 0, 1])] {
            let order = SortOrder {
                key: "data",
                descending,
            };
            assert_eq!(
                sorted_places(&entries, order, key),
                expected,
                "{descending}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_reused_order_equals_the_order_of_sorting_again(
            steps in prop::collection::vec((
                prop::collection::btree_map(0_u8..8, ("[abAB]{0,2}", 0_usize..3), 0..6),
                any::<bool>(),
                0_usize..3,
            ), 1..8),
        ) {
            let (mut before, mut expected): (Option<Sorted>, Vec<(SortOrder, Vec<ResourceKey>)>) = (None, Vec::new());
            for (entries, held, by) in steps {
                let order = [WORST_FIRST, SortOrder { key: "data", descending: true }, SortOrder { key: "data", descending: false }][by];
                let entries: Vec<_> = entries.into_iter().map(|(id, (name, severity))| entry(&(id, name, severity))).collect();
                let key_of = |place: &usize| entries[*place].resource.key.clone();
                let mut places = sorted_places(&entries, order, key);
                if let Some((_, old)) = expected.last().filter(|(by, _)| held && *by == order) {
                    keep_order(&mut places, old.iter().cloned(), key_of);
                }
                expected.push((order, places.iter().map(key_of).collect()));
                let sorted = Sorted::of(entries.clone(), (order, None), held, before.as_ref(), key);
                let shown: Vec<_> = sorted.places.iter().map(key_of).collect();
                prop_assert_eq!(Some(&(order, shown)), expected.last());
                before = Some(sorted);
            }
        }
    }
}
