//! The list "Slicer order": every slicer of a group in the order of failover, and the draft of a new order.

use super::action_context::ActionContext;
use super::order_memory::use_memory;
use super::order_rows::{Row, reported, rows};
use super::save::SaveBar;
use super::slicer_row::SlicerRow;
use crate::api::poll_gate;
use crate::api::uplynk::{SaveStep, ids};
use crate::live::rows::Rows;
use crate::live::use_clock;
use crate::nav::use_nav;
use crate::on_change::on_change;
use crate::prefs::use_prefs;
use crate::ui::reorder::{Dragging, Dropped, Reorderable};
use health::slicers::order_effect;
use leptos::prelude::*;
use vendors::uplynk::{Blacklist, Slicer};

/// The slicers of a group in order, and the draft of another order.
#[component]
pub fn SlicerOrder(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let (clock, prefs, memory) = (use_clock(), use_prefs(), use_memory());
    let ActionContext {
        live,
        draft,
        message,
        flat,
        movable,
        ..
    } = context;
    let connection = context
        .writer()
        .map(|writer| writer.connection)
        .unwrap_or_default();
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    let dragging = Dragging::new(Callback::new(move |dropped| {
        let id = |row: usize| draft.with_untracked(|draft| draft.order().get(row).cloned());
        match dropped {
            Dropped::At { row, to } => {
                if let Some(id) = id(row) {
                    context.move_to(&id, to);
                }
            }
            Dropped::Back { row } => {
                let of = draft.with_untracked(|draft| draft.order().len());
                if let Some(id) = id(row) {
                    message.set(format!("{id} stays at position {} of {of}", row + 1));
                }
            }
            Dropped::Nothing => {}
        }
    }));
    let lifted = Memo::new(move |_| dragging.is_lifted());
    let drags = move |is_lifted| {
        poll_gate::set_dragging(is_lifted);
        context.lifted.set(is_lifted);
    };
    on_change(move || drags(lifted.get()));
    on_cleanup(move || drags(false));
    // The draft follows refreshes, but not while a row is dragged, while a changed draft waits for prioritized mode, or
    // while it is saved: then what saves it says when the two are the same.
    on_change(move || {
        let Some(group) = live.value() else { return };
        let waits = flat.get() && draft.with_untracked(|draft| draft.is_changed());
        if lifted.get() || waits || context.saving.read_untracked().is_some() {
            return;
        }
        draft.maybe_update(|draft| draft.follow(&ids(&group)));
    });
    let remembers = connection.clone();
    let offer = RwSignal::new(None::<Vec<String>>);
    on_change(move || {
        let Some(group) = live.value() else { return };
        // Checked again after the offer was accepted or declined.
        draft.track();
        let remembered = memory.of(&remembers, &group.id, |one| one.follow(&group));
        let new = remembered.flatten();
        offer.maybe_update(|held| {
            let changed = *held != new;
            *held = new;
            changed
        });
    });
    let all = Memo::new(move |_| {
        let Some(group) = live.value() else {
            return Vec::new();
        };
        // Time changes a row only if a slicer is blacklisted, so healthy rows are not recomputed every
        // second.
        let healthy = |slicer: &Slicer| slicer.blacklist == Some(Blacklist::Healthy);
        let now = if group.slicers.iter().flatten().all(healthy) {
            live.status.vendor_now()
        } else {
            live.status.vendor_time(clock)
        };
        let thumbnail_ages = context.thumbnail_ages.read();
        reported(&group, &thumbnail_ages, now, prefs.zone.get())
    });
    let list = Memo::new(move |before: Option<&Vec<Row>>| {
        // Lifting a row changes no row; dropping it changes the draft, which updates this.
        let held = before.filter(|_| lifted.get_untracked()).map(Vec::as_slice);
        rows(&all.read(), &draft.read(), held)
    });
    let drawn = Rows::follow(list);
    let undo = move |event: leptos::ev::KeyboardEvent| {
        let modified = event.ctrl_key() || event.meta_key();
        let possible = movable.get_untracked() && !lifted.get_untracked();
        if !modified || !event.key().eq_ignore_ascii_case("z") || !possible {
            return;
        }
        event.prevent_default();
        let again = event.shift_key();
        let done = draft.try_update(|draft| if again { draft.redo() } else { draft.undo() });
        if let Some(moved) = done.flatten() {
            let what = if again { "redone" } else { "undone" };
            message.set(format!("Move {what}: {}", moved.announcement()));
        }
    };
    let preview = Memo::new(move |_| {
        let Some((row, Some(to))) = dragging.over.get() else {
            return String::new();
        };
        let draft = draft.read();
        if to == row + 1 {
            return format!("Position {to}, where it was");
        }
        let mut order = draft.order().to_vec();
        if row >= order.len() || to > order.len() {
            return String::new();
        }
        let id = order.remove(row);
        order.insert(to.saturating_sub(1), id);
        let effect = live
            .value()
            .map(|group| order_effect(&group, &order, context.now()));
        let effect = effect.map(|effect| effect.sentence).unwrap_or_default();
        format!("Position {to}, was {}. {effect}", row + 1)
    });
    let none = move || {
        let is_reported = live.value()?.slicers.is_some();
        let words = if is_reported {
            "This group has no slicers."
        } else {
            "Uplynk does not report the slicers of this group."
        };
        let is_empty = list.read().is_empty();
        is_empty.then(|| view! { <p class="blank">{words}</p> })
    };
    let hint = move || match (flat.get(), context.may) {
        (true, _) => "flat mode: positions do not apply, so there is no order to change",
        (false, true) => {
            "drag, use the arrows, or Alt+↑ and Alt+↓; the lowest healthy, eligible position goes on air"
        }
        (false, false) => "lowest healthy, eligible position goes on air",
    };
    let offered = move || {
        let order = offer.get().filter(|_| movable.get())?;
        let group = live.value_untracked()?.id.clone();
        let decline = (connection.clone(), group);
        let words = order.join(", ");
        let take = move |_| {
            for (id, to) in order.iter().zip(1..) {
                draft.update(|draft| {
                    draft.move_to(id, to);
                });
            }
            message.set("The order from before flat mode is now a draft".to_owned());
        };
        let settle = move |_| {
            memory.of(
                &decline.0,
                &decline.1,
                super::order_memory::Remembered::settle,
            );
            draft.notify();
        };
        Some(view! {
            <div class="offer row" role="group" aria-label="Order before flat mode">
                <p>{format!("Before flat mode the order was {words}.")}</p>
                <button type="button" class="btn" on:click=take>"Restore as a draft"</button>
                <button type="button" class="btn" on:click=settle>"Keep the order as it is"</button>
            </div>
        })
    };
    view! {
        <section class="panel" aria-labelledby="order" data-fresh=move || stale.get().then_some("stale") on:keydown=undo>
            <header>
                <h2 id="order">"Slicer order"</h2>
                <p>{hint}</p>
            </header>
            {offered}
            <Reorderable name="Slicer order" dragging preview turned_to=Callback::new(move |()| context.look())>
                {drawn.draw(move |row| view! { <SlicerRow row context /> })}
            </Reorderable>
            {none}
            <p class="vh" role="status">{message}</p>
            <SaveBar context message />
        </section>
    }
}

/// Asks before a page with a changed draft is left, also while it says that there is no such group: the draft is kept.
pub fn ask_before_leaving(context: ActionContext) {
    let nav = use_nav();
    on_change(move || {
        let what = match *context.saving.read() {
            None => Some("Your changes to the order"),
            Some(SaveStep::Showing) => None,
            Some(_) => Some("The order is being saved. If that fails, your changes to it"),
        };
        nav.set_unsaved(what.filter(|_| context.draft.read().is_changed()));
    });
    on_cleanup(move || nav.set_unsaved(None));
}
