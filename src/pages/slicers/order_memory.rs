//! The order that a group had before flat mode: in flat mode every position is 1, and going back to
//! prioritized mode starts from the vendor's own list. Remembered while the console is open, and offered as a draft.

use super::action_context::ActionContext;
use super::thumbnail::put;
use crate::api::uplynk::{ids, is_whole};
use crate::on_change::on_change;
use crate::provided::provided;
use crate::ui::hand_over;
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
            // What is not known is not lost.
            _ if !is_whole(group) => None,
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

/// The offer of the order before flat mode, where the group has another one now.
#[component]
pub fn OrderOffer(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let (live, draft, memory) = (context.live, context.draft, use_memory());
    let connection = context.writer().map(|writer| writer.connection);
    let connection = StoredValue::new(connection.unwrap_or_default());
    let offer = RwSignal::new(None::<Vec<String>>);
    on_change(move || {
        let Some(group) = live.value() else { return };
        // Checked again after the offer was accepted or declined.
        draft.track();
        let remembered =
            connection.with_value(|id| memory.of(id, &group.id, |one| one.follow(&group)));
        put(offer, remembered.flatten());
    });
    move || {
        // The button that was pressed may go with the offer.
        hand_over("#slicer-at-1");
        let order = offer.get().filter(|_| context.movable.get())?;
        let group = live.value_untracked()?.id.clone();
        let words = order.join(", ");
        let take = move |_| {
            draft.update(|draft| draft.arrange(&order));
            let words = "The order from before flat mode is now a draft";
            context.message.set(words.to_owned());
        };
        let settle = move |_| {
            connection.with_value(|id| memory.of(id, &group, Remembered::settle));
            draft.notify();
        };
        Some(view! {
            <div class="offer row" role="group" aria-label="Order before flat mode">
                <p>{format!("Before flat mode the order was {words}.")}</p>
                <button type="button" class="btn" on:click=take>"Restore as a draft"</button>
                <button type="button" class="btn" on:click=settle>"Keep the order as it is"</button>
            </div>
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
    fn a_reading_without_the_slicers_loses_nothing() {
        let mut memory = Remembered::default();
        memory.follow(&group(Mode::Prioritized, "b a"));
        let unread = FailoverGroup {
            slicers: None,
            ..group(Mode::Prioritized, "b a")
        };
        assert_eq!(memory.follow(&unread), None);
        memory.follow(&group(Mode::Flat, "a b"));
        let offer = memory.follow(&group(Mode::Prioritized, "a b"));
        assert_eq!(offer.expect("an offer"), ["b", "a"]);
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
