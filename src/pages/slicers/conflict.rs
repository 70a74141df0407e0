//! A conflict with an order that someone else saved: the orders before, theirs and yours, and the ways to resolve it.

use super::action_context::ActionContext;
use crate::ui::icon;
use crate::ui::reorder::Draft;
use health::slicers::Action;
use leptos::prelude::*;

/// The action that overwrites the order on the server with the draft.
pub fn overwrite_action(draft: &Draft) -> Action {
    Action::Overwrite {
        order: draft.over_theirs(),
        theirs: draft.theirs().unwrap_or(draft.base()).to_vec(),
    }
}

/// The message about a conflict.
pub const CONFLICT: &str = "The order has changed. Your order is not saved.";

/// The message and the comparison of the orders.
#[component]
pub fn Conflict(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let draft = context.draft;
    let rows = move || {
        let draft = draft.read();
        let theirs = draft.theirs().unwrap_or_default();
        let count = draft
            .base()
            .len()
            .max(theirs.len())
            .max(draft.order().len());
        let cell =
            |order: &[String], at: usize| order.get(at).cloned().unwrap_or_else(|| "–".to_owned());
        (0..count)
            .map(|at| {
                let (was, now, yours) = (cell(draft.base(), at), cell(theirs, at), cell(draft.order(), at));
                let differs = (was != now || was != yours).then_some("");
                view! { <tr data-differs=differs><th scope="row">{at + 1}</th><td>{was}</td><td>{now}</td><td>{yours}</td></tr> }
            })
            .collect::<Vec<_>>()
    };
    view! {
        <section aria-label="Conflict">
            <p class="st" data-s="warning">{icon("warning")}{CONFLICT}</p>
            <p class="dim">"Use theirs discards your moves. Reapply mine repeats them on their order, for you to check and save. Overwrite saves your order instead of theirs."</p>
            <div class="scroll" tabindex="0" role="region" aria-label="Comparison, scrollable">
                <table class="compare">
                    <caption class="vh">"The order before, theirs and yours"</caption>
                    <thead><tr><th scope="col">"Position"</th><th scope="col">"Before"</th><th scope="col">"Theirs"</th><th scope="col">"Yours"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

/// The buttons that resolve the conflict.
pub fn resolution_buttons(context: ActionContext) -> AnyView {
    let draft = context.draft;
    let busy = move || context.saving.read().is_some();
    let theirs = move |_| draft.update(Draft::yield_to_theirs);
    let mine = move |_| draft.update(Draft::reapply);
    let overwrite = move |_| context.open_action(draft.with_untracked(overwrite_action));
    view! {
        <button type="button" class="btn" disabled=busy on:click=theirs>"Use theirs"</button>
        <button type="button" class="btn" disabled=busy on:click=mine>"Reapply mine"</button>
        <button type="button" class="btn" disabled=busy on:click=overwrite>"Overwrite…"</button>
    }
    .into_any()
}
