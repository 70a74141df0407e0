//! The dialog that asks before unsaved changes are lost.

use crate::live::keyed;
use crate::nav::use_nav;
use crate::ui::dialog::Dialog;
use leptos::prelude::*;

/// The dialog, shown while the user tries to leave a page with unsaved changes.
#[component]
pub fn UnsavedChangesDialog() -> impl IntoView {
    let nav = use_nav();
    let draw = move |(number, _)| {
        // The text may change while the dialog is open, because saving in progress may fail.
        let lost = move || {
            nav.leave_question()
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
    // Each question has its own dialog, because one that is closing does not open again.
    keyed(
        move || nav.leave_question().into_iter().collect(),
        |(number, _)| *number,
        draw,
    )
}
