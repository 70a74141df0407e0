//! Notes above stale content, and the last known state of a resource that cannot be read at the moment.

use super::resource_row::{StateTag, row_state};
use crate::live::{Status, use_clock, use_watched};
use crate::prefs::{Zone, use_prefs};
use crate::ui::{FailureCard, Icon, times};
use chrono::{DateTime, Utc};
use health::inventory::{Facts, Resource, ResourceKey};
use health::words;
use leptos::prelude::*;
use vendors::uplynk::OnAir;

/// The note "Loading…" until the first response or failure. Its live region always exists, because screen readers
/// announce only what is added to an existing one.
pub fn loading(status: Status) -> AnyView {
    let words = move || {
        let waits = status.requested_at().is_none() && status.failure().is_none();
        waits.then(|| view! { <p class="blank">"Loading…"</p> })
    };
    view! { <div role="status">{words}</div> }.into_any()
}

/// The age of the content below, while the latest read has failed.
pub fn last_known_note(status: Status) -> AnyView {
    let clock = use_clock();
    let note = Memo::new(move |_| {
        let age = status.age(clock).filter(|_| status.failure().is_some())?;
        Some(format!(
            "This is the last known state, {}.",
            words::ago(age)
        ))
    });
    let note = move || {
        note.get().map(|words| view! { <p class="panel note" data-s="unknown"><Icon name="stale" />{words}</p> })
    };
    note.into_any()
}

/// The failure to read the gateway's own data, with the age of the content below.
pub fn gateway_problems(status: Status) -> AnyView {
    let retry = Callback::new(move |()| status.refresh());
    let failure = move || {
        let failure = status.failure()?;
        Some(view! { <FailureCard failure system="the gateway" retry /> })
    };
    view! { {failure}{last_known_note(status)} }.into_any()
}

/// The last known state of a resource; nothing if the gateway never read it.
#[component]
pub fn LastKnown(
    /// The resource's key.
    resource: ResourceKey,
) -> impl IntoView {
    let (watched, prefs) = (use_watched(), use_prefs());
    let known = Memo::new(move |_| watched.snapshot().find(&resource).cloned());
    move || {
        let resource = known.get()?;
        let state = Memo::new({
            let resource = resource.clone();
            // This page could not read it, whether or not the gateway can.
            move |_| {
                let mut state = row_state(watched, &resource);
                let age = || {
                    Some(format!(
                        "last known, {}",
                        words::ago(watched.age_of(&resource)?)
                    ))
                };
                state.last_known = state.last_known.or_else(age);
                state
            }
        });
        let now = watched.vendor_now(&resource.key.connection);
        let facts = facts(&resource, now, prefs.zone.get());
        let facts: Vec<_> = facts
            .into_iter()
            .map(|(name, words)| view! { <div><dt>{name}</dt><dd>{words}</dd></div> })
            .collect();
        let verdict = resource.verdict.clone();
        Some(view! {
            <section class="panel" aria-label="Last known state" data-fresh="stale">
                <div class="head">
                    <StateTag state />
                    <dl class="facts">{facts}</dl>
                </div>
                <p class="why"><b>{verdict.sentence}</b>" "{verdict.advice}</p>
            </section>
        })
    }
}

/// The facts beside the verdict, each with its label.
fn facts(resource: &Resource, now: DateTime<Utc>, zone: Zone) -> Vec<(&'static str, String)> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let moment = |at: Option<DateTime<Utc>>| or_dash(at.map(|at| times::moment(at, now, zone)));
    match &resource.facts {
        Facts::FailoverGroup(group) => vec![
            ("Primary", or_dash(group.primary.clone())),
            ("Pending primary", or_dash(group.pending.clone())),
            ("Client sessions", group.sessions.join(", ")),
            (
                "Failover timeout",
                or_dash(group.failover_timeout.map(|timeout| timeout.to_string())),
            ),
            ("Last data processed", moment(group.last_data)),
        ],
        Facts::SlicerGroup(group) => vec![
            (
                "On air",
                match &group.on_air {
                    Some(OnAir::Slicer(id)) => id.clone(),
                    Some(OnAir::Slate) => "Slate".to_owned(),
                    None => "–".to_owned(),
                },
            ),
            (
                "Slicers",
                group
                    .slicers
                    .iter()
                    .map(|slicer| slicer.id.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            ("Last failover", moment(group.last_failover)),
        ],
        Facts::FailoverSession(session) => vec![
            ("State", or_dash(session.state.clone())),
            ("Result", or_dash(session.result.clone())),
            ("Started", moment(session.started)),
            ("Ended", moment(session.ended)),
            ("Server", or_dash(session.server.clone())),
        ],
        Facts::None => Vec::new(),
    }
}
