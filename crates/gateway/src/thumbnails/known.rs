//! Where the slicers' pictures are, by what the vendor said last. Asks nobody, and keeps no more than
//! a service of moderate size has.

use crate::wire::Answer;
use axum::http::StatusCode;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use vendors::Operation;
use vendors::uplynk::operations::{GET_GROUP, LIST_GROUPS};
use vendors::uplynk::{FailoverGroup, groups};

/// How many slicers are kept in mind.
const MOST: usize = 10_000;

/// Longer ids and addresses than this are not kept, in bytes.
const LONGEST: usize = 2048;

/// What is known of one slicer's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Here it is.
    At(String),
    /// The vendor names none.
    NoPicture,
    NoSlicer,
    NoGroup,
    /// The list of groups told that there is the group, and left out its slicers.
    WithoutSlicers,
    /// No list of groups was read yet.
    Nothing,
}

#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    /// Whether a list of all groups was read.
    listed: bool,
    groups: HashMap<String, Group>,
    /// How many slicers are in it.
    count: usize,
}

type Slicers = HashMap<String, Option<String>>;

#[derive(Debug)]
struct Group {
    /// The address of each slicer's picture; `None` when the slicers were left out.
    slicers: Option<Slicers>,
    /// Whether it was read by itself: a list does not have to hold it.
    by_itself: bool,
}

impl Known {
    pub(super) fn find(&self, group: &str, slicer: &str) -> Found {
        let table = self.table();
        let Some(known) = table.groups.get(group) else {
            return if table.listed {
                Found::NoGroup
            } else {
                Found::Nothing
            };
        };
        match known.slicers.as_ref().map(|slicers| slicers.get(slicer)) {
            None => Found::WithoutSlicers,
            Some(None) => Found::NoSlicer,
            Some(Some(None)) => Found::NoPicture,
            Some(Some(Some(address))) => Found::At(address.clone()),
        }
    }

    /// Takes over what an answer says. One that cannot be read says nothing.
    pub(super) fn learn(&self, operation: &Operation, query: &str, answer: &Answer) {
        let list = *operation == LIST_GROUPS;
        if answer.status != StatusCode::OK || !(list || *operation == GET_GROUP) {
            return;
        }
        let answer = vendors::Answer {
            status: 200,
            headers: Vec::new(),
            body: answer.body.to_vec(),
        };
        if !list {
            if let Ok(group) = groups().get("").read(&answer) {
                self.table().put(group, true);
            }
            return;
        }
        let Ok(list) = groups().list().read(&answer) else {
            return;
        };
        let mut table = self.table();
        let whole = list
            .total
            .is_none_or(|total| u64::try_from(list.items.len()).is_ok_and(|have| have >= total));
        if query.is_empty() {
            table.listed = true;
            if whole {
                table.forget_other_than(&list.items);
            }
        }
        for group in list.items {
            table.put(group, false);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn put(&mut self, group: FailoverGroup, by_itself: bool) {
        if group.id.len() > LONGEST {
            return;
        }
        let before = self.groups.get(&group.id);
        // What a list leaves out is known from before.
        if group.slicers.is_none() && before.is_some() {
            return;
        }
        let by_itself = by_itself || before.is_some_and(|before| before.by_itself);
        let slicers: Option<Slicers> = group.slicers.map(|slicers| {
            let short = slicers
                .into_iter()
                .filter(|slicer| slicer.id.len() <= LONGEST);
            short
                .take(MOST)
                .map(|slicer| {
                    let address = slicer.thumb_url.map(|address| address.trim().to_owned());
                    let address = address.filter(|address| (1..=LONGEST).contains(&address.len()));
                    (slicer.id, address)
                })
                .collect()
        });
        self.remove(&group.id);
        let count = size(slicers.as_ref());
        if self.count + count > MOST {
            // More than anybody looks at: what is asked for will be read again.
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
        let gone: Vec<String> = self
            .groups
            .iter()
            .filter(|(id, group)| !group.by_itself && list.iter().all(|listed| listed.id != **id))
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            self.remove(&id);
        }
    }
}

/// What a group counts for: at least one, so that those without slicers are bounded too.
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

    fn learn(known: &Known, operation: &Operation, query: &str, body: &Value) {
        let answer = Answer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_string()),
            at: Instant::now(),
        };
        known.learn(operation, query, &answer);
    }

    fn at(address: &str) -> Found {
        Found::At(address.to_owned())
    }

    #[test]
    fn the_last_read_says_where_a_picture_is() {
        let known = Known::default();
        assert_eq!(known.find("g", "a"), Found::Nothing);
        learn(&known, &GET_GROUP, "", &group("g", &[("a", "one".into())]));
        assert_eq!(known.find("g", "a"), at("one"));
        assert_eq!(known.find("g", "A"), Found::NoSlicer);
        assert_eq!(known.find("h", "a"), Found::Nothing, "no list was read yet");
        let items = [
            group(
                "g",
                &[("a", " two ".into()), ("b", "".into()), ("c", Value::Null)],
            ),
            json!({ "id": "bare" }),
            group(
                "h",
                &[("a", "three".into()), ("b", "x".repeat(LONGEST + 1).into())],
            ),
        ];
        learn(&known, &LIST_GROUPS, "", &list(&items, 3));
        for (group, slicer, found) in [
            ("g", "a", at("two")),
            ("g", "b", Found::NoPicture),
            ("g", "c", Found::NoPicture),
            ("h", "a", at("three")),
            ("h", "b", Found::NoPicture),
            ("i", "a", Found::NoGroup),
            ("bare", "a", Found::WithoutSlicers),
        ] {
            assert_eq!(known.find(group, slicer), found, "{group} {slicer}");
        }
    }

    #[test]
    fn a_whole_list_replaces_what_lists_said_and_a_page_adds_to_it() {
        let known = Known::default();
        let one = |id: &str| group(id, &[("a", id.into())]);
        learn(&known, &LIST_GROUPS, "", &list(&[one("g")], 2));
        learn(&known, &LIST_GROUPS, "page=2", &list(&[one("h")], 2));
        learn(&known, &LIST_GROUPS, "", &list(&[one("g")], 2));
        assert_eq!(
            (known.find("g", "a"), known.find("h", "a")),
            (at("g"), at("h"))
        );
        learn(&known, &GET_GROUP, "", &one("hidden"));
        // Left out is not gone.
        learn(&known, &LIST_GROUPS, "", &list(&[json!({ "id": "g" })], 1));
        assert_eq!(
            (known.find("g", "a"), known.find("h", "a")),
            (at("g"), Found::NoGroup)
        );
        assert_eq!(known.find("hidden", "a"), at("hidden"));
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let known = Known::default();
        learn(&known, &GET_GROUP, "", &group("g", &[("a", "one".into())]));
        learn(&known, &LIST_GROUPS, "", &json!("nonsense"));
        learn(&known, &GET_GROUP, "", &json!({ "slicers": [] }));
        assert_eq!(
            (known.find("g", "a"), known.find("h", "a")),
            (at("one"), Found::Nothing)
        );
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let known = Known::default();
        for number in 0..MOST + 5 {
            learn(&known, &GET_GROUP, "", &group(&number.to_string(), &[]));
        }
        assert_eq!(known.table().groups.len(), 5);
        let many: Vec<(String, Value)> = (0..MOST + 5)
            .map(|number| (number.to_string(), "x".into()))
            .collect();
        let many: Vec<(&str, Value)> = many
            .iter()
            .map(|(id, address)| (id.as_str(), address.clone()))
            .collect();
        learn(&known, &GET_GROUP, "", &group("g", &many));
        let table = known.table();
        assert_eq!((table.groups.len(), table.count), (1, MOST));
        drop(table);
        learn(&known, &GET_GROUP, "", &group("g", &[]));
        assert_eq!(known.table().count, 1);
    }
}
