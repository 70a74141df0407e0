//! A status, always with shape, text and colour.

use super::icon::Icon;
use health::severity::Severity;
use leptos::prelude::*;

/// A status as text with its glyph, which has the name of the severity.
#[component]
pub fn StatusMark(
    /// The severity of the status.
    #[prop(into)]
    severity: Signal<Severity>,
    /// The text of the status.
    #[prop(into)]
    word: Signal<String>,
    /// A glyph that replaces the severity's own.
    #[prop(default = None)]
    icon: Option<&'static str>,
) -> impl IntoView {
    let name = Signal::derive(move || icon.unwrap_or_else(|| severity.get().key()));
    view! {
        <span class="st" data-s=move || severity.get().key()>
            <Icon name />
            {super::name(move || word.get())}
        </span>
    }
}

/// A status as a filled or outlined tag.
#[component]
pub fn Tag(
    /// The severity of the status.
    #[prop(into)]
    severity: Signal<Severity>,
    /// The text of the status.
    #[prop(into)]
    word: Signal<String>,
) -> impl IntoView {
    let name = Signal::derive(move || severity.get().key());
    view! {
        <span class="tag" data-s=move || severity.get().key()>
            <Icon name />
            {word}
        </span>
    }
}
