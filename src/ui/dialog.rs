//! A native modal dialog: the browser keeps the focus inside, closes it on Escape, and returns the focus
//! to the element that opened it. If that is gone, for example the button "Activate" of the slicer that is on air now,
//! the part of the page around it gets the focus.

use super::focus::{focus_if_lost, focusable_parent};
use crate::on_change::{on_change, on_change_since};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// A dialog that opens when it is drawn, and reports when it was closed.
#[component]
pub fn Dialog(
    /// The title.
    #[prop(into)]
    title: Signal<String>,
    /// Called after the dialog was closed, by any means.
    on_close: Callback<()>,
    /// Closes the dialog.
    close: Trigger,
    /// The content.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let parent = focusable_parent();
    on_change(move || {
        if let Some(dialog) = dialog.get() {
            let _ = dialog.show_modal();
            // The first field gets the focus, even if a link precedes it.
            let field = dialog.query_selector("input, select, textarea");
            if let Some(field) = field.ok().flatten() {
                let _ = field.unchecked_into::<HtmlElement>().focus();
            }
        }
    });
    on_change_since(move |before: Option<()>| {
        close.track();
        if before.is_some()
            && let Some(dialog) = dialog.get_untracked()
        {
            dialog.close();
        }
    });
    // The event is a later task, and the page around the dialog may be gone by then.
    let closed = move |_| {
        if let Some(parent) = parent.clone() {
            focus_if_lost(parent);
        }
        let _ = on_close.try_run(());
    };
    view! {
        <dialog node_ref=dialog aria-label=title on:close=closed>
            <h2>{title}</h2>
            {children()}
        </dialog>
    }
}
