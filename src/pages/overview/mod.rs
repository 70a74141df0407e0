//! The page `/`: what needs attention, worst first, and a summary of each system.

pub mod summary;

use super::alarms::{Alarm, alarms};
use crate::live::rows::Rows;
use crate::live::{Source, use_clock, use_sources};
use crate::prefs::use_prefs;
use crate::ui::{Heading, Tag, times};
use health::freshness::Freshness;
use health::ledger::Since;
use health::severity::Severity;
use health::words;
use leptos::prelude::*;
use summary::Summaries;

/// The page `/`.
#[component]
pub fn Overview() -> impl IntoView {
    let alarms = alarms();
    let (sources, clock) = (use_sources(), use_clock());
    let rows = Rows::follow(alarms);
    // All is well only when every connection says so at this moment: one that was not heard yet, or
    // not lately, is no good news.
    let behind = Memo::new(move |_| {
        let late = |source: &&Source| source.feed.status().freshness(clock) != Freshness::Live;
        let titles = sources.iter().filter(late);
        let titles: Vec<_> = titles
            .map(|source| source.connection.title.clone())
            .collect();
        titles.join(", ")
    });
    let summary = move || match alarms.read().len() {
        0 => String::new(),
        number => format!("{number} open, worst first"),
    };
    let well = move || {
        let behind = behind.read();
        match (alarms.read().is_empty(), behind.is_empty()) {
            (false, _) => None,
            (true, true) => Some(
                "All is well: every connection is live, and nothing needs attention.".to_owned(),
            ),
            (true, false) => Some(format!(
                "Nothing known needs attention. Waiting for {behind}."
            )),
        }
    };
    view! {
        <Heading text="Overview" />
        <section class="panel" aria-labelledby="attention">
            <header><h2 id="attention">"Needs attention"</h2><p>{summary}</p></header>
            <ol class="alarms" aria-label="Alarms">{rows.draw(|row| view! { <AlarmRow row /> })}</ol>
            {move || well().map(|words| view! { <p class="blank" role="status">{words}</p> })}
        </section>
        <Summaries />
    }
}

#[component]
fn AlarmRow(row: RwSignal<Alarm>) -> impl IntoView {
    let prefs = use_prefs();
    let severity = Signal::derive(move || row.read().entry.severity);
    let word = Signal::derive(move || {
        match severity.get() {
            Severity::Critical => "Critical",
            Severity::Warning => "Warning",
            _ => "Unknown",
        }
        .to_owned()
    });
    let since = move || {
        let row = row.read();
        let zone = times::offset(prefs.zone.get(), row.now);
        let word = match row.entry.since {
            Since::Told(_) => "since",
            Since::Seen(_) => "seen since",
        };
        let at = row.entry.since.at();
        view! {
            <b>{words::span((row.now - at).max(chrono::TimeDelta::zero()))}</b>
            <small>{word}" "{times::moment(at, row.now, zone)}</small>
        }
    };
    view! {
        <li>
            <Tag severity word />
            <div>
                <p class="what">{move || row.read().entry.sentence.clone()}</p>
                <p class="dim">{move || row.read().entry.advice.clone()}</p>
            </div>
            <time>{since}</time>
            <a class="btn" href=move || row.read().to.href()>"Open"<span class="vh">": "{move || row.read().entry.sentence.clone()}</span></a>
        </li>
    }
}
