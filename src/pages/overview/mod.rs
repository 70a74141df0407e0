//! The page `/`: what needs attention, worst first, and a summary of each system.

pub mod summary;

use super::attention::{Alarm, alarms};
use crate::live::rows::Rows;
use crate::live::use_sources;
use crate::prefs::use_prefs;
use crate::ui::{Heading, Tag, times};
use health::severity::Severity;
use health::words;
use leptos::prelude::*;
use summary::Summaries;

/// The page `/`.
#[component]
pub fn Overview() -> impl IntoView {
    let alarms = alarms();
    let sources = use_sources();
    let rows = Rows::follow(alarms);
    // All is well only when every connection says so: one that was not heard yet is no good news.
    let heard = move || sources.iter().all(|source| source.feed.asked().is_some());
    let summary = move || match alarms.read().len() {
        0 => String::new(),
        number => format!("{number} open, worst first"),
    };
    let well = move || match (alarms.read().is_empty(), heard()) {
        (false, _) => None,
        (true, true) => Some("All is well: every connection answers, and nothing needs attention."),
        (true, false) => Some("Waiting for the first answer of every connection…"),
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
    let severity = Signal::derive(move || row.read().severity);
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
        row.since.map(|since| {
            let zone = times::offset(prefs.zone.get(), row.now);
            view! {
                <b>{words::span((row.now - since).max(chrono::TimeDelta::zero()))}</b>
                <small>"since "{times::moment(since, row.now, zone)}</small>
            }
        })
    };
    view! {
        <li>
            <Tag severity word />
            <div>
                <p class="what">{move || row.read().sentence.clone()}</p>
                <p class="dim">{move || row.read().advice.clone()}</p>
            </div>
            <time>{since}</time>
            <a class="btn" href=move || row.read().to.href()>"Open"<span class="vh">": "{move || row.read().sentence.clone()}</span></a>
        </li>
    }
}
