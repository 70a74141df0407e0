//! How fresh each connection is, at every moment.

use crate::live::{Source, use_clock, use_sources};
use crate::route::Route;
use crate::ui::Icon;
use health::freshness::Freshness;
use health::words;
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
    let freshness = Memo::new(move |_| feed.freshness(clock));
    let age = Memo::new(move |_| feed.age(clock).map(words::ago));
    let title = connection.title.clone();
    let label = Memo::new(move |_| {
        let word = freshness.get().word();
        match age.get() {
            Some(age) => format!("{title}: {word}, {age}"),
            None => format!("{title}: {word}"),
        }
    });
    let glyph = Signal::derive(move || match freshness.get() {
        Freshness::Live => "live",
        Freshness::Aging => "aging",
        Freshness::Stale => "stale",
        Freshness::NoData => "nodata",
    });
    let key = move || match freshness.get() {
        Freshness::Live => "live",
        Freshness::Aging => "aging",
        Freshness::Stale => "stale",
        Freshness::NoData => "none",
    };
    let why = move || feed.failure().map(|failure| failure.line());
    let words = move || {
        let age = age.get().map(|age| format!(", {age}")).unwrap_or_default();
        format!(": {}{age}", freshness.get().word())
    };
    view! {
        <li aria-label=label>
            <a href=Route::Connections.href() data-f=key title=why>
                <Icon name=glyph />
                <span><b>{connection.title.clone()}</b>{words}</span>
            </a>
        </li>
    }
}
