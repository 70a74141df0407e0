//! The error of one connection above its list: a card while there is nothing to show, a line while the last
//! known state is shown below.

use crate::api::inventory::Refresh;
use crate::live::{keyed, use_watched};
use crate::ui::{FailureCard, Icon, hand_over};
use health::inventory::Kind;
use health::words;
use leptos::prelude::*;
use vendors::Connection;

/// The errors of all connections that hold a kind of resource.
#[component]
pub fn SourceErrors(
    /// The kind of resource.
    of: Kind,
) -> impl IntoView {
    let connections = use_watched().connections();
    let each = move || {
        let mut connections = connections.get();
        connections.retain(|connection| Kind::held_by(&connection.system) == of);
        connections
    };
    keyed(
        each,
        |connection| connection.id.clone(),
        |connection| view! { <SourceError connection /> },
    )
}

/// The error of one connection; nothing if there is none.
#[component]
fn SourceError(
    /// The connection.
    connection: Connection,
) -> impl IntoView {
    let watched = use_watched();
    let Connection { id, title, .. } = connection;
    let id = StoredValue::new(id);
    let state = Memo::new(move |_| {
        let state = watched.connection(&id.get_value())?;
        Some((
            state.failure.clone(),
            state.observed_at,
            state.limit.clone(),
            state.held > 0,
        ))
    });
    let refresh = move || watched.refresh(Refresh::Connection(id.get_value()));
    let retry = Callback::new(move |()| refresh());
    let limit = move || {
        let limit = state.get().and_then(|(_, _, limit, _)| limit);
        limit.map(|words| view! { <p class="panel note" data-s="warning"><Icon name="warning" />{words}</p> })
    };
    let error = move || {
        let title = title.clone();
        let (failure, observed_at, _, has_some) = state.get().unwrap_or_default();
        match (failure, observed_at) {
            (None, Some(_)) => ().into_any(),
            (None, None) if has_some => ().into_any(),
            (None, None) => {
                view! { <p class="panel note" role="status">{format!("Loading from {title}…")}</p> }
                    .into_any()
            }
            (Some(failure), None) => {
                view! { <FailureCard failure=failure.into() system=title retry /> }.into_any()
            }
            (Some(failure), Some(at)) => {
                let line = crate::api::Failure::from(failure).line();
                let of = title.clone();
                let age = move || words::ago(watched.since(at));
                on_cleanup(|| hand_over("#main"));
                view! {
                    <p class="panel note" data-s="unknown">
                        <Icon name="stale" />
                        <b>{title}</b>
                        <span>{line}". This is the last known state, "{age}"."</span>
                        <button type="button" class="btn end" on:click=move |_| refresh()>"Retry"<span class="vh">" "{of}</span></button>
                    </p>
                }
                .into_any()
            }
        }
    };
    view! { {limit}{error} }
}
