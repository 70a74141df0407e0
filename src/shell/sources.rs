//! How fresh each connection is, at every moment, and on demand why.

use crate::api::inventory::Refresh;
use crate::live::use_watched;
use crate::pages::Polling;
use crate::route::Route;
use crate::ui::{Icon, freshness};
use health::vendor_clock;
use leptos::prelude::*;
use vendors::Connection;

/// The list "Sources" of the top bar.
#[component]
pub fn SourceList() -> impl IntoView {
    let connections = use_watched().connections();
    view! {
        <ul class="fresh" aria-label="Sources">
            <For
                each=move || connections.get()
                key=|connection| (connection.id.clone(), connection.title.clone())
                children=|connection| view! { <Item connection /> }
            />
        </ul>
    }
}

#[component]
fn Item(connection: Connection) -> impl IntoView {
    let watched = use_watched();
    let id = StoredValue::new(connection.id.clone());
    let title = StoredValue::new(connection.title.clone());
    let fresh = Memo::new(move |_| id.with_value(|id| watched.freshness(id)));
    let words = Memo::new(move |_| {
        let state = watched.connection(&id.get_value());
        let at = state.and_then(|state| state.observed_at);
        freshness::label(fresh.get(), at.map(|at| watched.since(at)))
    });
    let label = move || format!("{}{}", title.get_value(), words.read());
    let glyph = Signal::derive(move || freshness::glyph(fresh.get()));
    let key = move || freshness::key(fresh.get());
    let skewed = Memo::new(move |_| {
        let state = watched.connection(&id.get_value());
        let ahead = state.map_or(0, |state| state.vendor_ahead_ms);
        let ahead = chrono::TimeDelta::try_milliseconds(ahead).unwrap_or_default();
        vendor_clock::worth_telling(ahead).is_some()
    });
    let panel = format!("source-{}", connection.id);
    let refresh = move |_| watched.refresh(Refresh::Connection(id.get_value()));
    view! {
        <li aria-label=label>
            <button type="button" popovertarget=panel.clone() data-f=key>
                <Icon name=glyph />
                <span><b>{connection.title.clone()}</b>{words}</span>
                <Show when=move || skewed.get()><Icon name="aging" /><span class="vh">", its clock differs"</span></Show>
            </button>
            <div popover="auto" id=panel class="pop" role="group" aria-label=connection.title.clone()>
                <h2>{connection.title.clone()}<small>" "{connection.system.vendor()}</small></h2>
                <dl class="facts two"><Polling connection=connection.id /></dl>
                <p class="row">
                    <button type="button" class="btn" on:click=refresh>{format!("Refresh now {}", connection.title)}</button>
                    <a class="end" href=Route::Connections.href()>"Connections"</a>
                </p>
            </div>
        </li>
    }
}
