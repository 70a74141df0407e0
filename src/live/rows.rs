//! A new list into the rows of the last one: only rows that differ are written, and rows are made
//! only when the list grows beyond what it ever was.

use leptos::prelude::*;

/// The rows of a table or list: a pool of signals and how many of them are in use.
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

/// The positions at which a new list differs from what the slots hold.
fn changes<'a, T: PartialEq>(held: &'a [T], new: &'a [T]) -> impl Iterator<Item = usize> + 'a {
    new.iter()
        .zip(held)
        .enumerate()
        .filter(|(_, (new, held))| new != held)
        .map(|(at, _)| at)
}

impl<T: Clone + PartialEq + Send + Sync + 'static> Rows<T> {
    /// Rows that follow a list. The signals belong to the owner that this is called in.
    #[must_use]
    pub fn follow(list: Memo<Vec<T>>) -> Self {
        let rows = Self {
            slots: RwSignal::new(Vec::new()),
            used: RwSignal::new(0),
        };
        let owner = Owner::current();
        Effect::new(move |_| {
            let list = list.read();
            rows.take(&list, owner.as_ref());
        });
        rows
    }

    fn take(self, list: &[T], owner: Option<&Owner>) {
        let slots = self.slots.get_untracked();
        let held: Vec<T> = slots.iter().map(|slot| slot.get_untracked()).collect();
        for at in changes(&held, list) {
            slots[at].set(list[at].clone());
        }
        if list.len() > slots.len() {
            let make = || {
                list[slots.len()..]
                    .iter()
                    .cloned()
                    .map(RwSignal::new)
                    .collect::<Vec<_>>()
            };
            let new = owner.map_or_else(make, |owner| owner.with(make));
            self.slots.update(|slots| slots.extend(new));
        }
        if self.used.get_untracked() != list.len() {
            self.used.set(list.len());
        }
    }

    /// Draws each row in use with `draw`.
    pub fn draw<V: IntoView + 'static>(
        self,
        draw: impl Fn(RwSignal<T>) -> V + Send + Sync + Clone + 'static,
    ) -> impl IntoView {
        let each = move || {
            let slots = self.slots.read();
            slots
                .iter()
                .take(self.used.get())
                .copied()
                .enumerate()
                .collect::<Vec<_>>()
        };
        view! { <For each key=|(at, _)| *at children=move |(_, row)| draw(row) /> }
    }
}

#[cfg(test)]
mod tests {
    use super::changes;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn writing_the_changes_gives_the_new_list(held in proptest::collection::vec(0_u8..4, 0..12), new in proptest::collection::vec(0_u8..4, 0..12)) {
            let mut after = held.clone();
            for at in changes(&held, &new) {
                prop_assert_ne!(held[at], new[at]);
                after[at] = new[at];
            }
            let both = held.len().min(new.len());
            prop_assert_eq!(&after[..both], &new[..both]);
        }
    }
}
