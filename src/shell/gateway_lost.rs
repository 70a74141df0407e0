//! The banner shown while the gateway is unreachable: nothing on the screen is current then.

use crate::api::Failure;
use crate::live::{Source, Sources, use_clock, use_sources};
use crate::prefs::use_prefs;
use crate::ui::{Icon, times};
use chrono::{DateTime, Utc};
use leptos::prelude::*;

/// Whether no connection answers because the gateway does not.
#[must_use]
pub fn gateway_gone(sources: Sources) -> Memo<bool> {
    Memo::new(move |_| {
        let gone =
            |failure| matches!(failure, Some(Failure::Unreachable(problem)) if problem.status == 0);
        let mut feeds = sources.iter().map(|source| source.feed).peekable();
        feeds.peek().is_some() && feeds.all(|feed| gone(feed.status().failure()))
    })
}

/// When any connection last answered through the gateway, by the browser's clock.
#[must_use]
pub fn last_received(sources: &Sources) -> Option<DateTime<Utc>> {
    let requested_at = |source: &Source| source.feed.status().requested_at();
    sources.iter().filter_map(requested_at).max()
}

/// A banner for as long as no connection answers because the gateway does not.
#[component]
pub fn GatewayLost() -> impl IntoView {
    let (sources, clock, prefs) = (use_sources(), use_clock(), use_prefs());
    let lost = gateway_gone(sources.clone());
    let since = move || last_received(&sources);
    let words = move || match since() {
        Some(at) => {
            let now = clock.at(0.0);
            let zone = prefs.zone.get();
            let at = times::moment(at, now, times::offset(zone, now));
            format!(
                "The gateway does not answer. Everything below is as it was at {at} {}. Retrying automatically.",
                zone.word()
            )
        }
        None => "The gateway does not answer. Retrying automatically.".to_owned(),
    };
    view! {
        <div role="alert">
            <Show when=move || lost.get()>
                <p class="lost"><Icon name="nodata" />{words.clone()}</p>
            </Show>
        </div>
    }
}
