//! Rows that keep their order while in use: while the pointer or the focus moves in the table, and for a moment
//! after an action, a refresh changes the content of rows but not their order.

use health::sort;
use leptos::prelude::*;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// How long rows keep their order after an action, so that the user sees the row that it changed.
const ACTION_HOLD: Duration = Duration::from_secs(2);

/// An unmoved pointer or focus in the rows keeps their order for this time, at most twice as long. Otherwise a row that
/// becomes critical would stay on another page until somebody moves the mouse.
const IDLE_AFTER: Duration = Duration::from_secs(30);

/// Whether the rows are in use by the pointer or the focus, or an action was just carried out.
#[derive(Clone, Copy)]
pub struct RowLock {
    pointer: RwSignal<bool>,
    focus: RwSignal<bool>,
    /// Whether neither was moved recently.
    is_idle: RwSignal<bool>,
    /// Counts the moves.
    moves: StoredValue<u32>,
    /// Number of actions within [`ACTION_HOLD`].
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

    /// Notes a move of the pointer or the focus within the rows.
    fn moved(self) {
        self.moves
            .update_value(|moves| *moves = moves.wrapping_add(1));
        if self.is_idle.get_untracked() {
            self.is_idle.set(false);
            self.watch();
        }
    }

    /// Checks after [`IDLE_AFTER`] whether there was another move.
    fn watch(self) {
        let before = self.moves.get_value();
        let check = move || match self.moves.try_get_value() {
            // The page was left.
            None => {}
            Some(moves) if moves == before => self.is_idle.set(true),
            Some(_) => self.watch(),
        };
        set_timeout(check, IDLE_AFTER);
    }

    /// Whether an action was just carried out on a row.
    #[must_use]
    pub fn has_just_acted(self) -> bool {
        self.acted.get_untracked() > 0
    }

    /// Notes an action on a row. Works after the page was left.
    pub fn acted(self) {
        let _ = self.acted.try_update(|acted| *acted += 1);
        let end = move || {
            let _ = self.acted.try_update(|acted| *acted -= 1);
        };
        set_timeout(end, ACTION_HOLD);
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

/// Sorts rows into the previous order, given by their keys. New rows go to the end, in their own order.
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
    fn known_rows_keep_their_order_and_new_ones_go_to_the_end() {
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
