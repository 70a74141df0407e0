//! The unreadable parts of a response: fields of an item, and items of a list. The rest of the response is still read.

use crate::from_json;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::HashSet;

/// The maximum length of a raw value, in characters.
const RAW: usize = 200;

/// A field that exists but cannot be read. Its value counts as absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
pub struct UnreadableField {
    /// The contract's name, including enclosing objects (`status.state`).
    pub name: String,
    /// The value in the response, shortened.
    pub raw: String,
}

from_json! { struct UnreadableField { name, raw } }

impl UnreadableField {
    /// The field with this name, if `fields` contains it.
    #[must_use]
    pub fn find<'a>(fields: &'a [Self], name: &str) -> Option<&'a Self> {
        fields.iter().find(|field| field.name == name)
    }
}

/// The numbers of entries of a list that were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Entries that could not be read or have no readable id.
    pub unreadable: usize,
    /// Entries with the id of an earlier entry, which is kept.
    pub repeated: usize,
}

impl LeftOut {
    /// The total number.
    #[must_use]
    pub fn count(self) -> usize {
        self.unreadable + self.repeated
    }
}

impl std::ops::AddAssign for LeftOut {
    fn add_assign(&mut self, other: Self) {
        self.unreadable += other.unreadable;
        self.repeated += other.repeated;
    }
}

/// Collects the unreadable fields of one item while it is read.
#[derive(Debug, Default)]
pub(crate) struct Unread(RefCell<Vec<UnreadableField>>);

impl Unread {
    /// Adds a field that cannot be read.
    pub(crate) fn add(&self, name: &str, raw: &str) {
        let mut short: String = raw.chars().take(RAW).collect();
        if short.len() < raw.len() {
            short.push('…');
        }
        self.0.borrow_mut().push(UnreadableField {
            name: name.to_owned(),
            raw: short,
        });
    }

    /// Adds the fields of a nested object.
    pub(crate) fn absorb(&self, within: &str, inner: &Self) {
        for field in inner.take() {
            self.add(&format!("{within}.{}", field.name), &field.raw);
        }
    }

    /// Removes and returns the fields.
    pub(crate) fn take(&self) -> Vec<UnreadableField> {
        self.0.take()
    }
}

/// The items of a list that have an id, each id once. `left_out` is called with the index of every other item.
pub(crate) fn with_ids<T>(
    items: impl IntoIterator<Item = Option<T>>,
    id: fn(&T) -> Option<&str>,
    mut left_out: impl FnMut(usize, bool),
) -> Vec<T> {
    let items: Vec<Option<T>> = items.into_iter().collect();
    let mut known: HashSet<&str> = HashSet::new();
    let mut kept = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let id = item.as_ref().and_then(id).filter(|id| !id.is_empty());
        let is_first = id.is_some_and(|id| known.insert(id));
        if !is_first {
            left_out(index, id.is_some());
        }
        kept.push(is_first);
    }
    let items = items.into_iter().zip(kept);
    items
        .filter_map(|(item, is_kept)| item.filter(|_| is_kept))
        .collect()
}

/// Like [`with_ids`], but only counts the items that are left out.
pub(crate) fn counted<T>(
    items: impl IntoIterator<Item = Option<T>>,
    id: fn(&T) -> Option<&str>,
) -> (Vec<T>, LeftOut) {
    let mut out = LeftOut::default();
    let kept = with_ids(items, id, |_, repeated| {
        if repeated {
            out.repeated += 1;
        } else {
            out.unreadable += 1;
        }
    });
    (kept, out)
}

#[cfg(test)]
mod tests {
    use super::{LeftOut, Unread, UnreadableField, counted};

    #[test]
    fn items_without_an_id_or_with_a_repeated_id_are_counted() {
        let items = [Some("a"), None, Some(""), Some("b"), Some("a"), Some("a")];
        let (kept, out) = counted(items, |id| Some(id));
        assert_eq!(kept, ["a", "b"]);
        let expected = LeftOut {
            unreadable: 2,
            repeated: 2,
        };
        assert_eq!((out, out.count()), (expected, 4));
    }

    #[test]
    fn raw_values_are_shortened_and_names_include_the_parent() {
        let (outer, inner) = (Unread::default(), Unread::default());
        inner.add("state", &"ä".repeat(300));
        outer.absorb("status", &inner);
        let fields = outer.take();
        let state = UnreadableField::find(&fields, "status.state").expect("noted");
        assert_eq!(state.raw.chars().count(), 201);
        assert_eq!(UnreadableField::find(&fields, "state"), None);
    }
}
