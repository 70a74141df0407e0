//! The error of a connection above its list: a card while there is nothing to show, one line while the last
//! good data is shown.

use crate::live::{Source, use_clock};
use crate::ui::{FailureCard, Icon};
use health::words;
use leptos::prelude::*;

/// The error of one connection; nothing if there is none.
#[component]
pub fn SourceError(
    /// Whose.
    source: Source,
) -> impl IntoView {
    let clock = use_clock();
    let Source { connection, feed } = source;
    let retry = Callback::new(move |()| feed.status().refresh());
    let never = Memo::new(move |_| !feed.status().has_answered());
    let failure = Memo::new(move |_| feed.status().failure());
    move || {
        let title = connection.title.clone();
        match (failure.get(), never.get()) {
            (None, false) => ().into_any(),
            (None, true) => {
                view! { <p class="panel note" role="status">{format!("Asking {title}…")}</p> }
                    .into_any()
            }
            (Some(failure), true) => {
                view! { <FailureCard failure system=title retry /> }.into_any()
            }
            (Some(failure), false) => {
                let age = move || feed.status().age(clock).map(words::ago).unwrap_or_default();
                view! {
                    <p class="panel note" data-s="unknown">
                        <Icon name="stale" />
                        <b>{title}</b>
                        <span>{failure.line()}" Shown as it was "{age}"."</span>
                        <button type="button" class="btn end" on:click=move |_| feed.status().refresh()>"Refresh now"</button>
                    </p>
                }
                .into_any()
            }
        }
    }
}
