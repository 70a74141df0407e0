//! A name given by people or vendors: in its own text direction, truncated at its own end, with a tooltip.

use leptos::prelude::*;

/// A name in one line, truncated to the available width.
pub fn name(text: impl Fn() -> String + Clone + Send + 'static) -> AnyView {
    let full = text.clone();
    // A `bdi` takes its direction from its content.
    view! { <bdi title=full>{text}</bdi> }.into_any()
}
