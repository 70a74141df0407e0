//! The choice of how long an acknowledgement or maintenance lasts.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;

/// The choices, in minutes.
const CHOICES: [(&str, i64); 8] = [
    ("30 minutes", 30),
    ("1 hour", 60),
    ("2 hours", 2 * 60),
    ("4 hours", 4 * 60),
    ("8 hours", 8 * 60),
    ("1 day", 24 * 60),
    ("2 days", 2 * 24 * 60),
    ("1 week", 7 * 24 * 60),
];

/// The end of a period that starts at `from`; `None` if it has no fixed end.
#[must_use]
pub fn end(from: DateTime<Utc>, minutes: Option<i64>) -> Option<DateTime<Utc>> {
    from.checked_add_signed(TimeDelta::try_minutes(minutes?)?)
}

/// A select field for a duration in minutes.
#[component]
pub fn DurationChoice(
    /// The field's label.
    label: &'static str,
    /// The field's name within the form.
    name: &'static str,
    /// The chosen duration.
    minutes: RwSignal<Option<i64>>,
    /// The label of the choice without a fixed end, if that is offered.
    #[prop(optional)]
    open: Option<&'static str>,
) -> impl IntoView {
    let change = move |event| minutes.set(event_target_value(&event).parse().ok());
    let value = move || {
        minutes
            .get()
            .map_or_else(String::new, |some| some.to_string())
    };
    let open = open.map(|words| view! { <option value="">{words}</option> });
    let choices = CHOICES.map(|(words, minutes)| {
        view! { <option value=minutes.to_string()>{words}</option> }
    });
    view! {
        <div class="entry">
            <label for=name>{label}</label>
            <div class="field"><select id=name name=name prop:value=value on:change=change>{open}{choices.into_iter().collect_view()}</select></div>
        </div>
    }
}
