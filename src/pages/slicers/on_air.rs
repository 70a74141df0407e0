//! What a slicer group is, and what is on air.

use super::action_context::ActionContext;
use super::channels::Channels;
use super::model::{NO_FAILOVER, is_on_air};
use super::thumbnail::{Thumbnail, stale_thumbnail};
use super::thumbnail_ages::thumbnail_age_of;
use crate::api::thumbnails::thumbnail_url;
use crate::live::{Live, use_clock};
use crate::pages::resource_row::{StateTag, page_state};
use crate::pages::unreadable::{UnreadableFields, or_unreadable};
use crate::prefs::use_prefs;
use crate::ui::{Copy, Icon, name, times};
use health::inventory::unreadable_of_slicer_group;
use health::severity::Severity;
use health::slicers::{
    SlicerHealth, backups, hot_warm_words, judge_slicers, on_air, slicer_health, state_word,
};
use health::words;
use leptos::prelude::*;
use vendors::UnreadableField;
use vendors::uplynk::{FailoverGroup, OnAir};

/// The facts of a group.
#[component]
pub fn Facts(
    /// What is shown, as it refreshes.
    live: Live<FailoverGroup>,
    /// The connection.
    connection: String,
) -> impl IntoView {
    let (clock, prefs) = (use_clock(), use_prefs());
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    let verdict = Memo::new(move |_| {
        live.value()
            .map(|group| judge_slicers(&group, live.status.vendor_time(clock)))
    });
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
            .map(|group| group.id.clone())
            .unwrap_or_default()
    });
    let ready = move || {
        live.value().map(|group| {
            let (ready, all) = backups(&group, live.status.vendor_time(clock));
            format!("{ready} of {all}")
        })
    };
    let unreadable = Signal::derive(move || {
        live.value()
            .map_or_else(Vec::new, |group| unreadable_of_slicer_group(&group))
    });
    let failover = move || {
        let now = live.status.vendor_time(clock);
        let zone = prefs.zone.get();
        match live.value().and_then(|group| group.failover_time) {
            Some(at) => {
                view! { {times::moment(at, now, zone)}" "<small>{times::ago(at, now)}</small> }
                    .into_any()
            }
            None => live
                .value()
                .map(|group| {
                    or_unreadable(&group.unreadable, "failover_time", NO_FAILOVER.to_owned())
                })
                .into_any(),
        }
    };
    view! {
        <section class="panel" aria-label="Group facts" data-fresh=move || stale.get().then_some("stale")>
            <div class="head">
                <StateTag state />
                <dl class="facts">
                    <div><dt>"Group id"</dt><dd><code>{id}</code><Copy text=id name="Copy group id" /></dd></div>
                    <div><dt>"Connection"</dt><dd>{connection}</dd></div>
                    <div><dt>"Hot and warm"</dt><dd>{move || hot_warm_words(live.value().and_then(|group| group.hot_warm))}</dd></div>
                    <div><dt>"Backups ready"</dt><dd>{ready}</dd></div>
                    <div><dt>"Last failover"</dt><dd>{failover}</dd></div>
                </dl>
            </div>
            {sentence}
            <UnreadableFields fields=unreadable />
        </section>
    }
}

/// What is on air, and on which channels.
#[component]
pub fn OnAirCard(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let (clock, prefs, live) = (use_clock(), use_prefs(), context.live);
    let connection = context
        .writer()
        .map(|writer| writer.connection)
        .unwrap_or_default();
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    let since = move || {
        let now = live.status.vendor_time(clock);
        let at = live.value().and_then(|group| group.failover_time)?;
        Some(format!(
            "since {}",
            times::moment(at, now, prefs.zone.get())
        ))
    };
    let active = move || {
        let group = live.value()?;
        let now = live.status.vendor_time(clock);
        Some(match &group.active {
            Some(OnAir::Slate) => ("Slate".to_owned(), "no slicer is on air".to_owned()),
            None if UnreadableField::find(&group.unreadable, "active_slicer_id").is_some() => (
                "unreadable".to_owned(),
                "what is on air cannot be read".to_owned(),
            ),
            None => (
                "Unknown".to_owned(),
                "Uplynk does not report what is on air".to_owned(),
            ),
            Some(OnAir::Slicer(id)) => {
                let slicer = group
                    .slicers
                    .iter()
                    .flatten()
                    .find(|slicer| is_on_air(&group, slicer));
                let words = slicer.map_or_else(
                    || "not one of this group's slicers".to_owned(),
                    |slicer| {
                        let health = match slicer_health(slicer, now) {
                            SlicerHealth::Healthy => "healthy",
                            SlicerHealth::Unhealthy { .. } => "unhealthy",
                            SlicerHealth::RecheckDue { .. } => "re-check due",
                            SlicerHealth::Unknown => "health unknown",
                        };
                        let state = slicer
                            .state
                            .as_ref()
                            .map_or_else(|| "State unknown".to_owned(), state_word);
                        format!("{state}, {health}")
                    },
                );
                (id.clone(), words)
            }
        })
    };
    let thumbnail = Memo::new(move |_| {
        let group = live.value()?;
        let slicer = on_air(&group)?;
        let own = slicer.thumbnail_url(true)?;
        Some(thumbnail_url(&connection, &group.id, &slicer.id, &own))
    });
    let of = Signal::derive(move || {
        let group = live.value();
        let slicer = group.as_deref().and_then(on_air);
        slicer.map(|slicer| slicer.id.clone()).unwrap_or_default()
    });
    let there = RwSignal::new(None);
    let seen = move || {
        // A placeholder has no age.
        if !there.get()? {
            return Some(view! { "No preview available" }.into_any());
        }
        let thumbnail_ages = context.thumbnail_ages.read();
        let thumbnail = thumbnail_age_of(&thumbnail_ages, &of.read())?;
        if let Some(words) = thumbnail.stale() {
            return Some(stale_thumbnail(words));
        }
        let age = thumbnail.age(live.status.vendor_time(clock))?;
        Some(view! { {format!("picture {} old", words::span(age))} }.into_any())
    };
    view! {
        <section class="panel" aria-labelledby="on-air" data-fresh=move || stale.get().then_some("stale")>
            <header><h2 id="on-air">"On air"</h2><p class="end">{seen}</p></header>
            <div class="pad">
                <Thumbnail src=thumbnail of big=true there />
                <p class="row">
                    <Icon name="onair" />
                    <b>{name(move || active().map(|(name, _)| name).unwrap_or_default())}</b>
                    <span class="dim">{move || active().map(|(_, words)| words)}</span>
                    <span class="end dim">{since}</span>
                </p>
                <Channels context />
            </div>
        </section>
    }
}
