//! The table "Client sessions" of one group.

use super::action_context::{ActionContext, Open};
use super::model::beat;
use super::session_panel::SessionActions;
use crate::live::rows::Rows;
use crate::live::use_clock;
use crate::nav::{Nav, use_nav};
use crate::pages::unreadable::left_out_note;
use crate::prefs::use_prefs;
use crate::ui::beat::BeatFacts;
use crate::ui::table::row_window::RowWindow;
use crate::ui::table::stable_rows::{StableRows, keep_order};
use crate::ui::{Beat, Icon, name, times};
use chrono::FixedOffset;
use health::groups::{Action, Beat as BeatState, Observation, is_cold_standby, pulse, role_word};
use leptos::html;
use leptos::prelude::*;
use vendors::UnreadableField;
use vendors::aveva::{ClientSession, GroupConfiguration, Role, RoleOverride};

/// Up to this many sessions are all drawn.
const ALL_DRAWN: usize = 100;

/// The height of a row in CSS pixels, as `.virtual` sets it.
const ROW: f64 = 49.0;

/// One row.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    id: String,
    sub: String,
    role: String,
    glyph: &'static str,
    score: Option<f64>,
    cold: bool,
    beat: BeatFacts,
    data: (String, String),
    pinned: Option<String>,
    stale: bool,
}

fn row(
    session: &ClientSession,
    group: &GroupConfiguration,
    look: Observation,
    zone: FixedOffset,
    was: bool,
) -> Row {
    let now = look.now;
    let state = beat_of(session, group, look);
    let heartbeat = session.heartbeat.as_ref();
    let named = session
        .name
        .clone()
        .filter(|name| Some(name) != session.id.as_ref() && !name.is_empty());
    let unreadable = |name| UnreadableField::find(&session.unreadable, name).is_some();
    let health = match state {
        BeatState::Never if unreadable("Heartbeat") || unreadable("Heartbeat.HeartbeatTime") => {
            Some("its heartbeat is unreadable")
        }
        BeatState::Never => Some("no heartbeat yet"),
        BeatState::Stale if session.role == Some(Role::Primary) => {
            Some("silent longer than the FailoverTimeout")
        }
        BeatState::Stale => Some("stale, not eligible"),
        BeatState::Late => Some("missed 1 heartbeat"),
        BeatState::Future => Some("its clock is ahead"),
        BeatState::OnTime => None,
    };
    let sub = [named.as_deref(), health]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ");
    let (role, glyph) = match &session.role {
        None if unreadable("Role") => ("unreadable".to_owned(), "unknown"),
        None => ("Unknown".to_owned(), "unknown"),
        Some(role) => (
            role_word(role),
            match role {
                Role::Primary => "primary",
                Role::PendingPrimary => "pending",
                Role::Secondary => "normal",
                Role::Other(_) => "unknown",
            },
        ),
    };
    let pinned = match &session.role_override {
        None if unreadable("RoleOverride") => Some("unreadable".to_owned()),
        None | Some(RoleOverride::Off) => None,
        Some(RoleOverride::Primary) => Some(match session.role_override_expiration_time {
            Some(end) => format!("Primary until {}", times::moment(end, now, zone)),
            None => "Primary, no end".to_owned(),
        }),
        Some(RoleOverride::Other(value)) => Some(value.clone()),
    };
    Row {
        id: session.id.clone().unwrap_or_else(|| "(no id)".to_owned()),
        sub,
        role,
        glyph,
        score: heartbeat.and_then(|heartbeat| heartbeat.score),
        cold: is_cold_standby(session),
        beat: beat(session, group, look, was),
        data: times::moment_and_age(
            heartbeat.and_then(|heartbeat| heartbeat.last_data_processed_time),
            now,
            zone,
        ),
        pinned,
        stale: was || is_stale(state),
    }
}

fn beat_of(session: &ClientSession, group: &GroupConfiguration, look: Observation) -> BeatState {
    pulse(session, group.failover_timeout.as_ref(), look).beat
}

fn is_stale(beat: BeatState) -> bool {
    matches!(beat, BeatState::Stale | BeatState::Never)
}

/// A rank of roles for the table's order: who collects first.
fn rank(session: &ClientSession) -> u8 {
    match session.role {
        Some(Role::Primary) => 0,
        Some(Role::PendingPrimary) => 1,
        Some(Role::Secondary) => 2,
        _ => 3,
    }
}

/// The sessions of a group.
#[component]
pub fn Sessions(
    /// The resource as it refreshes, and its actions.
    context: ActionContext,
) -> impl IntoView {
    let (nav, live) = (use_nav(), context.live);
    let (clock, prefs) = (use_clock(), use_prefs());
    let row_lock = context.row_lock;
    let ordered = Memo::new(move |before: Option<&Vec<ClientSession>>| {
        let group = live.value();
        let mut sessions = group.map_or_else(Vec::new, |group| group.detail.sessions.clone());
        sessions.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id)));
        if let Some(before) = before.filter(|_| row_lock.is_held()) {
            keep_order(&mut sessions, before, |session| session.id.clone());
        }
        sessions
    });
    let was = move || !live.status.freshness(clock).is_believable();
    let count = Memo::new(move |_| ordered.read().len());
    let stale = Memo::new(move |_| {
        let (Some(group), false) = (live.value(), was()) else {
            return count.get();
        };
        let look = group.look(live.status, clock);
        let sessions = ordered.read();
        let stale = sessions
            .iter()
            .filter(|session| is_stale(beat_of(session, &group.configuration, look)));
        stale.count()
    });
    let table = RowWindow::new(ROW, ALL_DRAWN, count);
    let list = Memo::new(move |_| {
        let Some(group) = live.value() else {
            return Vec::new();
        };
        let look = group.look(live.status, clock);
        let zone = times::offset(prefs.zone.get(), look.now);
        let (sessions, was) = (ordered.read(), was());
        let seen = sessions.get(table.rows.get().rows).unwrap_or_default();
        let rows = seen.iter();
        let rows = rows.map(|session| row(session, &group.configuration, look, zone, was));
        rows.collect()
    });
    let rows = Rows::follow(list);
    let summary = move || match (count.get(), stale.get()) {
        (0, _) => "none".to_owned(),
        (all, 0) => format!("{all} live"),
        (all, stale) => format!("{} live, {stale} stale", all - stale),
    };
    let left_out = Memo::new(move |_| live.value().map(|group| group.detail.left_out));
    let none = move || {
        (count.get() == 0).then(|| {
            view! { <p class="blank">"No adapter has registered a session in this group."</p> }
        })
    };
    let act = move |action: Action, open: Open| {
        context.offers(action).then(|| {
            view! { <button type="button" class="btn" on:click=move |_| context.open.set(Some(open.clone()))>{action.name()}</button> }
        })
    };
    let can_act = context.offers(Action::DeleteSession);
    let draw = move |place, row| view! { <SessionRow row at=Signal::derive(move || table.row_index(place)) region=table.view_port context nav can_act /> };
    let actions = can_act.then(|| view! { <th scope="col">"Actions"</th> });
    view! {
        <section class="panel" aria-labelledby="sessions">
            <header>
                <h2 id="sessions">"Sessions"</h2>
                <p>{summary}</p>
                <span class="end row">
                    {act(Action::AddSession, Open::AddSession)}
                    {act(Action::PutSession, Open::PutSession(None))}
                </span>
            </header>
            <div class="scroll" class:virtual=move || table.is_long.get() tabindex="0" role="region" aria-label="Client sessions, scrollable" node_ref=table.view_port on:scroll=move |_| table.measure()>
                <table aria-rowcount=move || table.row_count()>
                    <caption class="vh">"Client sessions"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Session"</th>
                            <th scope="col">"Role"</th>
                            <th scope="col">"Score"</th>
                            <th scope="col">"Heartbeat"</th>
                            <th scope="col">"Last data processed"</th>
                            <th scope="col">"Override"</th>
                            {actions}
                        </tr>
                    </thead>
                    <StableRows row_lock>{table.before()}{rows.draw_numbered(draw)}{table.after()}</StableRows>
                </table>
            </div>
            {none}
            {move || left_out.get().and_then(left_out_note)}
        </section>
    }
}

#[component]
fn SessionRow(
    row: RwSignal<Row>,
    /// Its number in the table, where not all rows are drawn.
    at: Signal<Option<usize>>,
    /// What the table scrolls in.
    region: NodeRef<html::Div>,
    context: ActionContext,
    nav: Nav,
    can_act: bool,
) -> impl IntoView {
    let id = Memo::new(move |_| row.read().id.clone());
    let element = NodeRef::<html::Tr>::new();
    // While the table is scrolled a drawn row shows one session after another. The focus must not go from
    // the button of one to that of another.
    Effect::new(move |before: Option<String>| {
        let id = id.get();
        let row = element
            .get_untracked()
            .filter(|_| before.is_some_and(|before| before != id));
        let focused = document().active_element();
        if let Some(row) = row
            && row.contains(focused.as_deref())
            && let Some(region) = region.get_untracked()
        {
            let _ = region.focus();
        }
        id
    });
    let href = move || nav.with_params(&[("session", Some(&id.read()))]);
    let current = move || (nav.param("session").as_deref() == Some(&*id.read())).then_some("true");
    let is_pinned = Signal::derive(move || row.read().pinned.is_some());
    let glyph = Signal::derive(move || row.read().glyph);
    let moving = move || (row.read().glyph == "pending").then_some("moving");
    let score = move || {
        row.read().score.map_or_else(
        || "–".into_any(),
        |score| view! {
            <span class="beat score">
                <meter min="0" max="100" value=score aria-label=format!("score {score} of 100")></meter>
                {score}
            </span>
        }
        .into_any(),
    )
    };
    let cold = move || {
        row.read()
            .cold
            .then(|| view! { <span class="sub">"cold standby, this is normal"</span> })
    };
    let pinned = move || match row.read().pinned.clone() {
        None => "Off".into_any(),
        Some(words) => view! { <span class="st"><Icon name="pin" />{words}</span> }.into_any(),
    };
    view! {
        <tr node_ref=element aria-rowindex=move || at.get() data-fresh=move || row.read().stale.then_some("stale")>
            <th scope="row"><a href=href aria-current=current><b>{name(move || id.get())}</b></a><span class="sub">{name(move || row.read().sub.clone())}</span></th>
            <td><span class="st" data-s=moving><Icon name=glyph />{move || row.read().role.clone()}</span></td>
            <td>{score}{cold}</td>
            <td><Beat facts=Signal::derive(move || Some(row.read().beat.clone())) /></td>
            <td>{move || row.read().data.0.clone()}<span class="sub">{move || row.read().data.1.clone()}</span></td>
            <td>{pinned}</td>
            {can_act.then(|| view! { <td><SessionActions context id=id pinned=is_pinned words=false /></td> })}
        </tr>
    }
}
