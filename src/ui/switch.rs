//! A switch: on or off, with the word beside it. It shows the current state, not the requested one.

use leptos::prelude::*;

/// The switch.
#[component]
pub fn Switch(
    /// What it is called.
    #[prop(into)]
    label: Signal<String>,
    /// Whether it is on.
    #[prop(into)]
    on: Signal<bool>,
    /// The word beside it.
    #[prop(into)]
    words: Signal<&'static str>,
    /// Asks for the other state.
    change: Callback<bool>,
    /// Why it cannot be changed, where it cannot.
    #[prop(optional, into)]
    cannot: Option<Signal<Option<String>>>,
    /// Whether another state was asked for and is not known yet.
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
