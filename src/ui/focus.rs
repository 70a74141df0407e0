//! Moves the focus, hands it over from elements that are removed, and keeps it visible.

use leptos::prelude::{document, queue_microtask, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// The size of the outline around the focus, in CSS pixels.
const OUTLINE: f64 = 4.0;

/// Moves the focus to the first element that matches a selector. Returns whether there is one.
pub fn focus(selector: &str) -> bool {
    focus_element(document().query_selector(selector).ok().flatten())
}

/// As [`focus`], within an element.
pub fn focus_in(element: &Element, selector: &str) -> bool {
    focus_element(element.query_selector(selector).ok().flatten())
}

fn focus_element(found: Option<Element>) -> bool {
    let found = found.and_then(|one| one.dyn_into::<HtmlElement>().ok());
    found.is_some_and(|one| one.focus().is_ok())
}

/// Whether no element has the focus: the browser drops it when the focused element is removed or moved.
#[must_use]
pub fn is_focus_lost() -> bool {
    document().active_element() == document().body().map(Into::into)
}

/// The part of the page around the focused element, such as its row, that can have the focus itself.
#[must_use]
pub fn focusable_parent() -> Option<Element> {
    let parent = document().active_element()?.parent_element()?;
    parent.closest("[tabindex]").ok().flatten()
}

/// Moves the focus to an element, or to the page if that is gone, unless another element has the focus by the next
/// frame.
pub fn focus_if_lost(element: Element) {
    request_animation_frame(move || {
        if is_focus_lost() && !focus_element(Some(element).filter(|one| one.is_connected())) {
            focus("#main");
        }
    });
}

/// Moves the focus to the first element that matches a selector, if the focused element no longer exists once the page
/// is drawn. Call it before a change that may remove the button that was pressed.
pub fn hand_over(selector: &'static str) {
    let focused = document().active_element();
    queue_microtask(move || {
        if is_focus_lost() && focused.is_some_and(|one| !one.is_connected()) {
            focus(selector);
        }
    });
}

/// Scrolls the control with the visible focus out from under the strip of notices, once that is drawn.
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
        // A control outside the covered area is left alone, because the user may have scrolled away from it.
        let is_covered = focused.bottom() > strip.top() && focused.top() < strip.bottom();
        if strip.height() > 0.0 && is_covered {
            page.scroll_by_with_x_and_y(0.0, focused.bottom() - strip.top() + OUTLINE);
        }
    });
}
