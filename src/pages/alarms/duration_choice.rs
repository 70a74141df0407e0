//! How long an acknowledgement or maintenance lasts, as a choice.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;

/// What can be chosen, in minutes.
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

/// When what begins then ends; `None` for no end of its own.
#[must_use]
pub fn end(from: DateTime<Utc>, minutes: Option<i64>) -> Option<DateTime<Utc>> {
    from.checked_add_signed(TimeDelta::try_minutes(minutes?)?)
}

/// The choice. It writes minutes.
#[component]
pub fn DurationChoice(
    /// What it is called.
    label: &'static str,
    /// Its name within the form.
    name: &'static str,
    /// What is chosen.
    minutes: RwSignal<Option<i64>>,
    /// What no end of its own is called, where that can be chosen.
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
