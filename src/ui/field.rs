//! A labelled text field with its error beside it.

use super::error_line;
use leptos::prelude::*;

/// The field.
#[component]
pub fn Field(
    /// What it is called.
    label: &'static str,
    /// Its name within the form; also what its error is tied to it by.
    name: &'static str,
    /// What is typed.
    value: RwSignal<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Option<Signal<Option<String>>>,
    /// What is right about it, or what it is for.
    #[prop(optional, into)]
    hint: Option<Signal<String>>,
    /// Several lines.
    #[prop(optional)]
    long: bool,
    /// Whether it must be filled in.
    #[prop(optional)]
    required: bool,
    /// Whether it cannot be changed.
    #[prop(optional)]
    fixed: bool,
) -> impl IntoView {
    // What is empty is wrong only once somebody has left it so.
    let touched = RwSignal::new(false);
    let error = Memo::new(move |_| {
        error
            .and_then(|error| error.get())
            .filter(|_| touched.get() || !value.read().is_empty())
    });
    let says = format!("{name}-says");
    let described = says.clone();
    let invalid = move || error.read().is_some().then_some("true");
    let type_in = move |event| {
        value.set(event_target_value(&event));
    };
    let leave = move |_| touched.set(true);
    let input = if long {
        view! {
            <textarea id=name name=name rows="3" spellcheck="false" readonly=fixed aria-required=required.then_some("true")
                aria-invalid=invalid aria-describedby=described prop:value=move || value.get() on:input=type_in on:blur=leave></textarea>
        }
        .into_any()
    } else {
        view! {
            <input id=name name=name type="text" autocomplete="off" spellcheck="false" readonly=fixed aria-required=required.then_some("true")
                aria-invalid=invalid aria-describedby=described prop:value=move || value.get() on:input=type_in on:blur=leave />
        }
        .into_any()
    };
    let message = move || match (error.get(), hint) {
        (Some(error), _) => error_line(error).into_any(),
        (None, Some(hint)) => view! { <span class="hint">{hint}</span> }.into_any(),
        (None, None) => ().into_any(),
    };
    view! {
        <div class="entry">
            <label for=name>{label}</label>
            <div class="field" data-long=long.then_some("")>{input}</div>
            <div id=says class="says">{message}</div>
        </div>
    }
}
