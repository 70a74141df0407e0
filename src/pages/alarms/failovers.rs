//! Failovers as the console sees them happen: another member leads a group than in the last answer.

use crate::live::{Takeover, use_watched};
use crate::route::Route;
use leptos::prelude::*;
use std::time::Duration;

/// How long one is shown.
const SHOWN_FOR: Duration = Duration::from_secs(30);

/// Announces failovers.
#[component]
pub fn Failovers() -> impl IntoView {
    let shown: RwSignal<Vec<Takeover>> = RwSignal::new(Vec::new());
    let watched = use_watched();
    Effect::new(move |_| {
        let new = watched.takeovers();
        let count = new.len();
        if count == 0 {
            return;
        }
        shown.update(|shown| shown.extend(new));
        let forget = move || {
            let _ = shown.try_update(|shown| drop(shown.drain(..count.min(shown.len()))));
        };
        set_timeout(forget, SHOWN_FOR);
    });
    let items = move || {
        let items = shown.get().into_iter();
        items
            .map(|Takeover { resource, name, from, to }| {
                let sentence = format!("{name}: {to} has taken over from {from}.");
                let whole = sentence.clone();
                view! { <p class="notice"><span title=whole>{sentence}</span><a class="btn" href=Route::of(&resource).href()>"Open"</a></p> }
            })
            .collect::<Vec<_>>()
    };
    view! { <div class="failovers" role="alert">{items}</div> }
}
