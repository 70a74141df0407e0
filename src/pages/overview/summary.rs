//! A summary of each system: how many of what it holds are in which state.

use crate::live::{Clock, Feed, Source, Sources, use_clock, use_sources};
use crate::pages::alarms::{Verdicts, verdicts};
use crate::route::Route;
use crate::ui::Icon;
use crate::ui::status_mark::glyph;
use health::failover_sessions::is_recent;
use health::severity::Severity;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// Which system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Groups,
    Slicers,
    Sessions,
}

/// How many are in which state, worst first.
type Tally = BTreeMap<(Severity, &'static str), usize>;

/// A system's connections with their verdicts.
fn of(sources: &Sources, kind: Kind) -> Vec<(Source, Verdicts)> {
    let is = |source: &&Source| {
        matches!(
            (kind, source.feed),
            (Kind::Groups, Feed::Aveva(..))
                | (Kind::Slicers, Feed::Uplynk(_))
                | (Kind::Sessions, Feed::Veeam(_))
        )
    };
    let with = |source: &Source| (source.clone(), verdicts(&source.connection.id));
    sources.iter().filter(is).map(with).collect()
}

/// Counts what a system holds. What a stale source holds is unknown, whatever it was; what was never
/// heard cannot be counted.
fn tally(sources: &[(Source, Verdicts)], clock: Clock) -> Tally {
    let mut tally = Tally::new();
    for (source, verdicts) in sources {
        let status = source.feed.status();
        let believable = status.freshness(clock).is_believable();
        let now = status.vendor_time(clock);
        let verdicts = verdicts.read();
        let counted = |at: usize| match source.feed {
            Feed::Veeam(live) => live
                .value()
                .and_then(|page| page.sessions.get(at).map(|session| is_recent(session, now)))
                .unwrap_or_default(),
            _ => true,
        };
        for (at, verdict) in verdicts.iter().enumerate() {
            let key = if believable {
                (verdict.severity, verdict.word)
            } else {
                (Severity::Unknown, "Unknown, data is stale")
            };
            if counted(at) {
                *tally.entry(key).or_default() += 1;
            }
        }
    }
    tally
}

/// The summaries, one a system that is connected.
#[component]
pub fn Summaries() -> impl IntoView {
    let of_kind = |kind| {
        let sources = of(&use_sources(), kind);
        (!sources.is_empty()).then_some(sources)
    };
    let groups = of_kind(Kind::Groups).map(|sources| {
        view! { <Summary sources title="AVEVA groups" note="" to=Route::Groups link="All groups" /> }
    });
    let slicers = of_kind(Kind::Slicers).map(|sources| {
        view! { <Summary sources title="Uplynk slicers" note="" to=Route::Slicers link="All slicers" /> }
    });
    let sessions = of_kind(Kind::Sessions).map(|sources| {
        view! { <Summary sources title="Veeam failovers" note="running or of the last 24 h" to=Route::FailoverSessions link="All sessions" /> }
    });
    view! { <div class="cols three">{groups}{slicers}{sessions}</div> }
}

#[component]
fn Summary(
    sources: Vec<(Source, Verdicts)>,
    title: &'static str,
    note: &'static str,
    to: Route,
    link: &'static str,
) -> impl IntoView {
    let clock = use_clock();
    let silent = {
        let sources = sources.clone();
        let never = move |(source, _): &&(Source, Verdicts)| {
            source.feed.held().0 == 0 && !source.feed.status().has_answered()
        };
        Memo::new(move |_| {
            let titles = sources.iter().filter(never);
            let titles: Vec<_> = titles
                .map(|(source, _)| source.connection.title.clone())
                .collect();
            titles.join(", ")
        })
    };
    let tally = Memo::new(move |_| tally(&sources, clock));
    let all = Memo::new(move |_| tally.read().values().sum::<usize>());
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
    let none = move || {
        (all.get() == 0 && silent.read().is_empty()).then_some(view! { <p class="dim">"none"</p> })
    };
    // A number that leaves somebody out has to say so.
    let without = move || {
        let silent = silent.get();
        (!silent.is_empty())
            .then(|| view! { <p class="dim">{format!("Nothing is known of {silent}.")}</p> })
    };
    let id = title.replace(' ', "-").to_lowercase();
    let labelled = id.clone();
    view! {
        <section class="panel" aria-labelledby=labelled>
            <header><h2 id=id>{title}</h2><p>{all}" "{note}</p><a class="more end" href=to.href()>{link}</a></header>
            <div class="pad">
                <div class="stack" aria-hidden="true">{bar}</div>
                <ul class="rows">{rows}</ul>
                {none}
                {without}
            </div>
        </section>
    }
}
