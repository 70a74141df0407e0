//! The question that is asked before something unsaved is lost.

use crate::live::keyed;
use crate::nav::use_nav;
use crate::ui::dialog::Dialog;
use leptos::prelude::*;

/// The dialog, while somebody wants to leave a page with something unsaved.
#[component]
pub fn UnsavedChangesDialog() -> impl IntoView {
    let nav = use_nav();
    let draw = move |(number, _)| {
        // It may change while the question is open: what is being saved may fail.
        let lost = move || {
            nav.leaving()
                .map(|(_, what)| format!("{what} would be lost."))
        };
        let close = Trigger::new();
        let leave = StoredValue::new(false);
        let on_close =
            Callback::new(move |()| nav.answer(number, leave.try_get_value().unwrap_or(false)));
        let go = move |_| {
            leave.set_value(true);
            close.notify();
        };
        view! {
            <Dialog title="Leave without saving?" on_close close>
                <p>{lost}</p>
                <footer class="row">
                    <button type="button" class="btn main" on:click=move |_| close.notify()>"Stay"</button>
                    <button type="button" class="btn" on:click=go>"Leave and discard"</button>
                </footer>
            </Dialog>
        }
    };
    // A dialog of its own for each question: one that is about to close does not open again.
    keyed(
        move || nav.leaving().into_iter().collect(),
        |(number, _)| *number,
        draw,
    )
}
