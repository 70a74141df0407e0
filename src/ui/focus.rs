//! Where the focus goes from what is about to go away: with that, the browser would leave it nowhere.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Gives the focus to the first element that a selector finds. Returns whether there is one.
pub fn focus(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    let found = found.and_then(|one| one.dyn_into::<HtmlElement>().ok());
    found.is_some_and(|one| one.focus().is_ok())
}
