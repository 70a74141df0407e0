//! Remembers the order of a group before flat mode, and offers it as a draft afterwards. In flat mode every position is
//! 1, and prioritized mode starts from the vendor's list. The order is remembered while the console is open.

use super::action_context::ActionContext;
use super::thumbnail::set_if_changed;
use crate::api::uplynk::{has_all_slicers, ids};
use crate::on_change::on_change;
use crate::provided::provided;
use crate::ui::hand_over;
use leptos::prelude::*;
use std::collections::HashMap;
use vendors::uplynk::{FailoverGroup, Mode};

/// The remembered order of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remembered {
    order: Vec<String>,
    /// Whether flat mode has replaced the order.
    lost: bool,
}

impl Remembered {
    /// Updates the remembered order with a reading; returns the order to offer, if flat mode has replaced it.
    pub fn follow(&mut self, group: &FailoverGroup) -> Option<Vec<String>> {
        match group.mode {
            // A reading without all slicers does not show whether the order was replaced.
            _ if !has_all_slicers(group) => None,
            Some(Mode::Flat) => {
                self.lost = !self.order.is_empty();
                None
            }
            Some(Mode::Prioritized) => {
                let now = ids(group);
                if self.lost {
                    let known = self.order.iter().filter(|id| now.contains(id));
                    let new = now.iter().filter(|id| !self.order.contains(id));
                    let offer: Vec<String> = known.chain(new).cloned().collect();
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
}

/// The remembered orders of all opened groups, by connection and id.
#[derive(Clone, Copy)]
pub struct Memory(StoredValue<HashMap<(String, String), Remembered>>);

/// Provides the memory.
pub fn provide() {
    provide_context(Memory(StoredValue::new(HashMap::new())));
}

impl Memory {
    /// Reads or changes the remembered order of a group.
    pub fn with_group<T>(
        self,
        connection: &str,
        group: &str,
        update: impl FnOnce(&mut Remembered) -> T,
    ) -> Option<T> {
        self.0.try_update_value(|all| {
            let key = (connection.to_owned(), group.to_owned());
            update(all.entry(key).or_default())
        })
    }
}

/// The offer to restore the order before flat mode, if the group has a different one now.
#[component]
pub fn OrderOffer(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let (live, draft, memory) = (context.live, context.draft, provided::<Memory>());
    let connection = context.writer().map(|writer| writer.connection);
    let connection = StoredValue::new(connection.unwrap_or_default());
    let offer = RwSignal::new(None::<Vec<String>>);
    on_change(move || {
        let Some(group) = live.value() else { return };
        // Checked again after the offer was accepted or declined.
        draft.track();
        let remembered =
            connection.with_value(|id| memory.with_group(id, &group.id, |one| one.follow(&group)));
        set_if_changed(offer, remembered.flatten());
    });
    move || {
        // The focused button may be removed with the offer.
        hand_over("#slicer-at-1");
        let order = offer.get().filter(|_| context.movable.get())?;
        let group = live.value_untracked()?.id.clone();
        let words = order.join(", ");
        let accept = move |_| {
            draft.update(|draft| draft.arrange(&order));
            let words = "The order from before flat mode is now a draft";
            context.message.set(words.to_owned());
        };
        let decline = move |_| {
            connection.with_value(|id| memory.with_group(id, &group, |one| one.lost = false));
            draft.notify();
        };
        Some(view! {
            <div class="offer row" role="group" aria-label="Order before flat mode">
                <p>{format!("Before flat mode the order was {words}.")}</p>
                <button type="button" class="btn" on:click=accept>"Restore as a draft"</button>
                <button type="button" class="btn" on:click=decline>"Keep the order as it is"</button>
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
    fn a_reading_without_slicers_keeps_the_remembered_order() {
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
    fn the_order_before_flat_mode_is_offered_until_the_offer_ends() {
        let (prioritized, flat) = (
            |order| group(Mode::Prioritized, order),
            || group(Mode::Flat, "a b c"),
        );
        let mut memory = Remembered::default();
        assert_eq!(memory.follow(&flat()), None);
        assert_eq!(
            memory.follow(&prioritized("c b a")),
            None,
            "the order before flat mode was never read"
        );
        assert_eq!(memory.follow(&flat()), None);
        let offer = memory.follow(&prioritized("a b x")).expect("an offer");
        assert_eq!(offer, ["b", "a", "x"], "c was removed and x added");
        assert!(memory.follow(&prioritized("a b x")).is_some(), "repeated");
        memory.lost = false;
        assert_eq!(memory.follow(&prioritized("a b x")), None);
        memory.follow(&flat());
        assert_eq!(memory.follow(&prioritized("a b x")), None, "unchanged");
    }
}
