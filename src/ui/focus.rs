//! Gives the focus to something, hands it on from what is about to go away, and keeps it in sight.

use leptos::prelude::{document, queue_microtask, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// What is drawn around the focus, in CSS pixels.
const OUTLINE: f64 = 4.0;

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

/// Once the strip of notices is drawn, scrolls the control that has the focus by keys out from under it.
pub fn keep_focus_in_sight() {
    request_animation_frame(|| {
        let find = |selector| document().query_selector(selector).ok().flatten();
        let (Some(page), Some(strip), Some(focused)) = (
            find("#main"),
            find(".notices"),
            find("#main :is(a, button, input, select, summary, li):focus-visible"),
        ) else {
            return;
        };
        let (strip, focused) = (
            strip.get_bounding_client_rect(),
            focused.get_bounding_client_rect(),
        );
        // Who has scrolled away from it is not led back.
        let is_covered = focused.bottom() > strip.top() && focused.top() < strip.bottom();
        if strip.height() > 0.0 && is_covered {
            page.scroll_by_with_x_and_y(0.0, focused.bottom() - strip.top() + OUTLINE);
        }
    });
}
