//! The order that a group had before flat mode: in flat mode every position is 1, and going back to
//! prioritized mode starts from the vendor's own list. Remembered while the console is open.

use crate::api::uplynk::ids;
use crate::provided::provided;
use leptos::prelude::*;
use std::collections::HashMap;
use vendors::uplynk::{FailoverGroup, Mode};

/// What is remembered of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remembered {
    order: Vec<String>,
    lost: bool,
}

impl Remembered {
    /// Follows the group; returns the order to offer, if it had another one before.
    pub fn follow(&mut self, group: &FailoverGroup) -> Option<Vec<String>> {
        match group.mode {
            Some(Mode::Flat) => {
                self.lost = !self.order.is_empty();
                None
            }
            Some(Mode::Prioritized) => {
                let now = ids(group);
                if self.lost {
                    let known = self.order.iter().filter(|id| now.contains(id));
                    let come = now.iter().filter(|id| !self.order.contains(id));
                    let offer: Vec<String> = known.chain(come).cloned().collect();
                    if offer != now {
                        return Some(offer);
                    }
                }
                *self = Self {
                    order: now,
                    lost: false,
                };
                None
            }
            _ => None,
        }
    }

    /// The offer was taken or declined.
    pub fn settle(&mut self) {
        self.lost = false;
    }
}

/// What is remembered of every opened group, by connection and id.
#[derive(Clone, Copy)]
pub struct Memory(StoredValue<HashMap<(String, String), Remembered>>);

/// Provides the memory.
pub fn provide() {
    provide_context(Memory(StoredValue::new(HashMap::new())));
}

/// What is remembered. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_memory() -> Memory {
    provided()
}

impl Memory {
    /// Reads or changes what is remembered of a group.
    pub fn of<T>(
        self,
        connection: &str,
        group: &str,
        see: impl FnOnce(&mut Remembered) -> T,
    ) -> Option<T> {
        self.0.try_update_value(|all| {
            see(all
                .entry((connection.to_owned(), group.to_owned()))
                .or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Remembered;
    use vendors::uplynk::{FailoverGroup, Mode, Slicer};

    fn group(mode: Mode, order: &str) -> FailoverGroup {
        let flat = mode == Mode::Flat;
        let slicers = order.split(' ').zip(1..).map(|(id, place)| Slicer {
            id: id.to_owned(),
            order: Some(if flat { 1 } else { place }),
            ..Slicer::default()
        });
        FailoverGroup {
            mode: Some(mode),
            slicers: Some(slicers.collect()),
            ..FailoverGroup::default()
        }
    }

    #[test]
    fn the_order_before_flat_mode_is_offered_until_it_is_settled() {
        let (prioritized, flat) = (
            |order| group(Mode::Prioritized, order),
            || group(Mode::Flat, "a b c"),
        );
        let mut memory = Remembered::default();
        assert_eq!(memory.follow(&flat()), None);
        assert_eq!(
            memory.follow(&prioritized("c b a")),
            None,
            "what it was before is not known"
        );
        assert_eq!(memory.follow(&flat()), None);
        let offer = memory.follow(&prioritized("a b x")).expect("an offer");
        assert_eq!(offer, ["b", "a", "x"], "c is gone and x has come");
        assert!(memory.follow(&prioritized("a b x")).is_some(), "it stands");
        memory.settle();
        assert_eq!(memory.follow(&prioritized("a b x")), None);
        memory.follow(&flat());
        assert_eq!(memory.follow(&prioritized("a b x")), None, "it is the same");
    }
}
