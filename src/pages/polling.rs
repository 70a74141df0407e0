//! How the gateway polls a connection, as facts that the top bar and the page "Connections" share.

use crate::live::use_watched;
use crate::prefs::use_prefs;
use crate::ui::times;
use chrono::{DateTime, TimeDelta, Utc};
use health::vendor_clock;
use health::words;
use leptos::prelude::*;

/// The last response, the next poll, the last error, and the offset of the vendor's clock if it is noticeable.
#[component]
pub fn Polling(
    /// The connection's id.
    connection: String,
    /// Whether a card beside it shows the current failure.
    #[prop(optional)]
    with_card: bool,
) -> impl IntoView {
    let (watched, prefs) = (use_watched(), use_prefs());
    let id = connection.clone();
    let state = Memo::new(move |_| watched.connection(&connection));
    let moment = move |at: DateTime<Utc>| {
        let (now, zone) = (watched.now(), prefs.zone.get());
        let text = times::moment(at, now, zone);
        format!("{text} {}, {}", zone.word(), times::ago(at, now))
    };
    let answer = Memo::new(move |_| {
        let at = state.read().as_ref().and_then(|state| state.observed_at);
        at.map_or_else(|| "never".to_owned(), moment)
    });
    let error = Memo::new(move |_| {
        let state = state.get()?;
        let last = state.last_error.clone()?;
        let line = (!with_card || state.failure.is_none()).then_some(last.line);
        Some((moment(last.at), line))
    });
    let error = move || match error.get() {
        None => view! { "none since the gateway was started" }.into_any(),
        Some((at, line)) => {
            let line = line.map(|line| view! { <span class="sub said">{line}</span> });
            view! { <span>{at}{line}</span> }.into_any()
        }
    };
    let next = Memo::new(move |_| {
        let at = state.read().as_ref().and_then(|state| state.next_at);
        let wait = at.map(|at| at.signed_duration_since(watched.now()));
        match wait.filter(|wait| *wait > TimeDelta::zero()) {
            Some(wait) => format!("in {}", words::span(wait)),
            None => "now".to_owned(),
        }
    });
    let interval = Memo::new(move |_| {
        let millis = state.read().as_ref().map_or(0, |state| state.interval_ms);
        let span = TimeDelta::try_milliseconds(i64::try_from(millis).unwrap_or(i64::MAX));
        format!("every {}", words::span(span.unwrap_or_default()))
    });
    let skew = Memo::new(move |_| {
        let ahead = watched.snapshot().vendor_ahead(&id);
        let skew = vendor_clock::significant_difference(ahead)?;
        let direction = if skew > TimeDelta::zero() {
            "ahead of"
        } else {
            "behind"
        };
        Some(format!(
            "{} {direction} the gateway's",
            words::span(skew.abs())
        ))
    });
    let skew = move || {
        skew.get()
            .map(|words| view! { <div data-s="warning"><dt>"Server's clock"</dt><dd><span class="st" data-s="warning">{words}</span></dd></div> })
    };
    view! {
        <div><dt>"Last response"</dt><dd>{answer}</dd></div>
        <div><dt>"Next poll"</dt><dd>{next}<span class="sub">{interval}</span></dd></div>
        <div class="whole"><dt>"Last error"</dt><dd>{error}</dd></div>
        {skew}
    }
}
