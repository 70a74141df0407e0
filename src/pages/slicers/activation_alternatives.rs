//! The dialog shown instead of an activation that Uplynk would refuse.

use super::action_context::{ActionContext, Open};
use crate::ui::dialog::Dialog;
use health::slicers::Action;
use leptos::prelude::*;

/// Why a slicer cannot be activated now, and what to do instead.
#[component]
pub fn ActivationAlternatives(
    /// The page's actions.
    context: ActionContext,
    /// The slicer's id.
    slicer: String,
    /// Why not.
    why: String,
) -> impl IntoView {
    let close = Trigger::new();
    let next: StoredValue<Option<Open>> = StoredValue::new(None);
    let on_close = Callback::new(move |()| context.open.set(next.try_get_value().flatten()));
    let first = untrack(|| {
        let group = context.live.value()?;
        Action::Activate(slicer.clone()).prerequisite(&group)
    });
    let title = format!("Activate {slicer}?");
    let offers = first.map(|first| {
        let positions = matches!(first, Action::SetAutoFailback(_));
        let (words, button) = if positions {
            (
                format!("Turn off auto failback, or move {slicer} to position 1."),
                "Turn auto failback off…",
            )
        } else {
            (
                "Auto failback can be turned off in prioritized mode only.".to_owned(),
                "Switch to prioritized mode…",
            )
        };
        let begin = move |_| {
            next.set_value(Some(Open::Action(first.clone())));
            close.notify();
        };
        let move_label = format!("Move {slicer} to position 1");
        let up = move |_| {
            close.notify();
            context.move_unless_dragged(&slicer, 1);
        };
        // While an order is saved no other one is made: it would go with the draft that was saved.
        let is_fixed = move || !context.movable.get();
        let hint = move || {
            let is_saving = context.saving.read().is_some();
            is_saving.then_some("The order is being saved.")
        };
        let up = positions.then(|| view! {
            <button type="button" class="btn main" disabled=is_fixed title=hint on:click=up>{move_label}</button>
        });
        let buttons =
            view! { <button type="button" class="btn" on:click=begin>{button}</button>{up} };
        (view! { <p>{words}</p> }, buttons)
    });
    let (words, buttons) = offers.unzip();
    view! {
        <Dialog title on_close close>
            <p>{why}</p>
            {words}
            <footer class="row">
                <button type="button" class="btn" on:click=move |_| close.notify()>"Cancel"</button>
                {buttons}
            </footer>
        </Dialog>
    }
}
