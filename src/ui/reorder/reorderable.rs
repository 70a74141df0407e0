//! A list whose rows can be dragged.

use super::Dragging;
use health::words::decimal;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent};

/// An ordered list whose rows are dragged by elements with `data-grip`. A marker shows where a row would be dropped.
#[component]
pub fn Reorderable(
    /// The accessible name.
    name: &'static str,
    /// The state of dragging.
    dragging: Dragging,
    /// The effect of dropping the row.
    #[prop(into)]
    preview: Signal<String>,
    /// Called when the pointer or the focus enters the list; true for a touch, which enters and acts at once.
    on_enter: Callback<bool>,
    /// The rows, each an `li`.
    children: Children,
) -> impl IntoView {
    let pixels = |of: f64| format!("{}px", decimal(of, 2));
    // A translation, because setting `top` would lay out the page again.
    let top = move || {
        dragging
            .gap
            .get()
            .map(|(top, _)| format!("0 {}", pixels(top)))
    };
    let height = move || dragging.gap.get().map(|(_, height)| pixels(height));
    // Without a previous element, or from a dialog, the focus returns by itself, so the user has not entered the list.
    // A click also moves the focus, but the pointer has entered the list before.
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
            on_enter.run(false);
        }
    };
    view! {
        <div class="order">
            <ol aria-label=name node_ref=dragging.list
                on:pointerdown=move |event| dragging.press(&event)
                on:pointerenter=move |event| on_enter.run(event.pointer_type() == "touch")
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
