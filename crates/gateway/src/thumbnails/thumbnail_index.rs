//! The addresses of the slicers' thumbnails, learned from the vendor's answers. It sends no requests, and is limited in
//! size.

use crate::lock::lock;
use crate::vendor_http::Answer;
use axum::http::StatusCode;
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use vendors::Operation;
use vendors::uplynk::operations::{GET_GROUP, LIST_GROUPS};
use vendors::uplynk::{FailoverGroup, groups};

/// The most slicers that are kept.
const MAX_SLICERS: usize = 10_000;

/// The longest id or address that is kept, in bytes.
const MAX_LENGTH: usize = 2048;

/// The result of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ThumbnailLookup {
    /// The address of the thumbnail.
    At(String),
    /// The slicer has no thumbnail.
    NoThumbnail,
    NoSlicer,
    NoGroup,
    /// The list of groups contains the group without its slicers.
    WithoutSlicers,
    /// No list of groups has been read yet.
    Nothing,
}

#[derive(Debug, Default)]
pub(super) struct ThumbnailIndex(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    /// Whether a list of groups has been read.
    listed: bool,
    groups: HashMap<String, Group>,
    count: usize,
}

type Slicers = HashMap<String, Option<String>>;

#[derive(Debug)]
struct Group {
    /// The address of each slicer's thumbnail. `None` if an answer left the slicers out.
    slicers: Option<Slicers>,
    /// Whether it was read by itself. It may then be missing from lists.
    by_itself: bool,
}

impl ThumbnailIndex {
    pub(super) fn find(&self, group: &str, slicer: &str) -> ThumbnailLookup {
        let table = lock(&self.0);
        let Some(known) = table.groups.get(group) else {
            return if table.listed {
                ThumbnailLookup::NoGroup
            } else {
                ThumbnailLookup::Nothing
            };
        };
        match known.slicers.as_ref().map(|slicers| slicers.get(slicer)) {
            None => ThumbnailLookup::WithoutSlicers,
            Some(None) => ThumbnailLookup::NoSlicer,
            Some(Some(None)) => ThumbnailLookup::NoThumbnail,
            Some(Some(Some(address))) => ThumbnailLookup::At(address.clone()),
        }
    }

    /// Learns from an answer. Unreadable answers are ignored.
    pub(super) fn learn(&self, operation: &Operation, query: &str, answer: &Answer) {
        let list = *operation == LIST_GROUPS;
        if answer.status != StatusCode::OK || !(list || *operation == GET_GROUP) {
            return;
        }
        let answer = answer.plain();
        if !list {
            if let Ok(group) = groups().get("").read(&answer) {
                lock(&self.0).put(group, true);
            }
            return;
        }
        let Ok(list) = groups().list().read(&answer) else {
            return;
        };
        let mut table = lock(&self.0);
        let is_complete = list
            .total
            .is_none_or(|total| u64::try_from(list.items.len()).is_ok_and(|have| have >= total));
        if query.is_empty() {
            table.listed = true;
            if is_complete {
                table.forget_other_than(&list.items);
            }
        }
        for group in list.items {
            table.put(group, false);
        }
    }
}

impl Table {
    fn put(&mut self, group: FailoverGroup, by_itself: bool) {
        if group.id.len() > MAX_LENGTH {
            return;
        }
        let before = self.groups.get(&group.id);
        // If a list leaves the slicers out, the earlier ones stay.
        if group.slicers.is_none() && before.is_some() {
            return;
        }
        let by_itself = by_itself || before.is_some_and(|before| before.by_itself);
        let slicers: Option<Slicers> = group.slicers.map(|slicers| {
            let short = slicers
                .into_iter()
                .filter(|slicer| slicer.id.len() <= MAX_LENGTH);
            short
                .take(MAX_SLICERS)
                .map(|slicer| {
                    let address = slicer.thumb_url.map(|address| address.trim().to_owned());
                    let address =
                        address.filter(|address| (1..=MAX_LENGTH).contains(&address.len()));
                    (slicer.id, address)
                })
                .collect()
        });
        self.remove(&group.id);
        let count = size(slicers.as_ref());
        if self.count + count > MAX_SLICERS {
            // Start over. Requested groups are read again.
            *self = Self::default();
        }
        self.count += count;
        self.groups.insert(group.id, Group { slicers, by_itself });
    }

    fn remove(&mut self, id: &str) {
        if let Some(group) = self.groups.remove(id) {
            self.count -= size(group.slicers.as_ref());
        }
    }

    fn forget_other_than(&mut self, list: &[FailoverGroup]) {
        let listed: HashSet<&str> = list.iter().map(|group| group.id.as_str()).collect();
        let deleted: Vec<String> = self
            .groups
            .iter()
            .filter(|(id, group)| !group.by_itself && !listed.contains(id.as_str()))
            .map(|(id, _)| id.clone())
            .collect();
        for id in deleted {
            self.remove(&id);
        }
    }
}

/// The size of a group: at least one, so that groups without slicers are limited too.
fn size(slicers: Option<&Slicers>) -> usize {
    slicers.map_or(1, |slicers| slicers.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use axum::http::HeaderMap;
    use serde_json::{Value, json};
    use tokio::time::Instant;

    fn group(id: &str, slicers: &[(&str, Value)]) -> Value {
        let slicers: Vec<Value> = slicers
            .iter()
            .map(|(id, address)| json!({ "id": id, "status": { "thumb_url": address } }))
            .collect();
        json!({ "id": id, "slicers": slicers })
    }

    fn list(items: &[Value], total: usize) -> Value {
        json!({ "items": items, "total_items": total })
    }

    fn learn(index: &ThumbnailIndex, operation: &Operation, query: &str, body: &Value) {
        let answer = Answer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_string()),
            at: Instant::now(),
        };
        index.learn(operation, query, &answer);
    }

    fn at(address: &str) -> ThumbnailLookup {
        ThumbnailLookup::At(address.to_owned())
    }

    #[test]
    fn the_last_answer_gives_the_address() {
        let index = ThumbnailIndex::default();
        assert_eq!(index.find("g", "a"), ThumbnailLookup::Nothing);
        learn(&index, &GET_GROUP, "", &group("g", &[("a", "one".into())]));
        assert_eq!(index.find("g", "a"), at("one"));
        assert_eq!(index.find("g", "A"), ThumbnailLookup::NoSlicer);
        assert_eq!(
            index.find("h", "a"),
            ThumbnailLookup::Nothing,
            "no list was read yet"
        );
        let items = [
            group(
                "g",
                &[("a", " two ".into()), ("b", "".into()), ("c", Value::Null)],
            ),
            json!({ "id": "bare" }),
            group(
                "h",
                &[
                    ("a", "three".into()),
                    ("b", "x".repeat(MAX_LENGTH + 1).into()),
                ],
            ),
        ];
        learn(&index, &LIST_GROUPS, "", &list(&items, 3));
        for (group, slicer, found) in [
            ("g", "a", at("two")),
            ("g", "b", ThumbnailLookup::NoThumbnail),
            ("g", "c", ThumbnailLookup::NoThumbnail),
            ("h", "a", at("three")),
            ("h", "b", ThumbnailLookup::NoThumbnail),
            ("i", "a", ThumbnailLookup::NoGroup),
            ("bare", "a", ThumbnailLookup::WithoutSlicers),
        ] {
            assert_eq!(index.find(group, slicer), found, "{group} {slicer}");
        }
    }

    #[test]
    fn a_complete_list_replaces_earlier_lists_but_a_page_adds_to_them() {
        let index = ThumbnailIndex::default();
        let one = |id: &str| group(id, &[("a", id.into())]);
        learn(&index, &LIST_GROUPS, "", &list(&[one("g")], 2));
        learn(&index, &LIST_GROUPS, "page=2", &list(&[one("h")], 2));
        learn(&index, &LIST_GROUPS, "", &list(&[one("g")], 2));
        assert_eq!(
            (index.find("g", "a"), index.find("h", "a")),
            (at("g"), at("h"))
        );
        learn(&index, &GET_GROUP, "", &one("hidden"));
        // A group without slicers in the list is not deleted.
        learn(&index, &LIST_GROUPS, "", &list(&[json!({ "id": "g" })], 1));
        assert_eq!(
            (index.find("g", "a"), index.find("h", "a")),
            (at("g"), ThumbnailLookup::NoGroup)
        );
        assert_eq!(index.find("hidden", "a"), at("hidden"));
    }

    #[test]
    fn unreadable_answers_change_nothing() {
        let index = ThumbnailIndex::default();
        learn(&index, &GET_GROUP, "", &group("g", &[("a", "one".into())]));
        learn(&index, &LIST_GROUPS, "", &json!("nonsense"));
        learn(&index, &GET_GROUP, "", &json!({ "slicers": [] }));
        assert_eq!(
            (index.find("g", "a"), index.find("h", "a")),
            (at("one"), ThumbnailLookup::Nothing)
        );
    }

    /// Comparing each group with all others would take minutes.
    #[test]
    fn long_lists_replace_each_other() {
        let mut table = Table::default();
        let groups: Vec<FailoverGroup> = (0..200_000)
            .map(|number| FailoverGroup {
                id: number.to_string(),
                ..FailoverGroup::default()
            })
            .collect();
        for group in groups.iter().take(MAX_SLICERS) {
            table.put(group.clone(), false);
        }
        table.forget_other_than(&groups[1..]);
        assert_eq!(
            (table.groups.len(), table.count),
            (MAX_SLICERS - 1, MAX_SLICERS - 1)
        );
        table.forget_other_than(&groups[MAX_SLICERS..]);
        assert_eq!((table.groups.len(), table.count), (0, 0));
    }

    #[test]
    fn the_index_is_limited_in_size() {
        let index = ThumbnailIndex::default();
        for number in 0..MAX_SLICERS + 5 {
            learn(&index, &GET_GROUP, "", &group(&number.to_string(), &[]));
        }
        assert_eq!(lock(&index.0).groups.len(), 5);
        let many: Vec<(String, Value)> = (0..MAX_SLICERS + 5)
            .map(|number| (number.to_string(), "x".into()))
            .collect();
        let many: Vec<(&str, Value)> = many
            .iter()
            .map(|(id, address)| (id.as_str(), address.clone()))
            .collect();
        learn(&index, &GET_GROUP, "", &group("g", &many));
        let table = lock(&index.0);
        assert_eq!((table.groups.len(), table.count), (1, MAX_SLICERS));
        drop(table);
        learn(&index, &GET_GROUP, "", &group("g", &[]));
        assert_eq!(lock(&index.0).count, 1);
    }
}
