//! The list "Sources" of the wall: how fresh each connection is, at every moment.

use super::model::short;
use super::state::Wall;
use super::tiles;
use crate::live::{Source, use_clock, use_sources};
use crate::ui::{Icon, freshness};
use leptos::prelude::*;

/// The list "Sources".
#[component]
pub fn WallSources(
    /// The wall.
    wall: Wall,
) -> impl IntoView {
    let sources = use_sources();
    let items = move || {
        let params = wall.params.read();
        let shown = tiles::shown(&sources, &params);
        shown
            .cloned()
            .map(|source| view! { <Item source /> })
            .collect::<Vec<_>>()
    };
    view! { <ul class="sources" aria-label="Sources">{items}</ul> }
}

#[component]
fn Item(source: Source) -> impl IntoView {
    let clock = use_clock();
    let Source { connection, feed } = source;
    let status = feed.status();
    let fresh = Memo::new(move |_| status.freshness(clock));
    let title = connection.title.clone();
    let label = Memo::new(move |_| {
        let freshness_label = freshness::label(fresh.get(), status.age(clock));
        format!("{title}{freshness_label}")
    });
    let state = Memo::new(move |_| {
        let age = status.age(clock).map(|age| {
            let millis = f64::from(i32::try_from(age.num_seconds()).unwrap_or(i32::MAX)) * 1_000.0;
            short(millis)
        });
        format!("{} {}", fresh.get().word(), age.unwrap_or_default())
    });
    let glyph = Signal::derive(move || freshness::glyph(fresh.get()));
    let key = move || freshness::key(fresh.get());
    view! { <li aria-label=label data-f=key><Icon name=glyph /><b>{connection.title.clone()}</b>" "<span>{state}</span></li> }
}
