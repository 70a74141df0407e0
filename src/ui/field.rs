//! A labelled text field with its error beside it.

use super::error_line;
use leptos::prelude::*;

/// A labelled text field.
#[component]
pub fn Field(
    /// The label.
    label: &'static str,
    /// The name within the form, which also links the error to the field.
    name: &'static str,
    /// The typed text.
    value: RwSignal<String>,
    /// The error of the value.
    #[prop(optional, into)]
    error: Option<Signal<Option<String>>>,
    /// A hint below the field, shown without an error.
    #[prop(optional, into)]
    hint: Option<Signal<String>>,
    /// Whether the field has several lines.
    #[prop(optional)]
    long: bool,
    /// Whether a value is required.
    #[prop(optional)]
    required: bool,
    /// Whether the field is read-only.
    #[prop(optional)]
    fixed: bool,
) -> impl IntoView {
    // An empty field shows its error only after the user has left it.
    let touched = RwSignal::new(false);
    let error = Memo::new(move |_| {
        error
            .and_then(|error| error.get())
            .filter(|_| touched.get() || !value.read().is_empty())
    });
    let message_id = format!("{name}-says");
    let described = message_id.clone();
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
        (None, Some(hint)) => view! { <span>{hint}</span> }.into_any(),
        (None, None) => ().into_any(),
    };
    view! {
        <div class="entry">
            <label for=name>{label}</label>
            <div class="field" data-long=long.then_some("")>{input}</div>
            <div id=message_id class="says">{message}</div>
        </div>
    }
}
