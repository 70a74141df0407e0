//! The list "Sources" of the wall: the freshness of each connection.

use super::model::Age;
use super::state::Wall;
use super::tiles;
use crate::live::{keyed, use_watched};
use crate::ui::{Icon, freshness};
use leptos::prelude::*;

/// The list "Sources".
#[component]
pub fn WallSources(
    /// The wall.
    wall: Wall,
) -> impl IntoView {
    let watched = use_watched();
    let shown = Memo::new(move |_| {
        let shown = tiles::shown(watched, &wall.params.read());
        let connections = shown.iter().map(|state| &state.connection);
        let named = connections.map(|connection| (connection.id.clone(), connection.title.clone()));
        named.collect::<Vec<_>>()
    });
    view! {
        <ul class="sources" aria-label="Sources">
            {keyed(move || shown.get(), |(id, title)| format!("{id} {title}"), |(id, title)| view! { <Item id title /> })}
        </ul>
    }
}

#[component]
fn Item(id: String, title: String) -> impl IntoView {
    let watched = use_watched();
    let id = StoredValue::new(id);
    let fresh = Memo::new(move |_| id.with_value(|id| watched.freshness(id)));
    let age = move || {
        let state = watched.connection(&id.get_value())?;
        Some(watched.since(state.observed_at?))
    };
    let name = title.clone();
    let tooltip = title.clone();
    view! {
        <li aria-label=move || format!("{name}: {}", freshness::words(fresh.get(), age())) data-f=move || freshness::key(fresh.get())>
            <Icon name=Signal::derive(move || freshness::key(fresh.get())) />
            <b dir="auto" title=tooltip>{title}</b>" "
            <span>{move || {
                let age = age().map(|age| Age::of(age).0.to_string());
                format!("{} {}", fresh.get().word(), age.unwrap_or_default())
            }}</span>
        </li>
    }
}
