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
    let failback = untrack(|| {
        context
            .live
            .value()
            .is_some_and(|group| group.auto_failback == Some(true))
    });
    let off = move |_| {
        next.set_value(Some(Open::Action(Action::SetAutoFailback(false))));
        close.notify();
    };
    let first = {
        let slicer = slicer.clone();
        move |_| {
            context.draft.update(|draft| {
                draft.move_to(&slicer, 1);
            });
            close.notify();
        }
    };
    view! {
        <Dialog title=format!("Activate {slicer}?") on_close close>
            <p>{why}</p>
            {failback.then(|| view! {
                <p>{format!("Turn off auto failback, or move {slicer} to position 1.")}</p>
            })}
            <footer class="row">
                <button type="button" class="btn" on:click=move |_| close.notify()>"Cancel"</button>
                {failback.then(|| view! {
                    <button type="button" class="btn" on:click=off>"Turn auto failback off…"</button>
                    <button type="button" class="btn main" on:click=first>{format!("Move {slicer} to position 1")}</button>
                })}
            </footer>
        </Dialog>
    }
}
