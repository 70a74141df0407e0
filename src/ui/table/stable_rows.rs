//! Rows that keep their order while somebody uses them: while the pointer or the focus is moved in the table, and
//! for a moment after an action, a refresh changes the content of rows but not their order.

use health::sort;
use leptos::prelude::*;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// How long rows stay where they are after an action: what was acted on is looked at first.
const AFTER_ACTION: Duration = Duration::from_secs(2);

/// A pointer or focus that was left in the rows keeps their order no longer than this, or twice this: what becomes critical
/// would stay on another page for as long as nobody moves the mouse.
const UNUSED: Duration = Duration::from_secs(30);

/// Whether somebody uses the rows with the pointer or the focus, or an action was just done.
#[derive(Clone, Copy)]
pub struct RowLock {
    pointer: RwSignal<bool>,
    focus: RwSignal<bool>,
    /// Whether neither was moved lately.
    is_idle: RwSignal<bool>,
    /// Counts the moves.
    moves: StoredValue<u32>,
    /// Actions that were done a moment ago.
    acted: RwSignal<u32>,
}

impl Default for RowLock {
    /// Not locked.
    fn default() -> Self {
        Self {
            pointer: RwSignal::new(false),
            focus: RwSignal::new(false),
            is_idle: RwSignal::new(true),
            moves: StoredValue::new(0),
            acted: RwSignal::new(0),
        }
    }
}

impl RowLock {
    /// Whether the rows keep their order.
    #[must_use]
    pub fn is_held(self) -> bool {
        let is_in = self.pointer.get() || self.focus.get();
        is_in && !self.is_idle.get() || self.acted.get() > 0
    }

    /// The pointer or the focus was moved within the rows.
    fn moved(self) {
        self.moves
            .update_value(|moves| *moves = moves.wrapping_add(1));
        if self.is_idle.get_untracked() {
            self.is_idle.set(false);
            self.watch();
        }
    }

    /// Looks after a while whether it was moved again.
    fn watch(self) {
        let before = self.moves.get_value();
        let look = move || match self.moves.try_get_value() {
            // The page was left.
            None => {}
            Some(moves) if moves == before => self.is_idle.set(true),
            Some(_) => self.watch(),
        };
        set_timeout(look, UNUSED);
    }

    /// Whether something was done to a row a moment ago.
    #[must_use]
    pub fn has_just_acted(self) -> bool {
        self.acted.get_untracked() > 0
    }

    /// Something was done to a row. Also after the page was left.
    pub fn acted(self) {
        let _ = self.acted.try_update(|acted| *acted += 1);
        let end = move || {
            let _ = self.acted.try_update(|acted| *acted -= 1);
        };
        set_timeout(end, AFTER_ACTION);
    }
}

/// A table body whose rows keep their order.
#[component]
pub fn StableRows(
    /// The lock.
    row_lock: RowLock,
    /// The rows.
    children: Children,
) -> impl IntoView {
    view! {
        <tbody
            on:pointerenter=move |_| {
                row_lock.pointer.set(true);
                row_lock.moved();
            }
            on:pointermove=move |_| row_lock.moved()
            on:pointerdown=move |_| row_lock.moved()
            on:keydown=move |_| row_lock.moved()
            on:pointerleave=move |_| row_lock.pointer.set(false)
            on:focusin=move |_| {
                row_lock.focus.set(true);
                row_lock.moved();
            }
            on:focusout=move |_| row_lock.focus.set(false)
        >
            {children()}
        </tbody>
    }
}

/// Keeps the previous order of rows, given by their keys; new ones go to the end, in their own order.
pub fn keep_order<T, K: Eq + Hash>(
    rows: &mut Vec<T>,
    before: impl IntoIterator<Item = K>,
    key: impl Fn(&T) -> K,
) {
    let places: HashMap<K, usize> = before.into_iter().zip(0..).collect();
    let place = |row: &T| places.get(&key(row)).copied().unwrap_or(usize::MAX);
    sort(rows, |a, b| place(a).cmp(&place(b)));
}

#[cfg(test)]
mod tests {
    use super::keep_order;
    use proptest::prelude::*;

    #[test]
    fn known_rows_keep_their_places_and_new_ones_stand_at_the_end() {
        let mut rows = vec![3, 9, 1, 2, 8];
        keep_order(&mut rows, [1, 2, 7, 3], |row| *row);
        assert_eq!(rows, [1, 2, 3, 9, 8]);
    }

    proptest! {
        #[test]
        fn no_row_is_lost(before in proptest::collection::vec(0_u8..30, 0..20), rows in proptest::collection::vec(0_u8..30, 0..20)) {
            let mut kept = rows.clone();
            keep_order(&mut kept, before, |row| *row);
            let sorted = |mut rows: Vec<u8>| { rows.sort_unstable(); rows };
            prop_assert_eq!(sorted(kept), sorted(rows));
        }
    }
}
