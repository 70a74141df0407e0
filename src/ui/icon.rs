//! An icon from the sprite in index.html. Always beside words, so never named itself.

use leptos::prelude::*;

/// The symbol `i-{name}` of the sprite.
#[component]
pub fn Icon(
    /// What it is called.
    #[prop(into)]
    name: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <svg aria-hidden="true">
            <use href=move || format!("#i-{}", name.get())></use>
        </svg>
    }
}

/// The symbol of a name that stays.
#[must_use]
pub fn icon(name: &'static str) -> AnyView {
    view! { <svg aria-hidden="true"><use href=format!("#i-{name}")></use></svg> }.into_any()
}
