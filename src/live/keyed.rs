//! A list of views by key. It replaces the library's `For`, which would add 10 kB to the program.

use crate::client_view::client_view;
use leptos::prelude::*;
use leptos::tachys::renderer::Rndr;
use leptos::tachys::renderer::types::{Element, Node, Placeholder};
use std::sync::Arc;

/// An item, which is drawn if its key is new.
struct Item {
    key: String,
    draw: Box<dyn FnOnce() -> Drawn + Send>,
}

/// A drawn view of any type. It is never turned into another view, so the program needs no code for that.
type Drawn = Box<dyn Mountable>;

/// Draws each item once. An item with the key of an item of the last list keeps its view.
#[must_use]
pub fn keyed<T, K, V>(
    items: impl Fn() -> Vec<T> + Send + 'static,
    key: impl Fn(&T) -> K + Send + 'static,
    draw: impl Fn(T) -> V + Send + Sync + 'static,
) -> AnyView
where
    T: Send + 'static,
    K: ToString,
    V: Render<State: 'static> + 'static,
{
    let draw = Arc::new(draw);
    let item = move |item: T| {
        let draw = Arc::clone(&draw);
        Item {
            key: key(&item).to_string(),
            draw: Box::new(move || Box::new(draw(item).build())),
        }
    };
    list(Box::new(move || items().into_iter().map(&item).collect()))
}

fn list(items: Box<dyn Fn() -> Vec<Item> + Send>) -> AnyView {
    // Rows outlive the owner of the effect, which is replaced with each list.
    let owner = Owner::current().unwrap_or_default();
    let rows = move || {
        client_view(List {
            items: items(),
            owner: owner.clone(),
        })
    };
    rows.into_any()
}

/// The current items of a list.
struct List {
    items: Vec<Item>,
    owner: Owner,
}

/// The drawn list.
struct ListState {
    rows: Rows,
    /// A placeholder after the last row.
    end: Placeholder,
}

#[derive(Default)]
struct Rows {
    drawn: Vec<Row>,
    /// Owners of removed rows, which new rows reuse. The list's owner keeps a record of each child owner until it is
    /// cleaned up itself, which may be after months.
    spare: Vec<Owner>,
}

struct Row {
    key: String,
    view: Drawn,
    owner: Owner,
}

impl Row {
    fn new(item: Item, owner: Owner) -> Self {
        Self {
            key: item.key,
            view: owner.with(item.draw),
            owner,
        }
    }

    /// Removes the row from the page, and returns its cleaned-up owner. Contexts in an owner are not cleared, but rows
    /// provide none.
    fn remove(mut self) -> Owner {
        self.view.unmount();
        drop(self.view);
        self.owner.cleanup();
        self.owner
    }
}

impl Rows {
    /// Removes and draws rows for these items. Returns for each row whether it stays at its place in the page.
    fn update(&mut self, items: Vec<Item>, parent: &Owner) -> Vec<bool> {
        let places = {
            let old = self.drawn.iter().map(|row| row.key.as_str()).collect();
            places(old, items.iter().map(|item| item.key.as_str()))
        };
        let old = std::mem::take(&mut self.drawn).into_iter();
        let mut old: Vec<_> = old.map(Some).collect();
        let kept: Vec<_> = places.iter().map(|place| old[(*place)?].take()).collect();
        self.spare
            .extend(old.into_iter().flatten().map(Row::remove));
        for (item, kept) in items.into_iter().zip(kept) {
            let row = kept.unwrap_or_else(|| {
                let owner = self.spare.pop();
                Row::new(item, owner.unwrap_or_else(|| parent.child()))
            });
            self.drawn.push(row);
        }
        staying(&places)
    }
}

impl Render for List {
    type State = ListState;

    fn build(self) -> ListState {
        let mut state = ListState {
            rows: Rows::default(),
            end: Rndr::create_placeholder(),
        };
        self.rebuild(&mut state);
        state
    }

    fn rebuild(self, state: &mut ListState) {
        let stays = state.rows.update(self.items, &self.owner);
        let rows = &mut state.rows.drawn;
        // Insert in order, because screen readers announce new rows as they are inserted.
        for at in (0..rows.len()).filter(|at| !stays[*at]) {
            let (before, after) = rows.split_at_mut(at + 1);
            let row = before[at].view.as_mut();
            let next = after
                .iter()
                .zip(&stays[at + 1..])
                .find(|(_, stays)| **stays);
            // Before the list itself is in the page, nothing is inserted: `mount` mounts the rows in order.
            if !next.is_some_and(|(next, _)| next.view.insert_before_this(row)) {
                state.end.insert_before_this(row);
            }
        }
    }
}

impl Mountable for ListState {
    fn unmount(&mut self) {
        for row in &mut self.rows.drawn {
            row.view.unmount();
        }
        self.end.unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        for row in &mut self.rows.drawn {
            row.view.mount(parent, marker);
        }
        self.end.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let first = self.rows.drawn.first();
        first.is_some_and(|row| row.view.insert_before_this(child))
            || self.end.insert_before_this(child)
    }

    fn elements(&self) -> Vec<Element> {
        self.rows
            .drawn
            .iter()
            .flat_map(|row| row.view.elements())
            .collect()
    }
}

/// The position of each new key among the old ones, each of which is used once. The search starts after the last match,
/// because most keys keep their order.
pub fn places<'a>(old: Vec<&str>, new: impl Iterator<Item = &'a str>) -> Vec<Option<usize>> {
    let mut old: Vec<Option<&str>> = old.into_iter().map(Some).collect();
    let mut next = 0;
    new.map(|key| {
        let mut places = (next..old.len()).chain(0..next);
        let place = places.find(|place| old[*place] == Some(key))?;
        old[place] = None;
        next = place + 1;
        Some(place)
    })
    .collect()
}

/// Whether each row stays at its place in the page while the others are moved or added around it. If one row was moved
/// to the front or to the end, only that row is moved.
fn staying(places: &[Option<usize>]) -> Vec<bool> {
    let from_front = increasing(places, false);
    let from_end = increasing(places, true);
    let count = |stays: &[bool]| stays.iter().filter(|stays| **stays).count();
    if count(&from_end) > count(&from_front) {
        from_end
    } else {
        from_front
    }
}

fn increasing(places: &[Option<usize>], from_end: bool) -> Vec<bool> {
    let mut stays = vec![false; places.len()];
    let mut last = None;
    for step in 0..places.len() {
        let at = if from_end {
            places.len() - 1 - step
        } else {
            step
        };
        if let Some(place) = places[at]
            && last.is_none_or(|last| place != last && (place < last) == from_end)
        {
            last = Some(place);
            stays[at] = true;
        }
    }
    stays
}

#[cfg(test)]
mod tests {
    use super::{Item, Rows, places, staying};
    use leptos::prelude::*;
    use leptos::tachys::renderer::types::{Element, Node};
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::sync::{Arc, Mutex};

    /// A view outside any page.
    struct Unseen;

    impl Mountable for Unseen {
        fn unmount(&mut self) {}

        fn mount(&mut self, _: &Element, _: Option<&Node>) {}

        fn insert_before_this(&self, _: &mut dyn Mountable) -> bool {
            false
        }

        fn elements(&self) -> Vec<Element> {
            Vec::new()
        }
    }

    #[test]
    fn a_row_is_drawn_once_and_cleaned_up_and_owners_are_reused() {
        let (parent, mut rows) = (Owner::new(), Rows::default());
        let log = Arc::new(Mutex::new(Vec::new()));
        let record = |text: String| log.lock().unwrap().push(text);
        let owners = Mutex::new(HashSet::new());
        let mut show = |keys: &[String]| {
            let item = |key: &String| {
                let (key, log) = (key.clone(), Arc::clone(&log));
                let draw = {
                    let key = key.clone();
                    move || -> Box<dyn Mountable> {
                        log.lock().unwrap().push(format!("+{key}"));
                        on_cleanup(move || log.lock().unwrap().push(format!("-{key}")));
                        Box::new(Unseen)
                    }
                };
                Item {
                    key,
                    draw: Box::new(draw),
                }
            };
            rows.update(keys.iter().map(item).collect(), &parent);
            let ids = rows.drawn.iter().map(|row| row.owner.debug_id());
            owners.lock().unwrap().extend(ids);
        };
        show(&["a", "b", "b"].map(str::to_owned));
        show(&["b", "c"].map(str::to_owned));
        record("empty".to_owned());
        show(&[]);
        let log = log.lock().unwrap().join(" ");
        assert_eq!(log, "+a +b +b -a -b +c empty -b -c");
        for number in 0..20_000 {
            show(&[number, number + 1].map(|number: i32| number.to_string()));
        }
        assert_eq!(owners.lock().unwrap().len(), 3);
    }

    /// The list after each row that does not stay was moved before the next row that stays; and how many rows stay.
    fn arranged(old: &[&str], new: &[&str]) -> (Vec<String>, usize) {
        let places = places(old.to_vec(), new.iter().copied());
        let stays = staying(&places);
        let staying: Vec<usize> = (0..new.len()).filter(|at| stays[*at]).collect();
        let held = |place: &usize| staying.iter().any(|at| places[*at] == Some(*place));
        let mut list: Vec<String> = (0..old.len())
            .filter(held)
            .map(|place| old[place].to_owned())
            .collect();
        for at in (0..new.len()).filter(|at| !stays[*at]) {
            let behind = staying.iter().filter(|other| **other > at).count();
            list.insert(list.len() - behind, new[at].to_owned());
        }
        (list, staying.len())
    }

    #[test]
    fn only_a_row_that_moved_to_the_front_or_the_end_is_moved() {
        for (old, new, stay) in [
            (["a", "b", "c", "d"], ["b", "c", "d", "a"], 3),
            (["a", "b", "c", "d"], ["d", "a", "b", "c"], 3),
            (["a", "b", "c", "d"], ["a", "b", "x", "d"], 3),
            (["a", "b", "c", "d"], ["w", "x", "y", "z"], 0),
        ] {
            let (list, staying) = arranged(&old, &new);
            assert_eq!((list, staying), (new.map(str::to_owned).to_vec(), stay));
        }
    }

    proptest! {
        #[test]
        fn every_list_is_turned_into_the_new_one(
            old in Just(vec!["a", "b", "c", "d", "e", "f"]).prop_shuffle(), kept in 0_usize..6,
            new in Just(vec!["a", "b", "c", "d", "e", "f", "g"]).prop_shuffle(), length in 0_usize..7,
            // A key that occurs twice is drawn twice.
            twice in any::<bool>(),
        ) {
            let mut new = new[..length].to_vec();
            if twice && let Some(first) = new.first().copied() {
                new.push(first);
            }
            let (list, _) = arranged(&old[..kept], &new);
            prop_assert_eq!(list, new);
        }
    }
}
