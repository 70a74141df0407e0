//! Where the focus goes from what is about to go away: with that, the browser would leave it nowhere.

use leptos::prelude::{document, queue_microtask};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Gives the focus to the first element that a selector finds. Returns whether there is one.
pub fn focus(selector: &str) -> bool {
    give(document().query_selector(selector).ok().flatten())
}

/// The same within an element.
pub fn focus_in(element: &Element, selector: &str) -> bool {
    give(element.query_selector(selector).ok().flatten())
}

fn give(found: Option<Element>) -> bool {
    let found = found.and_then(|one| one.dyn_into::<HtmlElement>().ok());
    found.is_some_and(|one| one.focus().is_ok())
}

/// Gives the focus to the first element that a selector finds, if what has it now is gone once the page is drawn. For what
/// may take a button away that was pressed, before it does.
pub fn hand_over(selector: &'static str) {
    let focused = document().active_element();
    queue_microtask(move || {
        let is_lost = document().active_element() == document().body().map(Into::into);
        if is_lost && focused.is_some_and(|one| !one.is_connected()) {
            focus(selector);
        }
    });
}
