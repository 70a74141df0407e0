//! The list whose rows are dragged.

use super::Dragging;
use health::words::decimal;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent};

/// An ordered list whose rows are dragged by whatever in them has `data-grip`, with the line where the
/// lifted one would go.
#[component]
pub fn Reorderable(
    /// What it is called.
    name: &'static str,
    /// The dragging.
    dragging: Dragging,
    /// What dropping the row would do.
    #[prop(into)]
    preview: Signal<String>,
    /// Somebody turns to the list: the pointer or the focus comes into it; whether by a touch, which comes into it and
    /// acts at once.
    turned_to: Callback<bool>,
    /// The rows, each an `li`.
    children: Children,
) -> impl IntoView {
    let pixels = |of: f64| format!("{}px", decimal(of, 2));
    // Not by its top: that would lay out the page.
    let top = move || {
        dragging
            .gap
            .get()
            .map(|(top, _)| format!("0 {}", pixels(top)))
    };
    let height = move || dragging.gap.get().map(|(_, height)| pixels(height));
    // Out of nothing or of a dialog the focus comes back by itself, and nobody has looked at the list meanwhile. A click
    // brings the focus too, but the pointer came into the list before.
    let focused = move |event: FocusEvent| {
        let target = event
            .target()
            .and_then(|one| one.dyn_into::<Element>().ok());
        let by_keys = target.is_some_and(|one| one.matches(":focus-visible") == Ok(true));
        let from = event.related_target();
        let from = from.and_then(|from| from.dyn_into::<Element>().ok());
        let inside = |from: &Element| {
            from.closest(".order, dialog")
                .is_ok_and(|one| one.is_some())
        };
        if by_keys && from.is_some_and(|from| !inside(&from)) {
            turned_to.run(false);
        }
    };
    view! {
        <div class="order">
            <ol aria-label=name node_ref=dragging.list
                on:pointerdown=move |event| dragging.press(&event)
                on:pointerenter=move |event| turned_to.run(event.pointer_type() == "touch")
                on:focusin=focused
                on:pointermove=move |event| dragging.moved(&event)
                on:pointerup=move |event| dragging.release(&event)
                on:pointercancel=move |event| dragging.lost(&event)
                on:lostpointercapture=move |event| dragging.lost(&event)
            >{children()}</ol>
            <Show when=move || dragging.gap.read().is_some()>
                <div class="drop" aria-hidden="true" style:translate=top style:height=height></div>
                <p class="told" aria-hidden="true">{preview}</p>
            </Show>
        </div>
    }
}
