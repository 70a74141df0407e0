//! The page `/`: what needs attention, worst first, and a summary of each system.

pub mod summary;

use super::activity::RecentChanges;
use super::alarms::{ShownAlarm, alarms};
use crate::live::rows::Rows;
use crate::live::use_watched;
use crate::prefs::use_prefs;
use crate::route::Route;
use crate::ui::{Heading, Tag, times};
use health::alarms::Since;
use health::freshness::Freshness;
use health::words;
use leptos::prelude::*;
use summary::Summaries;

/// The page `/`.
#[component]
pub fn Overview() -> impl IntoView {
    let alarms = alarms();
    let watched = use_watched();
    let rows = Rows::follow(alarms);
    // All is well only when every connection says so at this moment: one that was not read yet, or not
    // lately, is no good news.
    let behind = Memo::new(move |_| {
        let world = watched.world();
        let late = world.connections.iter().map(|state| &state.connection);
        let late = late.filter(|connection| watched.freshness(&connection.id) != Freshness::Live);
        let titles: Vec<_> = late.map(|connection| connection.title.clone()).collect();
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
        <RecentChanges />
    }
}

#[component]
fn AlarmRow(row: RwSignal<ShownAlarm>) -> impl IntoView {
    let (prefs, watched) = (use_prefs(), use_watched());
    let severity = Signal::derive(move || row.read().alarm.severity);
    let word = Signal::derive(move || severity.get().word().to_owned());
    let label = move || {
        let row = row.read();
        let (name, severity) = (&row.alarm.name, row.alarm.severity.word());
        match &row.last_known {
            Some(last_known) => format!("{name}: {severity}, {last_known}"),
            None => format!("{name}: {severity}"),
        }
    };
    let since = move || {
        let row = row.read();
        let now = watched.now();
        let zone = times::offset(prefs.zone.get(), now);
        let word = match row.alarm.since {
            Since::Reported(_) => "since",
            Since::Observed(_) => "seen since",
        };
        let at = row.alarm.since.at();
        view! {
            <b>{words::span(watched.since(at))}</b>
            <small>{word}" "{times::moment(at, now, zone)}</small>
        }
    };
    let stale = move || row.read().last_known.is_some().then_some("stale");
    let last_known = move || {
        let last_known = row.read().last_known.clone();
        last_known.map(|words| view! { <b class="known">{words}</b> })
    };
    view! {
        <li aria-label=label>
            <span data-fresh=stale><Tag severity word /></span>
            <div data-fresh=stale>
                <p class="what">{move || row.read().alarm.sentence.clone()}" "{last_known}</p>
                <p class="dim">{move || row.read().alarm.advice.clone()}</p>
            </div>
            <time data-fresh=stale>{since}</time>
            <a class="btn" href=move || Route::of(&row.read().alarm.resource).href()>"Open"<span class="vh">": "{move || row.read().alarm.sentence.clone()}</span></a>
        </li>
    }
}
