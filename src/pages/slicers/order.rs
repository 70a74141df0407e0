//! The list "Slicer order": every slicer of a group in the order of failover.

use super::model::is_on_air;
use crate::live::rows::Rows;
use crate::live::{Live, use_clock};
use crate::prefs::use_prefs;
use crate::ui::{Icon, StatusMark, times};
use chrono::{DateTime, FixedOffset, Utc};
use health::severity::Severity;
use health::slicers::{SlicerHealth, ordered, slicer_health, state_word};
use leptos::prelude::*;
use vendors::uplynk::{FailoverGroup, Mode, Slicer};

/// One slicer in the list.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    id: String,
    position: String,
    hostname: String,
    on_air: bool,
    state: String,
    severity: Severity,
    health: &'static str,
    until: Option<String>,
    eligible: &'static str,
    left_out: bool,
}

fn row(group: &FailoverGroup, slicer: &Slicer, now: DateTime<Utc>, zone: FixedOffset) -> Row {
    let (severity, health, until) = match slicer_health(slicer, now) {
        SlicerHealth::Healthy => (Severity::Normal, "Healthy", None),
        SlicerHealth::Unhealthy { until } => (
            Severity::Warning,
            "Unhealthy",
            Some(format!("skipped until {}", times::moment(until, now, zone))),
        ),
        SlicerHealth::RecheckDue { since } => (
            Severity::Warning,
            "Re-check due",
            Some(format!("since {}", times::moment(since, now, zone))),
        ),
        SlicerHealth::Unknown => (Severity::Unknown, "Unknown", None),
    };
    let flat = group.mode == Some(Mode::Flat);
    Row {
        id: slicer.id.clone(),
        position: match slicer.order {
            Some(order) if !flat => order.to_string(),
            _ => "–".to_owned(),
        },
        hostname: slicer.hostname.clone().unwrap_or_default(),
        on_air: is_on_air(group, slicer),
        state: slicer
            .state
            .as_ref()
            .map_or_else(|| "–".to_owned(), state_word),
        severity,
        health,
        until,
        eligible: match slicer.enabled {
            Some(true) => "Eligible",
            Some(false) => "Left out",
            None => "–",
        },
        left_out: slicer.enabled == Some(false),
    }
}

/// The slicers of a group in order.
#[component]
pub fn SlicerOrder(
    /// What is shown, as it refreshes.
    live: Live<FailoverGroup>,
) -> impl IntoView {
    let (clock, prefs) = (use_clock(), use_prefs());
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    let list = Memo::new(move |_| {
        let Some(group) = live.value() else {
            return Vec::new();
        };
        let now = live.status.vendor_time(clock);
        let zone = times::offset(prefs.zone.get(), now);
        ordered(&group)
            .into_iter()
            .map(|slicer| row(&group, slicer, now, zone))
            .collect()
    });
    let flat = move || {
        live.value()
            .is_some_and(|group| group.mode == Some(Mode::Flat))
    };
    let rows = Rows::follow(list);
    let none = move || {
        list.read()
            .is_empty()
            .then(|| view! { <p class="blank">"This group has no slicers."</p> })
    };
    view! {
        <section class="panel" aria-labelledby="order" data-fresh=move || stale.get().then_some("stale")>
            <header>
                <h2 id="order">"Slicer order"</h2>
                <p>{move || if flat() { "flat mode: positions do not count" } else { "lowest healthy, eligible position goes on air" }}</p>
            </header>
            <ol class="order" aria-label="Slicer order">{rows.draw(|row| view! { <SlicerRow row /> })}</ol>
            {none}
        </section>
    }
}

#[component]
fn SlicerRow(row: RwSignal<Row>) -> impl IntoView {
    let severity = Signal::derive(move || row.read().severity);
    let health = Signal::derive(move || row.read().health.to_owned());
    let label = move || {
        let row = row.read();
        let on_air = if row.on_air { ", on air" } else { "" };
        format!(
            "{}, position {}{on_air}, {}, {}, {}",
            row.id, row.position, row.state, row.health, row.eligible
        )
    };
    let on_air = move || {
        row.read()
            .on_air
            .then(|| view! { <span class="tag"><Icon name="onair" />"On air"</span> })
    };
    view! {
        <li aria-label=label data-s=move || row.read().left_out.then_some("off")>
            <span class="pos">{move || row.read().position.clone()}</span>
            <div class="who"><b>{move || row.read().id.clone()}</b>" "{on_air}<small class="sub">{move || row.read().hostname.clone()}</small></div>
            <span class="st">{move || row.read().state.clone()}</span>
            <div><StatusMark severity word=health />{move || row.read().until.clone().map(|words| view! { <small class="sub">{words}</small> })}</div>
            <span class="dim">{move || row.read().eligible}</span>
        </li>
    }
}
