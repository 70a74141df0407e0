//! Refresh now, Pause refresh, and the refresh interval of this page.

use crate::live::schedule::CHOICES;
use crate::live::use_poll_settings;
use crate::ui::Icon;
use health::words;
use leptos::prelude::*;
use std::time::Duration;

fn label(choice: Duration) -> String {
    words::span(chrono::TimeDelta::from_std(choice).unwrap_or_default())
}

/// The refresh controls in the top bar.
#[component]
pub fn Refresh() -> impl IntoView {
    let poll_settings = use_poll_settings();
    let options: Vec<_> = CHOICES
        .into_iter()
        .map(|choice| {
            let selected = move || poll_settings.interval() == choice;
            view! { <option value=choice.as_secs().to_string() selected=selected>{label(choice)}</option> }
        })
        .collect();
    let choose = move |event| {
        let seconds = event_target_value(&event).parse().map(Duration::from_secs);
        if let Some(choice) = seconds.ok().filter(|choice| CHOICES.contains(choice)) {
            poll_settings.set_interval(choice);
        }
    };
    let pressed = move || {
        if poll_settings.paused.get() {
            "true"
        } else {
            "false"
        }
    };
    let icon = Signal::derive(move || {
        if poll_settings.paused.get() {
            "play"
        } else {
            "pause"
        }
    });
    view! {
        <div class="refresh" role="group" aria-label="Refresh">
            <button type="button" class="icon" aria-label="Refresh now" title="Refresh now" on:click=move |_| poll_settings.refresh()>
                <Icon name="refresh" />
            </button>
            <button
                type="button"
                class="icon"
                aria-label="Pause refresh"
                aria-pressed=pressed
                title=move || if poll_settings.paused.get() { "Resume refresh" } else { "Pause refresh" }
                on:click=move |_| poll_settings.paused.update(|paused| *paused = !*paused)
            >
                <Icon name=icon />
            </button>
            <select
                aria-label="Refresh every"
                title="How often this page refreshes"
                prop:value=move || poll_settings.interval().as_secs().to_string()
                on:change=choose
            >
                {options}
            </select>
        </div>
    }
}
