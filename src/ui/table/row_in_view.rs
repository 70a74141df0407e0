//! Whether a row is in or near the visible area, so that only such rows update their ages each second.

use crate::on_change::on_change;
use leptos::html;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// The margin around the visible area, at least one row, so that a row is up to date before it is scrolled into view.
const MARGIN: &str = "64px 0px";

/// Whether a row is in or near the visible area; true until the browser reports otherwise.
#[must_use]
pub fn row_in_view(row: NodeRef<html::Tr>) -> ReadSignal<bool> {
    let (in_view, set_in_view) = signal(true);
    on_change(move || {
        let Some(row) = row.get() else { return };
        let observed = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let last = entries.pop().unchecked_into::<IntersectionObserverEntry>();
            if in_view.try_get_untracked() != Some(last.is_intersecting()) {
                let _ = set_in_view.try_set(last.is_intersecting());
            }
        })
        .into_js_value();
        let options = IntersectionObserverInit::new();
        options.set_root_margin(MARGIN);
        // The scrolling element is the root, because the browser would clip a margin around the window.
        let main = row.closest("main").ok().flatten();
        options.set_root(main.as_ref());
        let observer = IntersectionObserver::new_with_options(observed.unchecked_ref(), &options);
        let Ok(observer) = observer else { return };
        observer.observe(&row);
        let observer = SendWrapper::new(observer);
        on_cleanup(move || observer.disconnect());
    });
    in_view
}
