//! A summary of each system: the number of its resources in each state.

use crate::live::{Watched, sort, use_watched};
use crate::route::Route;
use crate::ui::Icon;
use health::inventory::Kind;
use health::severity::Severity;
use leptos::prelude::*;
use std::borrow::Cow;
use vendors::{Connection, System};

/// The number of resources in each state, worst first.
type StateCounts = Vec<((Severity, Cow<'static, str>), usize)>;

/// Counts the resources of a kind by their effective state.
fn state_counts(watched: Watched, kind: Kind) -> StateCounts {
    let mut counts = StateCounts::new();
    for (resource, fresh) in watched.of_kind(kind) {
        let state = resource.effective_state(fresh);
        let word = match (state.last_known, state.severity) {
            (None, _) => state.word,
            (Some(_), Severity::Unknown) => Cow::Borrowed("Unknown, data is stale"),
            (Some(word), _) => Cow::Owned(format!("{word}, last known")),
        };
        let state = (state.severity, word);
        match counts.iter_mut().find(|(known, _)| *known == state) {
            Some((_, number)) => *number += 1,
            None => counts.push((state, 1)),
        }
    }
    sort(&mut counts, Ord::cmp);
    counts
}

/// The note that describes which sessions are counted, by the settings of the connections.
fn counted_sessions(connections: &[Connection]) -> String {
    let hours = connections.iter().filter_map(|one| match &one.system {
        System::Veeam { recent_hours, .. } => Some(*recent_hours),
        System::Aveva(_) | System::Uplynk => None,
    });
    let hours: Vec<u16> = hours.collect();
    match &hours[..] {
        [hours, others @ ..] if others.iter().all(|other| other == hours) => {
            format!("running or from the last {hours} h")
        }
        _ => "running or recent".to_owned(),
    }
}

/// The URL of the list of all counted sessions.
fn sessions_href(connections: &[Connection]) -> String {
    let is_veeam = |one: &&Connection| Kind::held_by(&one.system) == Kind::FailoverSession;
    match connections.iter().filter(is_veeam).count() {
        0 | 1 => Route::FailoverSessions.href(),
        _ => Route::all_sessions(),
    }
}

/// The summaries, one per connected system.
#[component]
pub fn Summaries() -> impl IntoView {
    let connections = use_watched().connections();
    let summaries = move || {
        let connections = connections.read();
        let summary = |kind, title, note: String, to: String, link| {
            let mut systems = connections.iter().map(|one| &one.system);
            let is_connected = systems.any(|system| Kind::held_by(system) == kind);
            is_connected.then(|| view! { <Summary kind title note to link /> }.into_any())
        };
        view! {
            {summary(Kind::FailoverGroup, "AVEVA groups", String::new(), Route::Groups.href(), "All groups")}
            {summary(Kind::SlicerGroup, "Uplynk slicers", String::new(), Route::Slicers.href(), "All slicers")}
            {summary(Kind::FailoverSession, "Veeam failovers", counted_sessions(&connections), sessions_href(&connections), "All sessions")}
        }
    };
    view! { <div class="cols three">{summaries}</div> }
}

#[component]
fn Summary(
    kind: Kind,
    title: &'static str,
    note: String,
    to: String,
    link: &'static str,
) -> impl IntoView {
    let watched = use_watched();
    // Connections that the count leaves out.
    let unread = Memo::new(move |_| watched.snapshot().never_read(kind));
    let counts = Memo::new(move |_| state_counts(watched, kind));
    let all = Memo::new(move |_| {
        counts
            .read()
            .iter()
            .map(|(_, number)| number)
            .sum::<usize>()
    });
    let is_empty = move || all.get() == 0;
    let number = move || {
        if is_empty() && !unread.read().is_empty() {
            "not known".to_owned()
        } else {
            all.get().to_string()
        }
    };
    let bar = move || {
        counts
            .get()
            .into_iter()
            .map(|((severity, _), number)| {
                view! { <i data-s=severity.key() style:--n=number.to_string()></i> }.into_any()
            })
            .collect::<Vec<_>>()
    };
    let rows = move || {
        counts.get().into_iter().map(|((severity, word), number)| {
            let name = if word == "Success" { "done" } else { severity.key() };
            view! {
                <li><span class="st" data-s=severity.key()><Icon name />{word}</span><b>{number.to_string()}</b></li>
            }
            .into_any()
        }).collect::<Vec<_>>()
    };
    let none = move || {
        (is_empty() && unread.read().is_empty()).then_some(view! { <p class="dim">"none"</p> })
    };
    let unread_note = move || {
        let unread = unread.get();
        (!unread.is_empty())
            .then(|| view! { <p class="dim">{format!("No data from {unread} yet.")}</p> })
    };
    let id = title.replace(' ', "-").to_ascii_lowercase();
    let labelled = id.clone();
    view! {
        <section class="panel" aria-labelledby=labelled>
            <header><h2 id=id>{title}</h2><p>{number}" "{note}</p><a class="more end" href=to>{link}</a></header>
            <div class="pad">
                <div class="stack" aria-hidden="true">{bar}</div>
                <ul class="rows">{rows}</ul>
                {none}
                {unread_note}
            </div>
        </section>
    }
}
