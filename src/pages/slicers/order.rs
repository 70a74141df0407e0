//! The list "Slicer order": every slicer of a group in the order of failover.

use super::model::is_on_air;
use super::save::SaveBar;
use crate::backend::session::Session;
use crate::backend::uplynk::Writer;
use crate::live::rows::Rows;
use crate::live::{Live, Status, use_clock};
use crate::prefs::use_prefs;
use crate::ui::reorder::Draft;
use crate::ui::{Icon, StatusMark, times};
use chrono::{DateTime, FixedOffset, Utc};
use health::severity::Severity;
use health::slicers::{SlicerHealth, ordered, slicer_health, state_word};
use leptos::prelude::*;
use std::sync::Arc;
use vendors::uplynk::{FailoverGroup, Mode, Slicer};
use wasm_bindgen::JsCast;

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
    /// Its place in the list, from 1, and of how many.
    at: usize,
    of: usize,
    /// Where it stood, where a draft moves it.
    was: Option<usize>,
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
        at: 0,
        of: 0,
        was: None,
    }
}

/// The slicers of a group in order, and the draft of another order.
#[component]
pub fn SlicerOrder(
    /// What is shown, as it refreshes.
    live: Live<FailoverGroup>,
    /// How changes are sent.
    writer: Writer,
    /// What is polled anyway and is old after a change.
    source: Status,
) -> impl IntoView {
    let (clock, prefs) = (use_clock(), use_prefs());
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    let flat = Memo::new(move |_| {
        live.value()
            .is_some_and(|group| group.mode == Some(Mode::Flat))
    });
    let draft = RwSignal::new(Draft::default());
    // The refresh goes on underneath: an untouched draft is what is there.
    Effect::new(move |_| {
        let Some(group) = live.value() else { return };
        let now: Vec<String> = ordered(&group).iter().map(|one| one.id.clone()).collect();
        draft.maybe_update(|draft| {
            let before = draft.clone();
            draft.follow(&now);
            *draft != before
        });
    });
    let may_move = expect_context::<Arc<Session>>().may_change();
    let movable = Memo::new(move |_| may_move && !flat.get());
    let list = Memo::new(move |_| {
        let Some(group) = live.value() else {
            return Vec::new();
        };
        let now = live.status.vendor_time(clock);
        let zone = times::offset(prefs.zone.get(), now);
        let draft = draft.read();
        let mut slicers = ordered(&group);
        let place = |id: &str| draft.order().iter().position(|other| other == id);
        slicers.sort_by_key(|slicer| place(&slicer.id).unwrap_or(usize::MAX));
        let of = slicers.len();
        let rows = slicers.into_iter().zip(1..).map(|(slicer, at)| {
            let was = draft.base().iter().position(|id| *id == slicer.id);
            let mut row = row(&group, slicer, now, zone);
            row.at = at;
            row.of = of;
            row.was = was
                .map(|was| was + 1)
                .filter(|was| draft.is_changed() && *was != at);
            if draft.is_changed() {
                row.position = at.to_string();
            }
            row
        });
        rows.collect()
    });
    let rows = Rows::follow(list);
    let said = RwSignal::new(String::new());
    let go = Callback::new(move |(id, to): (String, usize)| {
        let moved = draft.try_update(|draft| draft.move_to(&id, to)).flatten();
        if let Some(moved) = moved {
            said.set(moved.said());
            follow_with_focus(moved.to);
        }
    });
    let undo = move |event: leptos::ev::KeyboardEvent| {
        let modified = event.ctrl_key() || event.meta_key();
        if !modified || !event.key().eq_ignore_ascii_case("z") {
            return;
        }
        event.prevent_default();
        let done = draft.try_update(|draft| {
            if event.shift_key() {
                draft.redo()
            } else {
                draft.undo()
            }
        });
        if done == Some(true) {
            said.set(
                if event.shift_key() {
                    "Move made again"
                } else {
                    "Move taken back"
                }
                .to_owned(),
            );
        }
    };
    let none = move || {
        list.read()
            .is_empty()
            .then(|| view! { <p class="blank">"This group has no slicers."</p> })
    };
    view! {
        <section class="panel" aria-labelledby="order" data-fresh=move || stale.get().then_some("stale") on:keydown=undo>
            <header>
                <h2 id="order">"Slicer order"</h2>
                <p>{move || if flat.get() { "flat mode: positions do not count, and there is no order to change" } else { "lowest healthy, eligible position goes on air" }}</p>
            </header>
            <ol class="order" aria-label="Slicer order">{rows.draw(move |row| view! { <SlicerRow row movable go /> })}</ol>
            {none}
            <p class="vh" role="status">{said}</p>
            <SaveBar live draft writer source />
        </section>
    }
}

/// The row that was moved keeps the focus, wherever it stands now.
fn follow_with_focus(position: usize) {
    request_animation_frame(move || {
        let item = document().get_element_by_id(&item_id(position));
        if let Some(item) = item.and_then(|item| item.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = item.focus();
        }
    });
}

fn item_id(position: usize) -> String {
    format!("slicer-at-{position}")
}

#[component]
fn SlicerRow(
    row: RwSignal<Row>,
    movable: Memo<bool>,
    go: Callback<(String, usize)>,
) -> impl IntoView {
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
    let place = move |by: isize| {
        let row = row.read_untracked();
        go.run((row.id.clone(), row.at.saturating_add_signed(by)));
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        if !event.alt_key() || !movable.get_untracked() {
            return;
        }
        let (at, of) = row.with_untracked(|row| (row.at, row.of));
        let to = match event.key().as_str() {
            "ArrowUp" => at.saturating_sub(1),
            "ArrowDown" => at + 1,
            "Home" => 1,
            "End" => of,
            _ => return,
        };
        event.prevent_default();
        go.run((row.with_untracked(|row| row.id.clone()), to));
    };
    let was = move || {
        row.read()
            .was
            .map(|was| view! { <small class="was">{format!("was {was}")}</small> })
    };
    let named = move |what: &'static str| move || format!("{what} {}", row.read().id);
    let typed = move |event: leptos::ev::Event| {
        if let Ok(to) = event_target_value(&event).trim().parse::<usize>() {
            go.run((row.with_untracked(|row| row.id.clone()), to));
        }
    };
    let controls = move || {
        movable.get().then(|| view! {
            <div class="row moves">
                <button type="button" class="icon" aria-label=named("Move up") title="Move up (Alt+↑)" disabled=move || { row.read().at <= 1 } on:click=move |_| place(-1)><Icon name="up" /></button>
                <button type="button" class="icon" aria-label=named("Move down") title="Move down (Alt+↓)" disabled=move || { row.read().at >= row.read().of } on:click=move |_| place(1)><Icon name="down" /></button>
                <input type="number" min="1" max=move || row.read().of aria-label=named("Move to position") title="Move to position" prop:value=move || row.read().at.to_string() on:change=typed />
            </div>
        })
    };
    view! {
        <li aria-label=label data-s=move || row.read().left_out.then_some("off")
            id=move || item_id(row.read().at)
            data-moved=move || row.read().was.map(|_| "") tabindex=move || movable.get().then_some("0") on:keydown=keys>
            <span class="pos">{move || row.read().position.clone()}{was}</span>
            <div class="who"><b>{move || row.read().id.clone()}</b>" "{on_air}<small class="sub">{move || row.read().hostname.clone()}</small></div>
            <span class="st">{move || row.read().state.clone()}</span>
            <div><StatusMark severity word=health />{move || row.read().until.clone().map(|words| view! { <small class="sub">{words}</small> })}</div>
            <span class="dim">{move || row.read().eligible}</span>
            {controls}
        </li>
    }
}
