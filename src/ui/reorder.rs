//! An order being changed: what was there, what is wanted, and the steps between. Pure; drag, buttons,
//! keys and a typed position all end in [`Draft::move_to`].

/// A draft of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    base: Vec<String>,
    order: Vec<String>,
    past: Vec<Vec<String>>,
    future: Vec<Vec<String>>,
    theirs: Option<Vec<String>>,
}

/// A move that was made; positions from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Who moved.
    pub id: String,
    /// From where.
    pub from: usize,
    /// To where.
    pub to: usize,
    /// Of how many.
    pub of: usize,
}

impl Moved {
    /// What is said of it.
    #[must_use]
    pub fn said(&self) -> String {
        let Self { id, from, to, of } = self;
        format!("{id} moved from position {from} to {to} of {of}")
    }
}

impl Draft {
    /// A draft that changes nothing yet.
    #[must_use]
    pub fn new(base: Vec<String>) -> Self {
        Self {
            order: base.clone(),
            base,
            ..Self::default()
        }
    }

    /// The order as it is wanted.
    #[must_use]
    pub fn order(&self) -> &[String] {
        &self.order
    }

    /// The order that was there when the draft was begun.
    #[must_use]
    pub fn base(&self) -> &[String] {
        &self.base
    }

    /// The order that is there now, where it is neither what was there nor can be merged.
    #[must_use]
    pub fn theirs(&self) -> Option<&[String]> {
        self.theirs.as_deref()
    }

    /// Whether it would change something.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.order != self.base
    }

    /// Who would stand elsewhere: id, position before and after, from 1, in the new order.
    #[must_use]
    pub fn changes(&self) -> Vec<(String, usize, usize)> {
        let mut changes = Vec::new();
        for (to, id) in self.order.iter().enumerate() {
            let from = self.base.iter().position(|other| other == id);
            if let Some(from) = from.filter(|from| *from != to) {
                changes.push((id.clone(), from + 1, to + 1));
            }
        }
        changes
    }

    /// Moves one to a position, from 1; beyond the ends is the end. `None` where nothing moves.
    pub fn move_to(&mut self, id: &str, position: usize) -> Option<Moved> {
        let from = self.order.iter().position(|other| other == id)?;
        let to = position.clamp(1, self.order.len()) - 1;
        if from == to {
            return None;
        }
        self.past.push(self.order.clone());
        self.future.clear();
        let one = self.order.remove(from);
        self.order.insert(to, one);
        Some(Moved {
            id: id.to_owned(),
            from: from + 1,
            to: to + 1,
            of: self.order.len(),
        })
    }

    /// Takes the last move back; whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(before) = self.past.pop() else {
            return false;
        };
        self.future.push(std::mem::replace(&mut self.order, before));
        true
    }

    /// Makes the move again that was taken back last; whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some(after) = self.future.pop() else {
            return false;
        };
        self.past.push(std::mem::replace(&mut self.order, after));
        true
    }

    /// Follows what is there now. An untouched draft becomes it; a touched one keeps its own order with
    /// who has come and without who has gone, or, where the others stand in another order than before,
    /// stays as it is and remembers theirs.
    pub fn follow(&mut self, now: &[String]) {
        if self.base == now {
            self.theirs = None;
            return;
        }
        if !self.is_changed() {
            *self = Self::new(now.to_vec());
            return;
        }
        let common = |of: &[String], with: &[String]| -> Vec<String> {
            of.iter().filter(|id| with.contains(id)).cloned().collect()
        };
        if common(&self.base, now) != common(now, &self.base) {
            self.theirs = Some(now.to_vec());
            return;
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
        self.past = self.past.iter().map(|order| merged(order)).collect();
        self.future = self.future.iter().map(|order| merged(order)).collect();
        self.base = now.to_vec();
        self.theirs = None;
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
    fn a_move_is_told_and_listed() {
        let mut draft = Draft::new(ids("a b c"));
        let moved = draft.move_to("c", 1).expect("it moves");
        assert_eq!(moved.said(), "c moved from position 3 to 1 of 3");
        assert_eq!(draft.order(), ids("c a b"));
        let changes = draft.changes();
        let changes: Vec<_> = changes
            .iter()
            .map(|(id, f, t)| (id.as_str(), *f, *t))
            .collect();
        assert_eq!(changes, [("c", 3, 1), ("a", 1, 2), ("b", 2, 3)]);
    }

    #[test]
    fn beyond_the_ends_is_the_end_and_who_does_not_move_is_not_told() {
        let mut draft = Draft::new(ids("a b c"));
        assert!(draft.move_to("a", 0).is_none());
        assert!(draft.move_to("x", 1).is_none());
        assert_eq!(draft.move_to("a", 99).map(|moved| moved.to), Some(3));
    }

    #[test]
    fn an_untouched_draft_follows_and_a_touched_one_is_merged_or_in_conflict() {
        for (touch, now, order, conflict) in [
            (false, "c b a", "c b a", false),
            (true, "a b c", "c a b", false),
            (true, "a b c d", "c a b d", false),
            (true, "d a b c", "d c a b", false),
            (true, "a c", "c a", false),
            (true, "b a c", "c a b", true),
        ] {
            let mut draft = Draft::new(ids("a b c"));
            if touch {
                draft.move_to("c", 1);
            }
            draft.follow(&ids(now));
            assert_eq!(draft.order(), ids(order), "{now}");
            assert_eq!(draft.theirs().is_some(), conflict, "{now}");
        }
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
            while draft.undo() { steps += 1; }
            prop_assert_eq!(draft.order(), &base[..]);
            for _ in 0..steps { prop_assert!(draft.redo()); }
            prop_assert_eq!(draft.order(), &wanted[..]);
        }
    }
}
