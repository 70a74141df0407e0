//! A draft of an order: the base, the wanted order, and the moves between them. Pure; dragging, buttons, keys and a
//! typed position all use [`Draft::move_to`].

use std::collections::HashMap;

/// A move, and the order on its other side: the order before the move, or after it if the move was undone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    other: Vec<String>,
    id: String,
    to: usize,
}

/// A draft of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    base: Vec<String>,
    order: Vec<String>,
    past: Vec<Step>,
    future: Vec<Step>,
    theirs: Option<Vec<String>>,
    /// The order that the user last saw or made, if the server has changed it since.
    seen: Option<Vec<String>>,
}

/// A completed move. Positions start at 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The id of the moved item.
    pub id: String,
    /// The old position.
    pub from: usize,
    /// The new position.
    pub to: usize,
    /// The number of items.
    pub of: usize,
}

impl Moved {
    /// The message for the user.
    #[must_use]
    pub fn announcement(&self) -> String {
        let Self { id, from, to, of } = self;
        format!("{id} moved from position {from} to {to} of {of}")
    }
}

impl Draft {
    /// A draft without changes.
    #[must_use]
    pub fn new(base: Vec<String>) -> Self {
        Self {
            order: base.clone(),
            base,
            ..Self::default()
        }
    }

    /// The wanted order.
    #[must_use]
    pub fn order(&self) -> &[String] {
        &self.order
    }

    /// The position of an item, from 1; `None` if the order does not contain it.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<usize> {
        let place = self.order.iter().position(|one| one == id)?;
        Some(place + 1)
    }

    /// The order when the draft was started.
    #[must_use]
    pub fn base(&self) -> &[String] {
        &self.base
    }

    /// The current order on the server, if it conflicts with the draft.
    #[must_use]
    pub fn theirs(&self) -> Option<&[String]> {
        self.theirs.as_deref()
    }

    /// The item that was moved last.
    #[must_use]
    pub fn last_moved(&self) -> Option<&str> {
        self.past.last().map(|step| &*step.id)
    }

    /// Whether the draft changes the order.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.order != self.base
    }

    /// The items that change their position, in the new order: id, old and new position, from 1.
    #[must_use]
    pub fn changes(&self) -> Vec<(String, usize, usize)> {
        let base: HashMap<&String, usize> = self.base.iter().zip(1..).collect();
        let order = self.order.iter().zip(1..);
        order
            .filter_map(|(id, to)| Some((id.clone(), *base.get(id)?, to)))
            .filter(|(_, from, to)| from != to)
            .collect()
    }

    /// Notes that the user sees the current order.
    pub fn mark_seen(&mut self) {
        self.seen = None;
    }

    /// The item that the user last saw at this position, from 1, if the server has replaced it by another one since.
    #[must_use]
    pub fn replaced_by(&self, id: &str, position: usize) -> Option<&str> {
        let seen = self.seen.as_ref()?;
        let before = seen.get(position.checked_sub(1)?)?;
        (before != id).then_some(before)
    }

    /// Moves an item to a position, from 1, limited to the ends of the list. `None` if it does not move.
    pub fn move_to(&mut self, id: &str, position: usize) -> Option<Moved> {
        let from = self.order.iter().position(|other| other == id)?;
        let to = position.clamp(1, self.order.len()) - 1;
        if from == to {
            return None;
        }
        self.past.push(Step {
            other: self.order.clone(),
            id: id.to_owned(),
            to: to + 1,
        });
        self.future.clear();
        self.mark_seen();
        let one = self.order.remove(from);
        self.order.insert(to, one);
        Some(Moved {
            id: id.to_owned(),
            from: from + 1,
            to: to + 1,
            of: self.order.len(),
        })
    }

    /// Makes the moves that lead to an order. Items that it does not contain go to the end.
    pub fn arrange(&mut self, order: &[String]) {
        for (id, position) in order.iter().zip(1..) {
            self.move_to(id, position);
        }
    }

    /// Undoes the last move. `None` if there is none.
    pub fn undo(&mut self) -> Option<Moved> {
        let step = self.past.pop()?;
        let (step, moved) = self.swap(step);
        self.future.push(step);
        Some(moved)
    }

    /// Redoes the last undone move. `None` if there is none.
    pub fn redo(&mut self) -> Option<Moved> {
        let step = self.future.pop()?;
        let (step, moved) = self.swap(step);
        self.past.push(step);
        Some(moved)
    }

    /// Swaps the current order with the one on the other side of a step.
    fn swap(&mut self, mut step: Step) -> (Step, Moved) {
        let place = |order: &[String]| order.iter().position(|id| *id == step.id);
        let position = |order: &[String]| place(order).map_or(0, |place| place + 1);
        let moved = Moved {
            id: step.id.clone(),
            from: position(&self.order),
            to: position(&step.other),
            of: step.other.len(),
        };
        std::mem::swap(&mut self.order, &mut step.other);
        self.mark_seen();
        (step, moved)
    }

    /// Applies the moves to the order on the server. Does nothing without a conflict.
    pub fn reapply(&mut self) {
        let Some(theirs) = self.theirs.take() else {
            return;
        };
        let moves = std::mem::take(&mut self.past);
        *self = Self::new(theirs);
        for step in moves {
            self.move_to(&step.id, step.to);
        }
    }

    /// Discards the draft in favour of the order on the server.
    pub fn yield_to_theirs(&mut self) {
        *self = Self::new(self.theirs.take().unwrap_or_else(|| self.base.clone()));
    }

    /// The order that an overwrite sends: the wanted order with the server's items. Items added on the server go to the
    /// end, removed ones are omitted.
    #[must_use]
    pub fn over_theirs(&self) -> Vec<String> {
        let Some(theirs) = &self.theirs else {
            return self.order.clone();
        };
        let mine = self.order.iter().filter(|id| theirs.contains(id));
        let added = theirs.iter().filter(|id| !self.order.contains(id));
        mine.chain(added).cloned().collect()
    }

    /// Follows the order on the server and returns whether anything changed, and the removed items whose moves were
    /// dropped. A draft without changes, or one equal to the server's order, takes it over. Otherwise added and removed
    /// items are merged; if the remaining items were reordered, the draft stays and the conflict is recorded.
    pub fn follow(&mut self, now: &[String]) -> (bool, Vec<String>) {
        if self.base == now {
            return (self.theirs.take().is_some(), Vec::new());
        }
        let removed = |(id, ..): &(String, usize, usize)| {
            let is_moved = self.past.iter().any(|step| step.id == *id);
            is_moved && !now.contains(id)
        };
        let mut lost = self.changes();
        lost.retain(removed);
        // Before the first reading the user saw nothing.
        let shown = (!self.base.is_empty()).then(|| self.order.clone());
        let seen = self.seen.take().or(shown);
        let differs = self.take_over(now);
        self.seen = seen.filter(|seen| *seen != self.order);
        // In a conflict the moves stay.
        lost.retain(|_| self.theirs.is_none());
        (differs, lost.into_iter().map(|(id, ..)| id).collect())
    }

    fn take_over(&mut self, now: &[String]) -> bool {
        if !self.is_changed() || self.order == now {
            *self = Self::new(now.to_vec());
            return true;
        }
        let common = |of: &[String], with: &[String]| -> Vec<String> {
            of.iter().filter(|id| with.contains(id)).cloned().collect()
        };
        if common(&self.base, now) != common(now, &self.base) {
            let new = Some(now.to_vec());
            let differs = self.theirs != new;
            self.theirs = new;
            return differs;
        }
        let merged = |order: &[String]| {
            let mut order = common(order, now);
            for (place, id) in now.iter().enumerate() {
                if !order.contains(id) {
                    order.insert(place.min(order.len()), id.clone());
                }
            }
            order
        };
        self.order = merged(&self.order);
        for steps in [&mut self.past, &mut self.future] {
            // A move of a removed item cannot be undone.
            steps.retain(|step| now.contains(&step.id));
            for step in steps {
                step.other = merged(&step.other);
            }
        }
        self.base = now.to_vec();
        self.theirs = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use proptest::prelude::*;

    fn ids(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_move_is_announced_and_listed_as_a_change() {
        let mut draft = Draft::new(ids("a b c"));
        let moved = draft.move_to("c", 1).expect("it moves");
        assert_eq!(moved.announcement(), "c moved from position 3 to 1 of 3");
        assert_eq!(draft.last_moved(), Some("c"));
        assert_eq!(draft.order(), ids("c a b"));
        let changes = draft.changes();
        let changes: Vec<_> = changes
            .iter()
            .map(|(id, f, t)| (id.as_str(), *f, *t))
            .collect();
        assert_eq!(changes, [("c", 3, 1), ("a", 1, 2), ("b", 2, 3)]);
    }

    #[test]
    fn an_undone_or_redone_move_is_announced_with_its_positions() {
        let mut draft = Draft::new(ids("a b c"));
        draft.move_to("c", 1);
        draft.move_to("a", 3);
        let announcement = |moved: Option<super::Moved>| moved.map(|moved| moved.announcement());
        let expected = |text: &str| Some(text.to_owned());
        assert_eq!(
            announcement(draft.undo()),
            expected("a moved from position 3 to 2 of 3")
        );
        assert_eq!(
            announcement(draft.redo()),
            expected("a moved from position 2 to 3 of 3")
        );
        assert_eq!(announcement(draft.redo()), None);
        // A removed item cannot be moved back.
        draft.follow(&ids("b c"));
        assert_eq!(
            announcement(draft.undo()),
            expected("c moved from position 1 to 2 of 2")
        );
        assert_eq!(announcement(draft.undo()), None);
    }

    #[test]
    fn positions_beyond_the_ends_are_limited_and_a_move_to_the_same_place_is_none() {
        let mut draft = Draft::new(ids("a b c"));
        assert!(draft.move_to("a", 0).is_none());
        assert!(draft.move_to("x", 1).is_none());
        assert_eq!(draft.move_to("a", 99).map(|moved| moved.to), Some(3));
    }

    #[test]
    fn an_arranged_order_consists_of_moves_that_can_be_undone() {
        let mut draft = Draft::new(ids("a b c x"));
        draft.arrange(&ids("c b a"));
        assert_eq!(draft.order(), ids("c b a x"));
        while draft.undo().is_some() {}
        assert_eq!(draft.order(), ids("a b c x"));
    }

    #[test]
    fn an_unchanged_draft_follows_the_server_and_a_changed_one_merges_or_conflicts() {
        for (touch, now, order, conflict, lost) in [
            (false, "c b a", "c b a", false, ""),
            (false, "a b", "a b", false, ""),
            (true, "a b c", "c a b", false, ""),
            (true, "a b c d", "c a b d", false, ""),
            (true, "d a b c", "d c a b", false, ""),
            (true, "a c", "c a", false, ""),
            (true, "a b", "a b", false, "c"),
            (true, "b a c", "c a b", true, ""),
            (true, "b a", "c a b", true, ""),
            (true, "c a b", "c a b", false, ""),
        ] {
            let mut draft = Draft::new(ids("a b c"));
            if touch {
                draft.move_to("c", 1);
            }
            assert_eq!(draft.follow(&ids(now)).1, ids(lost), "{now}");
            assert_eq!(draft.order(), ids(order), "{now}");
            assert_eq!(draft.theirs().is_some(), conflict, "{now}");
        }
    }

    #[test]
    fn items_that_the_server_moved_since_the_user_saw_them_are_reported() {
        let replaced = |draft: &Draft| {
            let order = draft.order().iter().zip(1..);
            let replaced = order.filter_map(|(id, at)| draft.replaced_by(id, at));
            replaced.collect::<Vec<_>>().join(" ")
        };
        let mut draft = Draft::default();
        draft.follow(&ids("a b c d"));
        assert_eq!(replaced(&draft), "", "nothing was shown before");
        draft.follow(&ids("a c b d"));
        assert_eq!(replaced(&draft), "b c");
        draft.follow(&ids("c a b d"));
        assert_eq!(
            replaced(&draft),
            "a b c",
            "still compared with the seen order"
        );
        draft.follow(&ids("a b c d"));
        assert_eq!(replaced(&draft), "", "the seen order again");
        draft.follow(&ids("b c d"));
        assert_eq!(replaced(&draft), "a b c", "one was removed");
        draft.mark_seen();
        assert_eq!(replaced(&draft), "");
        draft.follow(&ids("c b d"));
        draft.move_to("d", 1);
        assert_eq!(replaced(&draft), "", "the user changed it");
        draft.follow(&ids("x c b d"));
        assert_eq!(
            (draft.order(), &*replaced(&draft)),
            (&ids("x d c b")[..], "d c b")
        );
        assert!(draft.undo().is_some());
        assert_eq!(replaced(&draft), "");
        draft.move_to("d", 1);
        draft.follow(&ids("b c d x"));
        assert!(draft.theirs().is_some());
        assert_eq!(replaced(&draft), "", "a conflict moves nothing");
    }

    #[test]
    fn a_conflict_is_resolved_by_yielding_reapplying_or_overwriting() {
        let conflict = || {
            let mut draft = Draft::new(ids("a b c d"));
            draft.move_to("d", 1);
            draft.follow(&ids("b a d x"));
            draft
        };
        let mut yielded = conflict();
        assert_eq!(yielded.theirs(), Some(&ids("b a d x")[..]));
        yielded.yield_to_theirs();
        assert_eq!(
            (yielded.order(), yielded.is_changed()),
            (&ids("b a d x")[..], false)
        );
        let mut again = conflict();
        again.reapply();
        assert_eq!(
            (again.order(), again.base()),
            (&ids("d b a x")[..], &ids("b a d x")[..])
        );
        assert!(again.undo().is_some() && !again.is_changed());
        assert_eq!(conflict().over_theirs(), ids("d a b x"));
    }

    proptest! {
        #[test]
        fn any_moves_leave_a_permutation_and_undo_restores(moves in proptest::collection::vec((0_usize..6, 0_usize..9), 0..30)) {
            let base = ids("a b c d e f");
            let mut draft = Draft::new(base.clone());
            for (who, to) in &moves {
                draft.move_to(&base[*who], *to);
                let mut sorted = draft.order().to_vec();
                sorted.sort();
                prop_assert_eq!(&sorted, &base);
            }
            let wanted = draft.order().to_vec();
            let mut steps = 0;
            while draft.undo().is_some() { steps += 1; }
            prop_assert_eq!(draft.order(), &base[..]);
            for _ in 0..steps { prop_assert!(draft.redo().is_some()); }
            prop_assert_eq!(draft.order(), &wanted[..]);
        }
    }
}
