//! A connection's poll status in words: the top bar and the page of connections say the same.

use crate::live::{NextPoll, Status, use_clock};
use crate::prefs::use_prefs;
use crate::ui::times;
use chrono::{DateTime, Utc};
use health::words;
use leptos::prelude::*;

/// Last answer, last error, next try, and the vendor's clock where it differs.
#[component]
pub fn Polling(
    /// Whose.
    status: Status,
) -> impl IntoView {
    let (clock, prefs) = (use_clock(), use_prefs());
    let moment = move |at: DateTime<Utc>| {
        let (now, zone) = (clock.at(0.0), prefs.zone.get());
        let at_words = times::moment(at, now, times::offset(zone, now));
        format!("{at_words} {}, {}", zone.word(), times::ago(at, now))
    };
    let answer = Memo::new(move |_| {
        status
            .requested_at()
            .map_or_else(|| "never".to_owned(), moment)
    });
    let error = Memo::new(move |_| {
        let last = status.last_error()?;
        Some((moment(last.at), last.failure.line()))
    });
    let error = move || match error.get() {
        None => view! { "none since this page was opened" }.into_any(),
        Some((at, line)) => {
            view! { <span>{at}<span class="sub said">{line}</span></span> }.into_any()
        }
    };
    let next = Memo::new(move |_| match status.next(clock) {
        NextPoll::In(wait) => format!("in {}", words::span(wait)),
        NextPoll::Paused => "when refresh is resumed".to_owned(),
    });
    let skew = Memo::new(move |_| {
        let skew = status.skew()?;
        let way = if skew > chrono::TimeDelta::zero() {
            "ahead of"
        } else {
            "behind"
        };
        Some(format!("{} {way} this browser's", words::span(skew.abs())))
    });
    let skew = move || {
        skew.get()
            .map(|words| view! { <div data-s="warning"><dt>"Server's clock"</dt><dd><span class="st" data-s="warning">{words}</span></dd></div> })
    };
    view! {
        <div><dt>"Last answer"</dt><dd>{answer}</dd></div>
        <div><dt>"Next try"</dt><dd>{next}</dd></div>
        <div class="whole"><dt>"Last error"</dt><dd>{error}</dd></div>
        {skew}
    }
}
