//! A name that people or vendors gave: in its own direction, cut at its own end, the whole of it on demand.

use leptos::prelude::*;

/// A name in one line, as wide as there is room.
pub fn name(text: impl Fn() -> String + Clone + Send + 'static) -> AnyView {
    let whole = text.clone();
    // The element's direction is that of what it holds, without being asked.
    view! { <bdi title=whole>{text}</bdi> }.into_any()
}
