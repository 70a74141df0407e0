//! What a slicer group is, what is on air, and how it fails over.

use super::model::{failback_word, is_on_air, mode_word};
use crate::live::{Live, use_clock};
use crate::prefs::use_prefs;
use crate::ui::{Copy, Icon, Tag, times};
use health::severity::Severity;
use health::slicers::{
    SlicerHealth, backups, hot_warm_words, judge_slicers, slicer_health, state_word,
};
use leptos::prelude::*;
use vendors::uplynk::{FailoverGroup, Mode, OnAir};

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
    let severity = Signal::derive(move || match verdict.get() {
        Some(verdict) if !stale.get() => verdict.severity,
        _ => Severity::Unknown,
    });
    let word = Signal::derive(move || match verdict.get() {
        Some(verdict) if stale.get() => format!("Unknown, was {}", verdict.word),
        Some(verdict) => verdict.word.to_owned(),
        None => "Unknown".to_owned(),
    });
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
    let failover = move || {
        let now = live.status.vendor_time(clock);
        let zone = times::offset(prefs.zone.get(), now);
        match live.value().and_then(|group| group.failover_time) {
            Some(at) => {
                view! { {times::moment(at, now, zone)}" "<small>{times::ago(at, now)}</small> }
                    .into_any()
            }
            None => "never".into_any(),
        }
    };
    view! {
        <section class="panel" aria-label="Group facts" data-fresh=move || stale.get().then_some("stale")>
            <div class="head">
                <Tag severity word />
                <dl class="facts">
                    <div><dt>"Group id"</dt><dd><code>{id}</code><Copy text=id name="Copy group id" /></dd></div>
                    <div><dt>"Connection"</dt><dd>{connection}</dd></div>
                    <div><dt>"Hot and warm"</dt><dd>{move || hot_warm_words(live.value().and_then(|group| group.hot_warm))}</dd></div>
                    <div><dt>"Backups ready"</dt><dd>{ready}</dd></div>
                    <div><dt>"Last failover"</dt><dd>{failover}</dd></div>
                </dl>
            </div>
            {sentence}
        </section>
    }
}

/// What is on air, and on which channels.
#[component]
pub fn OnAirCard(
    /// What is shown, as it refreshes.
    live: Live<FailoverGroup>,
) -> impl IntoView {
    let (clock, prefs) = (use_clock(), use_prefs());
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    let since = move || {
        let now = live.status.vendor_time(clock);
        let at = live.value().and_then(|group| group.failover_time)?;
        Some(format!(
            "since {}",
            times::moment(at, now, times::offset(prefs.zone.get(), now))
        ))
    };
    let active = move || {
        let group = live.value()?;
        let now = live.status.vendor_time(clock);
        Some(match &group.active {
            Some(OnAir::Slate) => ("Slate".to_owned(), "no slicer is on air".to_owned()),
            None => (
                "Unknown".to_owned(),
                "Uplynk did not say what is on air".to_owned(),
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
    let channels = move || {
        live.value().map(|group| {
            let names = group
                .channels
                .iter()
                .flatten()
                .map(|channel| channel.desc.clone().unwrap_or_else(|| channel.id.clone()));
            names
                .map(|name| view! { <li>{name}</li> })
                .collect::<Vec<_>>()
        })
    };
    view! {
        <section class="panel" aria-labelledby="on-air" data-fresh=move || stale.get().then_some("stale")>
            <header><h2 id="on-air">"On air"</h2></header>
            <div class="pad">
                <p class="row">
                    <Icon name="onair" />
                    <b>{move || active().map(|(name, _)| name)}</b>
                    <span class="dim">{move || active().map(|(_, words)| words)}</span>
                    <span class="end dim">{since}</span>
                </p>
                <ul class="tags row" aria-label="Channels">{channels}</ul>
            </div>
        </section>
    }
}

/// How the group fails over.
#[component]
pub fn Settings(
    /// What is shown, as it refreshes.
    live: Live<FailoverGroup>,
) -> impl IntoView {
    let group = move || live.value();
    let mode = move || group().map(|group| mode_word(group.mode.as_ref()));
    let explained = move || {
        group().map(|group| match &group.mode {
            Some(Mode::Prioritized) => {
                "The healthy, eligible slicer with the lowest position goes on air."
            }
            Some(Mode::Flat) => {
                "A healthy slicer chosen at random goes on air. Positions do not count."
            }
            _ => "",
        })
    };
    let failback = move || group().map(|group| failback_word(&group));
    let failback_explained = move || {
        group().map(|group| match (group.auto_failback, &group.mode) {
            (_, Some(Mode::Flat)) => "Counts in prioritized mode only.",
            (Some(true), _) => "Returns to a higher slicer as soon as it is healthy.",
            (Some(false), _) => "Stays where it failed over to, until someone activates another.",
            (None, _) => "",
        })
    };
    view! {
        <section class="panel" aria-labelledby="fails-over">
            <header><h2 id="fails-over">"How it fails over"</h2></header>
            <dl class="pad set">
                <div><dt>"Failover mode"</dt><dd><b>{mode}</b><small>{explained}</small></dd></div>
                <div><dt>"Auto failback"</dt><dd><b>{failback}</b><small>{failback_explained}</small></dd></div>
            </dl>
        </section>
    }
}
