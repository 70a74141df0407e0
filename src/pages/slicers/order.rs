//! The list "Slicer order": every slicer of a group in the order of failover, and the draft of a new order.

use super::action_context::ActionContext;
use super::order_memory::OrderOffer;
use super::order_rows::{Row, drop_preview, reported, rows};
use super::save::SaveBar;
use super::slicer_row::SlicerRow;
use crate::api::poll_gate;
use crate::api::uplynk::SaveStep;
use crate::live::rows::Rows;
use crate::live::use_clock;
use crate::nav::use_nav;
use crate::on_change::on_change;
use crate::prefs::use_prefs;
use crate::ui::reorder::{self, Dragging, Dropped, Reorderable};
use leptos::prelude::*;
use vendors::uplynk::{Blacklist, Slicer};

/// For how many milliseconds after the order has changed a touch may mean a row as it was before: it comes into the list
/// only as it acts, so that when somebody turned to the list is not known.
const JUST_CHANGED: f64 = 1000.0;

/// The slicers of a group in order, and the draft of another order.
#[component]
pub fn SlicerOrder(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let (clock, prefs) = (use_clock(), use_prefs());
    let ActionContext {
        live,
        draft,
        message,
        movable,
        ..
    } = context;
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    let shown = StoredValue::new(None);
    let dragging = Dragging::new(Callback::new(move |dropped| {
        let row = |at: usize| {
            let list: Memo<Vec<Row>> = shown.get_value()?;
            list.with_untracked(|rows| rows.get(at).cloned())
        };
        match dropped {
            Dropped::At { row: at, to } => {
                if let Some(id) = row(at).and_then(|row| context.acted_on(&row)) {
                    context.move_to(&id, to);
                }
            }
            Dropped::Back { row: at } => {
                if let Some(row) = row(at) {
                    let words = format!("{} stays at position {} of {}", row.id, row.at, row.of);
                    message.set(words);
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
    let changed_at = StoredValue::new(f64::NEG_INFINITY);
    // The draft follows refreshes, but not while a row is dragged, or while it is saved: then what saves it says when the
    // two are the same.
    on_change(move || {
        let Some(group) = live.value() else { return };
        if lifted.get() || context.saving.read_untracked().is_some() {
            return;
        }
        if context.follow(&group) {
            changed_at.set_value(reorder::now());
        }
    });
    let turned_to = Callback::new(move |by_touch: bool| {
        let has_just_changed = reorder::now() - changed_at.get_value() < JUST_CHANGED;
        if !(by_touch && has_just_changed) {
            context.look();
        }
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
    shown.set_value(Some(list));
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
        let over = dragging.over.get();
        let over = over.and_then(|(row, to)| Some((live.value()?, row, to?)));
        over.map_or_else(String::new, |(group, row, to)| {
            drop_preview(&group, &draft.read(), row, to, context.now())
        })
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
    let hint = move || {
        // Saving is soon over, and said by its button.
        let why = context
            .why_fixed()
            .filter(|_| context.saving.read().is_none());
        match (why, context.may) {
            (Some(why), _) => why,
            (None, true) => {
                "drag, use the arrows, or Alt+↑ and Alt+↓; the lowest healthy, eligible position goes on air"
            }
            (None, false) => "lowest healthy, eligible position goes on air",
        }
    };
    view! {
        <section class="panel" aria-labelledby="order" data-fresh=move || stale.get().then_some("stale") on:keydown=undo>
            <header>
                <h2 id="order">"Slicer order"</h2>
                <p>{hint}</p>
            </header>
            <OrderOffer context />
            <Reorderable name="Slicer order" dragging preview turned_to>
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
