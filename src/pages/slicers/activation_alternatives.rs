//! The dialog shown instead of an activation that Uplynk would refuse.

use super::action_context::{ActionContext, Open};
use crate::ui::dialog::Dialog;
use health::slicers::{Action, Alternatives};
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
    let found = untrack(|| {
        let group = context.live.value()?;
        Action::Activate(slicer.clone()).alternatives(&group, context.now())
    });
    let title = format!("Activate {slicer}?");
    let offers = found.map(|found| {
        let Alternatives {
            sentence,
            actions,
            moves,
        } = found;
        let buttons = actions.into_iter().map(|action| {
            let words = match action {
                Action::SetSlate(_) => "Leave slate…",
                Action::SetMode(_) => "Switch to prioritized mode…",
                _ => "Turn auto failback off…",
            };
            let begin = move |_| {
                next.set_value(Some(Open::Action(action.clone())));
                close.notify();
            };
            view! { <button type="button" class="btn" on:click=begin>{words}</button> }
        });
        let buttons = buttons.collect::<Vec<_>>();
        let move_label = format!("Move {slicer} to position 1");
        let id = slicer.clone();
        let up = move |_| {
            close.notify();
            context.move_unless_dragged(&id, 1);
        };
        let why_not = move || {
            let is_first = context.draft.read().order().first() == Some(&slicer);
            let saves = is_first.then_some("It is at position 1 of your draft: save the order.");
            context.why_fixed().or(saves)
        };
        let is_fixed = why_not.clone();
        let up = moves.then(|| view! {
            <button type="button" class="btn main" disabled=move || is_fixed().is_some() title=why_not on:click=up>{move_label}</button>
        });
        (view! { <p>{sentence}</p> }, view! { {buttons}{up} })
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
