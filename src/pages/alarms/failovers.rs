//! Failovers as the console sees them happen: somebody else leads a group than at the last look.

use super::resources;
use crate::live::{Source, use_sources};
use crate::route::Route;
use leptos::prelude::*;
use std::collections::HashMap;
use std::time::Duration;

/// How long one is told.
const STANDS: Duration = Duration::from_secs(30);

/// A failover that was seen.
#[derive(Debug, Clone, PartialEq)]
struct Failover {
    message: String,
    to: Route,
}

/// Who leads what, as last seen.
type Leaders = HashMap<String, String>;

/// What has changed since the last look; who leads is remembered while nobody is known to.
fn changes(leaders: &mut Leaders, source: &Source) -> Vec<Failover> {
    let now = untrack(|| source.feed.status().requested_at()).unwrap_or_default();
    let (_, _, resources) = resources(source, now);
    let mut seen = Vec::new();
    for resource in resources.into_iter().flatten() {
        let Some(leader) = resource.leader else {
            continue;
        };
        let before = leaders.insert(resource.key, leader.clone());
        if let Some(before) = before.filter(|before| *before != leader) {
            seen.push(Failover {
                message: format!("{}: {leader} has taken over from {before}.", resource.name),
                to: resource.to,
            });
        }
    }
    seen
}

/// Tells of failovers; the only alert beside that of a gateway that is gone.
#[component]
pub fn Failovers() -> impl IntoView {
    let shown: RwSignal<Vec<Failover>> = RwSignal::new(Vec::new());
    let sources = use_sources();
    for source in sources.iter() {
        let source = source.clone();
        Effect::new(move |before: Option<Leaders>| {
            let mut leaders = before.unwrap_or_default();
            let new = changes(&mut leaders, &source);
            if !new.is_empty() {
                let count = new.len();
                shown.update(|shown| shown.extend(new));
                let forget = move || {
                    let _ = shown.try_update(|shown| drop(shown.drain(..count.min(shown.len()))));
                };
                set_timeout(forget, STANDS);
            }
            leaders
        });
    }
    let items = move || {
        let items = shown.get().into_iter();
        items
            .map(|one| {
                view! { <p class="notice"><span>{one.message}</span><a class="btn" href=one.to.href()>"Open"</a></p> }
            })
            .collect::<Vec<_>>()
    };
    view! { <div class="failovers" role="alert">{items}</div> }
}
