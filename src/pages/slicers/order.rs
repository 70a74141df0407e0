//! The list "Slicer order": every slicer of a group in the order of failover, and the draft of a new order.

use super::action_context::ActionContext;
use super::model::empty_list_message;
use super::order_memory::OrderOffer;
use super::order_rows::{Row, drop_preview, reported, rows};
use super::save_bar::SaveBar;
use super::slicer_row::SlicerRow;
use crate::api::poll_gate;
use crate::live::rows::Rows;
use crate::live::use_clock;
use crate::nav::use_nav;
use crate::on_change::on_change;
use crate::prefs::use_prefs;
use crate::ui::reorder::{Draft, Dragging, Dropped, Reorderable};
use leptos::prelude::*;
use vendors::uplynk::{Blacklist, Slicer};

/// For this many milliseconds after the order has changed, a touch may be meant for the slicer that was there before: a
/// touch enters the list only as it acts, so it is unknown when the user aimed.
const JUST_CHANGED: f64 = 1000.0;

/// The slicers of a group in order, and the draft of another order.
#[component]
pub fn SlicerOrder(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let ActionContext { live, draft, .. } = context;
    let shown = StoredValue::new(None);
    let dragging = Dragging::new(Callback::new(move |dropped| {
        drop_row(context, shown.get_value(), dropped);
    }));
    let lifted = Memo::new(move |_| dragging.is_lifted());
    let set_dragging = move |is_lifted| {
        poll_gate::set_dragging(is_lifted);
        context.lifted.set(is_lifted);
    };
    on_change(move || set_dragging(lifted.get()));
    on_cleanup(move || set_dragging(false));
    let on_enter = follow_group(context, lifted);
    let list = row_list(context, lifted);
    shown.set_value(Some(list));
    let drawn = Rows::follow(list);
    let keys = move |event: leptos::ev::KeyboardEvent| {
        if !lifted.get_untracked() {
            undo_or_redo(context, &event);
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
        let group = live.value()?;
        let words = [
            "This group has no slicers.",
            "Uplynk does not report the slicers of this group.",
            "The slicers of this group cannot be read.",
        ];
        let words = empty_list_message(&group, "slicers", group.slicers.is_some(), words);
        let is_empty = list.read().is_empty();
        is_empty.then(|| view! { <p class="blank">{words}</p> })
    };
    let hint = move || {
        // Saving is short, and its button shows it.
        let why = context
            .why_immovable()
            .filter(|_| context.saving.read().is_none());
        match (why, context.may_change) {
            (Some(why), _) => why,
            (None, true) => {
                "drag, use the arrows, or Alt+↑ and Alt+↓; the first healthy, eligible slicer in the order goes on air"
            }
            (None, false) => "the first healthy, eligible slicer in the order goes on air",
        }
    };
    view! {
        <section class="panel" aria-labelledby="order" data-fresh=move || context.stale.get() on:keydown=keys>
            <header>
                <h2 id="order">"Slicer order"</h2>
                <p>{hint}</p>
            </header>
            <OrderOffer context />
            <Reorderable name="Slicer order" dragging preview on_enter>
                {drawn.draw(move |row| view! { <SlicerRow row context /> })}
            </Reorderable>
            {none}
            <p class="vh" role="status">{context.message}</p>
            <SaveBar context />
        </section>
    }
}

/// Moves the row that was dropped, or announces that it stays.
fn drop_row(context: ActionContext, list: Option<Memo<Vec<Row>>>, dropped: Dropped) {
    let row = |at: usize| list?.with_untracked(|rows| rows.get(at).cloned());
    match dropped {
        Dropped::At { row: at, to } => {
            if let Some(id) = row(at).and_then(|row| context.slicer_of_row(&row)) {
                context.move_to(&id, to);
            }
        }
        Dropped::Back { row: at } => {
            if let Some(row) = row(at) {
                let words = format!("{} stays at position {} of {}", row.id, row.at, row.of);
                context.message.set(words);
            }
        }
        Dropped::Nothing => {}
    }
}

/// Updates the draft with each refresh, except while a row is dragged or the draft is saved; after saving, the saving
/// code updates it. Returns a callback for when the user turns to the list, by touch (`true`) or otherwise.
fn follow_group(context: ActionContext, lifted: Memo<bool>) -> Callback<bool> {
    let changed_at = StoredValue::new(f64::NEG_INFINITY);
    on_change(move || {
        let Some(group) = context.live.value() else {
            return;
        };
        let is_kept = lifted.get() || context.saving.read_untracked().is_some();
        if !is_kept && context.follow(&group) {
            changed_at.set_value(poll_gate::now());
        }
    });
    Callback::new(move |by_touch: bool| {
        let has_just_changed = poll_gate::now() - changed_at.get_value() < JUST_CHANGED;
        if !(by_touch && has_just_changed) {
            context.mark_seen();
        }
    })
}

/// The rows of the list.
fn row_list(context: ActionContext, lifted: Memo<bool>) -> Memo<Vec<Row>> {
    let (clock, zone, status) = (use_clock(), use_prefs().zone, context.live.status);
    let all = Memo::new(move |_| {
        let Some(group) = context.live.value() else {
            return Vec::new();
        };
        // The time affects a row only if its slicer is blacklisted, so healthy rows are not recomputed every second.
        let healthy = |slicer: &Slicer| slicer.blacklist == Some(Blacklist::Healthy);
        let now = if group.slicers.iter().flatten().all(healthy) {
            status.vendor_now()
        } else {
            status.vendor_time(clock)
        };
        reported(&group, &context.thumbnail_ages.read(), now, zone.get())
    });
    Memo::new(move |before: Option<&Vec<Row>>| {
        // Untracked: lifting a row changes no row, and dropping it changes the draft.
        let held = before.filter(|_| lifted.get_untracked()).map(Vec::as_slice);
        rows(&all.read(), &context.draft.read(), held)
    })
}

/// Undoes a move with Ctrl+Z, and redoes it with Ctrl+Shift+Z.
fn undo_or_redo(context: ActionContext, event: &leptos::ev::KeyboardEvent) {
    let modified = event.ctrl_key() || event.meta_key();
    if !modified || !event.key().eq_ignore_ascii_case("z") || !context.movable.get_untracked() {
        return;
    }
    event.prevent_default();
    let again = event.shift_key();
    let step = |draft: &mut Draft| if again { draft.redo() } else { draft.undo() };
    if let Some(moved) = context.draft.try_update(step).flatten() {
        let what = if again { "redone" } else { "undone" };
        let words = format!("Move {what}: {}", moved.announcement());
        context.message.set(words);
        context.focus_moved(moved);
    }
}

/// Asks for confirmation before the page is left with a changed draft, even while the group is not found.
pub fn ask_before_leaving(context: ActionContext) {
    let nav = use_nav();
    on_change(move || {
        let what = match *context.saving.read() {
            None => Some("Your changes to the order"),
            Some(_) => Some("The order is being saved. If that fails, your changes to it"),
        };
        nav.set_unsaved(what.filter(|_| context.draft.read().is_changed()));
    });
    on_cleanup(move || nav.set_unsaved(None));
}
