//! What a group is: its state, its id, its FailoverTimeout.

use super::action_context::{ActionContext, Open};
use crate::live::{Detail, use_clock};
use crate::pages::resource_row::{StateTag, page_state};
use crate::pages::unreadable::{UnreadableFields, or_unreadable};
use crate::prefs::use_prefs;
use crate::ui::{Copy, times};
use chrono::TimeDelta;
use health::groups::Action;
use health::inventory::unreadable_of_group;
use health::severity::Severity;
use health::verdict::Verdict;
use health::words;
use leptos::prelude::*;

/// The facts of a group.
#[component]
pub fn Facts(
    /// The resource as it refreshes, and its actions.
    context: ActionContext,
    /// The connection.
    connection: String,
    /// What is said of the group.
    verdict: Memo<Option<Verdict>>,
) -> impl IntoView {
    let live = context.live;
    let (clock, prefs) = (use_clock(), use_prefs());
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    let state = Memo::new(move |_| page_state(verdict.read().as_ref(), live.status, clock));
    let sentence = move || {
        verdict
            .get()
            .filter(|verdict| verdict.severity != Severity::Normal)
            .map(|verdict| {
                view! { <p class="why"><b>{verdict.sentence}</b>" "{verdict.advice}</p> }
            })
    };
    let id = Signal::derive(move || {
        live.value()
            .and_then(|group| group.configuration.id.clone())
            .unwrap_or_default()
    });
    let timeout = move || {
        live.value()
            .and_then(|group| group.configuration.failover_timeout)
    };
    let every = move || {
        let half = timeout().map(|timeout| timeout.delta() / 2);
        // One that cannot be gives no interval.
        half.filter(|half| *half > TimeDelta::zero())
            .map_or_else(|| "–".to_owned(), words::span)
    };
    let data = move || {
        let now = live.status.vendor_time(clock);
        let group = live.value();
        let status = group.as_ref().map(|group| &group.detail.status);
        let at = status.and_then(|status| status.last_data_processed_time);
        let (at, ago) = times::moment_and_age(at, now, prefs.zone.get());
        let unreadable = status.map_or(&[][..], |status| &status.unreadable);
        let ago = or_unreadable(unreadable, "LastDataProcessedTime", ago);
        view! { {at}" "<small>{ago}</small> }
    };
    let unreadable = Signal::derive(move || {
        live.value().map_or_else(Vec::new, |group| {
            let Detail {
                status, sessions, ..
            } = group.detail.as_ref();
            unreadable_of_group(&group.configuration, Some(status), sessions)
        })
    });
    let timeout_words = move || {
        let words = timeout().map_or_else(|| "–".to_owned(), |timeout| timeout.to_string());
        live.value()
            .map(|group| or_unreadable(&group.configuration.unreadable, "FailoverTimeout", words))
    };
    let description = move || {
        live.value()
            .and_then(|group| group.configuration.description.clone())
            .filter(|text| !text.is_empty())
            .map(|text| view! { <div><dt>"Description"</dt><dd>{text}</dd></div> })
    };
    let additional = move || {
        let data = live
            .value()?
            .configuration
            .additional_data
            .clone()
            .filter(|data| !data.is_empty())?;
        let text = serde_json::to_string_pretty(&data).unwrap_or_default();
        Some(
            view! { <details class="more"><summary>"Additional data"</summary><pre>{text}</pre></details> },
        )
    };
    let act = move |action, words, open: Open| {
        context.offers(action).then(|| {
            view! { <button type="button" class="btn" on:click=move |_| context.open.set(Some(open.clone()))>{words}</button> }
        })
    };
    view! {
        <section class="panel" aria-label="Group facts" data-fresh=move || stale.get().then_some("stale")>
            <div class="head">
                <StateTag state />
                <dl class="facts">
                    <div><dt>"Group id"</dt><dd><code>{id}</code><Copy text=id name="Copy group id" /></dd></div>
                    <div><dt>"Connection"</dt><dd>{connection}</dd></div>
                    <div><dt>"Failover timeout"</dt><dd>{timeout_words}</dd></div>
                    <div><dt>"Heartbeat every"</dt><dd>{every}</dd></div>
                    <div><dt>"Last data processed"</dt><dd>{data}</dd></div>
                    {description}
                </dl>
            </div>
            {sentence}
            {additional}
            <UnreadableFields fields=unreadable />
            <p class="bar acts">
                {act(Action::CreateGroup, "Duplicate with changes…", Open::Duplicate)}
                {act(Action::DeleteGroup, "Delete group", Open::DeleteGroup)}
            </p>
        </section>
    }
}
