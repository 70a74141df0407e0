//! The dialog that asks for a slicer's position in the draft.

use super::action_context::ActionContext;
use crate::ui::Field;
use crate::ui::dialog::Dialog;
use leptos::prelude::*;

/// The dialog.
#[component]
pub fn MoveTo(
    /// The page's actions.
    context: ActionContext,
    /// The slicer.
    slicer: String,
) -> impl IntoView {
    let (at, of) = context.draft.with_untracked(|draft| {
        let at = draft.order().iter().position(|id| *id == slicer);
        (at.map_or(1, |at| at + 1), draft.order().len())
    });
    let typed = RwSignal::new(String::new());
    let close = Trigger::new();
    let position = Memo::new(move |_| {
        let to = typed.read().trim().parse::<usize>().ok();
        to.filter(|to| (1..=of).contains(to))
    });
    let wrong = Signal::derive(move || {
        position
            .get()
            .is_none()
            .then(|| format!("Enter a position from 1 to {of}."))
    });
    let hint = Signal::stored(format!("Currently at position {at} of {of}."));
    let title = format!("Move {slicer} to position");
    let on_close = Callback::new(move |()| context.open.set(None));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(to) = position.get_untracked() {
            close.notify();
            context.move_unless_dragged(&slicer, to);
        }
    };
    view! {
        <Dialog title on_close close>
            <form on:submit=submit novalidate>
                <Field label="Position" name="position" value=typed error=wrong hint />
                <footer class="row">
                    <button type="button" class="btn" on:click=move |_| close.notify()>"Cancel"</button>
                    <button type="submit" class="btn main" disabled=move || position.get().is_none()>"Move"</button>
                </footer>
            </form>
        </Dialog>
    }
}
