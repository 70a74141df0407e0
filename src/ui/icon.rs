//! Icons from the sprite in index.html. An icon is always beside a text, so it needs no accessible name.

use leptos::prelude::*;

/// The symbol `i-{name}` of the sprite.
#[component]
pub fn Icon(
    /// The name of the icon.
    #[prop(into)]
    name: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <svg aria-hidden="true">
            <use href=move || format!("#i-{}", name.get())></use>
        </svg>
    }
}

/// An icon whose name does not change.
#[must_use]
pub fn icon(name: &'static str) -> AnyView {
    view! { <svg aria-hidden="true"><use href=format!("#i-{name}")></use></svg> }.into_any()
}
