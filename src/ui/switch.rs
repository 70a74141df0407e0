//! A switch with a text. It shows the current state, not the requested one.

use leptos::prelude::*;

/// A switch.
#[component]
pub fn Switch(
    /// The accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// Whether it is on.
    #[prop(into)]
    on: Signal<bool>,
    /// The text of the switch.
    #[prop(into)]
    words: Signal<&'static str>,
    /// Requests the other state.
    change: Callback<bool>,
    /// Why the switch is disabled; `None` if it is enabled.
    #[prop(optional, into)]
    cannot: Option<Signal<Option<String>>>,
    /// Whether a requested state is not confirmed yet.
    #[prop(optional, into)]
    busy: Option<Signal<bool>>,
) -> impl IntoView {
    let busy = move || busy.is_some_and(|busy| busy.get()).then_some("true");
    let cannot = move || cannot.and_then(|cannot| cannot.get());
    view! {
        <button type="button" class="switch" role="switch" aria-label=move || label.get() aria-checked=move || if on.get() { "true" } else { "false" }
            aria-busy=busy title=cannot disabled=move || cannot().is_some() on:click=move |_| change.run(!on.get_untracked())>{move || words.get()}</button>
    }
}
