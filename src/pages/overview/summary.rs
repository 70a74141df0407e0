//! A summary of each system: how many of what it holds are in which state.

use crate::live::{Clock, Feed, Sources, use_clock, use_sources};
use crate::route::Route;
use crate::ui::Icon;
use crate::ui::status_mark::glyph;
use health::failover_sessions::{is_recent, judge_session};
use health::severity::Severity;
use health::slicers::judge_slicers;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// Which system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Groups,
    Slicers,
    Sessions,
}

/// How many are in which state, worst first. What a stale source holds is unknown.
type Tally = BTreeMap<(Severity, &'static str), usize>;

fn tally(sources: &Sources, kind: Kind, clock: Clock) -> Tally {
    let mut tally = Tally::new();
    for source in sources.iter() {
        let believable = source.feed.freshness(clock).is_believable();
        let now = source.feed.vendor_time(clock);
        let verdicts: Vec<_> = match (kind, source.feed) {
            (Kind::Groups, Feed::Aveva(live)) => live
                .value()
                .unwrap_or_default()
                .iter()
                .map(|group| group.verdict(now))
                .collect(),
            (Kind::Slicers, Feed::Uplynk(live)) => live
                .value()
                .unwrap_or_default()
                .iter()
                .map(|group| judge_slicers(group, now))
                .collect(),
            (Kind::Sessions, Feed::Veeam(live)) => {
                let page = live.value().unwrap_or_default();
                page.sessions
                    .iter()
                    .filter(|s| is_recent(s, now))
                    .map(|s| judge_session(s, now))
                    .collect()
            }
            _ => continue,
        };
        for verdict in verdicts {
            let key = if believable {
                (verdict.severity, verdict.word)
            } else {
                (Severity::Unknown, "Unknown, data is stale")
            };
            *tally.entry(key).or_default() += 1;
        }
    }
    tally
}

/// The summaries, one a system that is connected.
#[component]
pub fn Summaries() -> impl IntoView {
    let sources = use_sources();
    let has = |of: fn(&Feed) -> bool| sources.iter().any(|source| of(&source.feed));
    let groups = has(|feed| matches!(feed, Feed::Aveva(_)))
        .then(|| view! { <Summary kind=Kind::Groups title="AVEVA groups" note="" to=Route::Groups link="All groups" /> });
    let slicers = has(|feed| matches!(feed, Feed::Uplynk(_)))
        .then(|| view! { <Summary kind=Kind::Slicers title="Uplynk slicers" note="" to=Route::Slicers link="All slicers" /> });
    let sessions = has(|feed| matches!(feed, Feed::Veeam(_))).then(|| {
        view! { <Summary kind=Kind::Sessions title="Veeam failovers" note="running or of the last 24 h" to=Route::FailoverSessions link="All sessions" /> }
    });
    view! { <div class="cols three">{groups}{slicers}{sessions}</div> }
}

#[component]
fn Summary(
    kind: Kind,
    title: &'static str,
    note: &'static str,
    to: Route,
    link: &'static str,
) -> impl IntoView {
    let (sources, clock) = (use_sources(), use_clock());
    let tally = Memo::new(move |_| tally(&sources, kind, clock));
    let all = move || tally.read().values().sum::<usize>();
    let bar = move || {
        tally
            .get()
            .into_iter()
            .map(|((severity, _), number)| {
                view! { <i data-s=severity.key() style:--n=number.to_string()></i> }
            })
            .collect::<Vec<_>>()
    };
    let rows = move || {
        tally.get().into_iter().map(|((severity, word), number)| {
            let name = if word == "Success" { "done" } else { glyph(severity) };
            view! {
                <li><span class="st" data-s=severity.key()><Icon name />{word}</span><b>{number}</b></li>
            }
        }).collect::<Vec<_>>()
    };
    let none = move || (all() == 0).then_some(view! { <p class="dim">"none"</p> });
    let id = title.replace(' ', "-").to_lowercase();
    let labelled = id.clone();
    view! {
        <section class="panel" aria-labelledby=labelled>
            <header><h2 id=id>{title}</h2><p>{all}" "{note}</p><a class="more end" href=to.href()>{link}</a></header>
            <div class="pad">
                <div class="stack" aria-hidden="true">{bar}</div>
                <ul class="rows">{rows}</ul>
                {none}
            </div>
        </section>
    }
}
