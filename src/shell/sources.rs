//! How fresh each connection is, at every moment, and on demand why.

use super::polling::Polling;
use crate::live::{Source, use_clock, use_sources};
use crate::route::Route;
use crate::ui::{Icon, freshness};
use leptos::prelude::*;

/// The list "Sources" of the top bar.
#[component]
pub fn SourceList() -> impl IntoView {
    let sources = use_sources();
    let items: Vec<_> = sources
        .iter()
        .cloned()
        .map(|source| view! { <Item source /> })
        .collect();
    view! { <ul class="fresh" aria-label="Sources">{items}</ul> }
}

#[component]
fn Item(source: Source) -> impl IntoView {
    let clock = use_clock();
    let Source { connection, feed } = source;
    let status = feed.status();
    let fresh = Memo::new(move |_| status.freshness(clock));
    let words = Memo::new(move |_| freshness::label(fresh.get(), status.age(clock)));
    let title = connection.title.clone();
    let label = move || format!("{title}{}", words.read());
    let glyph = Signal::derive(move || freshness::glyph(fresh.get()));
    let key = move || freshness::key(fresh.get());
    let skewed = Memo::new(move |_| status.skew().is_some());
    let id = format!("source-{}", connection.id);
    let refresh = format!("Refresh now {}", connection.title);
    view! {
        <li aria-label=label>
            <button type="button" popovertarget=id.clone() data-f=key>
                <Icon name=glyph />
                <span><b>{connection.title.clone()}</b>{words}</span>
                <Show when=move || skewed.get()><Icon name="aging" /><span class="vh">", its clock differs"</span></Show>
            </button>
            <div popover="auto" id=id class="pop" role="group" aria-label=connection.title.clone()>
                <h2>{connection.title.clone()}<small>" "{connection.system.vendor()}</small></h2>
                <dl class="facts two"><Polling status /></dl>
                <p class="row">
                    <button type="button" class="btn" on:click=move |_| status.refresh()>{refresh}</button>
                    <a class="end" href=Route::Connections.href()>"Connections"</a>
                </p>
            </div>
        </li>
    }
}
