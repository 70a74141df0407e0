//! The list whose rows are dragged.

use super::Dragging;
use leptos::prelude::*;

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
    /// The rows, each an `li`.
    children: Children,
) -> impl IntoView {
    let pixels = |of: f64| format!("{of}px");
    // Not by its top: that would lay out the page.
    let top = move || dragging.gap.get().map(|(top, _)| format!("0 {top}px"));
    let height = move || dragging.gap.get().map(|(_, height)| pixels(height));
    view! {
        <div class="order">
            <ol aria-label=name node_ref=dragging.list
                on:pointerdown=move |event| dragging.press(&event)
                on:pointermove=move |event| dragging.moved(&event)
                on:pointerup=move |event| dragging.release(&event)
                on:pointercancel=move |_| { dragging.cancel(); }
                on:lostpointercapture=move |_| { dragging.cancel(); }
            >{children()}</ol>
            <Show when=move || dragging.gap.read().is_some()>
                <div class="drop" aria-hidden="true" style:translate=top style:height=height></div>
                <p class="told" aria-hidden="true">{preview}</p>
            </Show>
        </div>
    }
}
