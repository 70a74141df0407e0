//! The sessions that take over next, each with the reason for its rank.

use super::action_context::ActionContext;
use crate::live::aveva::Election;
use crate::live::rows::Rows;
use crate::live::use_clock;
use crate::ui::name;
use health::groups::Candidate;
use leptos::prelude::*;

/// The maximum number of candidates to list; the table of sessions lists all of them.
const MAX_LISTED: usize = 10;

/// The list "Who takes over next".
#[component]
pub fn Next(
    /// The page's actions.
    context: ActionContext,
    /// The current primary and the order of succession.
    election: Memo<Election>,
) -> impl IntoView {
    let (clock, live) = (use_clock(), context.live);
    let first = Memo::new(move |_| {
        let Some(group) = live.value() else {
            return Vec::new();
        };
        let election = election.read();
        let observation = group.observation(live.status, clock);
        let sessions = &group.detail.sessions;
        let all = election
            .succession
            .candidates(&group.configuration, sessions, observation);
        let primary = election.primary.as_ref();
        let primary = primary.and_then(|session| session.id.as_ref());
        let others = all.filter(|candidate| Some(&candidate.session) != primary);
        others.take(MAX_LISTED).collect::<Vec<_>>()
    });
    let further = Memo::new(move |_| {
        let group = live.value()?;
        let election = election.read();
        let primary = election.primary.as_ref();
        let others = election.succession.indexes().filter(|(place, _)| {
            let id = &group.detail.sessions[*place].id;
            primary.is_none_or(|primary| primary.id != *id)
        });
        further_words(others.skip(MAX_LISTED).map(|(_, eligible)| eligible))
    });
    let none = move || {
        let none = first.read().is_empty();
        let group = live.value();
        let words = if group.is_some_and(|group| group.detail.left_out.count() > 0) {
            "No other session could be read."
        } else {
            "No other session is in this group."
        };
        none.then(|| view! { <p class="pad">{words}</p> })
    };
    let rows = Rows::follow(first);
    view! {
        <section class="panel" aria-labelledby="next" data-fresh=move || context.stale.get()>
            <header><h2 id="next">"Who takes over next"</h2></header>
            <ol class="pad next">{rows.draw_numbered(item)}</ol>
            {move || further.get().map(|words| view! { <p class="pad dim">{words}</p> })}
            {none}
        </section>
    }
}

/// One candidate. Eligible candidates come before others, so the index of an eligible one is its rank.
fn item(place: usize, candidate: RwSignal<Candidate>) -> impl IntoView {
    let rank = move || {
        let candidate = candidate.read();
        if candidate.eligible {
            (place + 1).to_string()
        } else {
            "–".to_owned()
        }
    };
    view! {
        <li data-drained=move || (!candidate.read().eligible).then_some("stale")>
            <b>{rank}</b>
            <div><b>{name(move || candidate.read().session.clone())}</b><p class="dim">{move || candidate.read().reason.clone()}</p></div>
        </li>
    }
}

/// The number of further sessions and how many of them are eligible; `None` if there are no more.
fn further_words(further: impl Iterator<Item = bool>) -> Option<String> {
    let (mut all, mut eligible) = (0_usize, 0_usize);
    for is_eligible in further {
        all += 1;
        eligible += usize::from(is_eligible);
    }
    let sessions = if all == 1 { "session" } else { "sessions" };
    (all > 0).then(|| format!("{all} more {sessions} below, {eligible} eligible."))
}

#[cfg(test)]
mod tests {
    use super::further_words;

    #[test]
    fn further_candidates_are_counted() {
        for (further, words) in [
            (vec![], None),
            (vec![false], Some("1 more session below, 0 eligible.")),
            (
                vec![true, true, false],
                Some("3 more sessions below, 2 eligible."),
            ),
        ] {
            assert_eq!(further_words(further.into_iter()).as_deref(), words);
        }
    }
}
