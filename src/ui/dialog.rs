//! A native modal dialog: the browser keeps the focus inside, closes it on Escape, and gives the focus
//! back to what opened it.

use crate::on_change::{on_change, on_change_since};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// A dialog that is open from when it is drawn until it says that it was closed.
#[component]
pub fn Dialog(
    /// What it is called.
    #[prop(into)]
    title: Signal<String>,
    /// After it was closed, however that was.
    on_close: Callback<()>,
    /// Closes it when it is run.
    close: Trigger,
    /// What stands in it.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    on_change(move || {
        if let Some(dialog) = dialog.get() {
            let _ = dialog.show_modal();
            // What is to be filled in comes before a link that stands above it.
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
    // The event comes in a task of its own, when the page around the dialog may be another.
    let closed = move |_| {
        let _ = on_close.try_run(());
    };
    view! {
        <dialog node_ref=dialog aria-label=title on:close=closed>
            <h2>{title}</h2>
            {children()}
        </dialog>
    }
}
