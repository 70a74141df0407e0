//! A pool of row signals for a changing list. Only changed rows are written, and rows are created only when the list
//! becomes longer than ever before.

use super::keyed;
use crate::on_change::on_change;
use leptos::prelude::*;

/// The rows of a table or list: a pool of signals, and the number of those in use.
pub struct Rows<T: Send + Sync + 'static> {
    slots: RwSignal<Vec<RwSignal<T>>>,
    used: RwSignal<usize>,
}

impl<T: Send + Sync + 'static> Clone for Rows<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Rows<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Rows<T> {
    /// Rows that follow a list. The signals belong to the current owner.
    #[must_use]
    pub fn follow(list: Memo<Vec<T>>) -> Self {
        let rows = Self {
            slots: RwSignal::new(Vec::new()),
            used: RwSignal::new(0),
        };
        let owner = Owner::current();
        on_change(move || {
            let list = list.read();
            rows.update(&list, owner.as_ref());
        });
        rows
    }

    fn update(self, list: &[T], owner: Option<&Owner>) {
        let slots = self.slots.get_untracked();
        for (slot, new) in slots.iter().zip(list) {
            if slot.with_untracked(|held| held != new) {
                slot.set(new.clone());
            }
        }
        if list.len() > slots.len() {
            let create = || {
                list[slots.len()..]
                    .iter()
                    .cloned()
                    .map(RwSignal::new)
                    .collect::<Vec<_>>()
            };
            let new = owner.map_or_else(create, |owner| owner.with(create));
            self.slots.update(|slots| slots.extend(new));
        }
        if self.used.get_untracked() != list.len() {
            self.used.set(list.len());
        }
    }

    /// Draws each row in use with `draw`.
    pub fn draw<V: Render<State: 'static> + 'static>(
        self,
        draw: impl Fn(RwSignal<T>) -> V + Send + Sync + Clone + 'static,
    ) -> AnyView {
        self.draw_numbered(move |_, row| draw(row))
    }

    /// Draws each row in use with `draw`, which also gets its index.
    pub fn draw_numbered<V: Render<State: 'static> + 'static>(
        self,
        draw: impl Fn(usize, RwSignal<T>) -> V + Send + Sync + Clone + 'static,
    ) -> AnyView {
        let each = move || {
            let slots = self.slots.read();
            slots
                .iter()
                .take(self.used.get())
                .copied()
                .enumerate()
                .collect::<Vec<_>>()
        };
        keyed(each, |(at, _)| *at, move |(at, row)| draw(at, row))
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;
    use leptos::prelude::*;
    use proptest::prelude::*;

    fn held(rows: Rows<u8>) -> Vec<u8> {
        let slots = rows.slots.get_untracked();
        let used = slots.iter().take(rows.used.get_untracked());
        used.map(|slot| slot.get_untracked()).collect()
    }

    proptest! {
        #[test]
        fn rows_hold_the_new_list_and_slots_are_never_removed(lists in proptest::collection::vec(proptest::collection::vec(0_u8..4, 0..12), 1..6)) {
            let owner = Owner::new();
            owner.with(|| {
                let rows = Rows { slots: RwSignal::new(Vec::new()), used: RwSignal::new(0) };
                let mut most = 0;
                for list in &lists {
                    rows.update(list, Some(&owner));
                    most = most.max(list.len());
                    prop_assert_eq!(&held(rows), list);
                    prop_assert_eq!(rows.slots.get_untracked().len(), most);
                }
                Ok(())
            })?;
        }
    }
}
