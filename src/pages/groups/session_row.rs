//! One row of the table "Client sessions".

use super::action_context::ActionContext;
use super::model::{heartbeat_bar, override_words, without_override};
use super::session_actions::SessionActions;
use crate::live::use_clock;
use crate::nav::use_nav;
use crate::pages::resource_row::{MomentCell, row_time};
use crate::prefs::Zone;
use crate::ui::{HeartbeatBar, Icon, icon, name, number};
use chrono::{DateTime, Utc};
use health::groups::{
    HeartbeatState, Observation, heartbeat_timing, is_cold_standby, is_untimed, role_word,
    session_name,
};
use health::inventory::HeartbeatFacts;
use leptos::html;
use leptos::prelude::*;
use vendors::UnreadableField;
use vendors::aveva::{ApiVersion, ClientSession, GroupConfiguration, Role, TimeSpan};

/// The data of one row. It contains times but no ages, so that a row changes only when its session does.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub(super) id: String,
    sub: String,
    role: String,
    glyph: &'static str,
    score: Option<f64>,
    cold: bool,
    /// `None` if the session has posted a heartbeat at an unknown time.
    heartbeat: Option<HeartbeatFacts>,
    timeout: Option<TimeSpan>,
    data: Option<DateTime<Utc>>,
    /// Whether some fields are unreadable.
    is_incomplete: bool,
    pinned: Option<String>,
    /// The text of the column "Override" without a known override.
    unpinned: &'static str,
    stale: bool,
    /// If the session's data is stale: when it was last read, by the vendor's clock.
    last_read: Option<DateTime<Utc>>,
}

/// The row of a session, read with this version of the API. `last_read` is the time of reading if the data is stale.
#[must_use]
pub fn row(
    session: &ClientSession,
    version: ApiVersion,
    group: &GroupConfiguration,
    observation: Observation,
    zone: Zone,
    last_read: Option<DateTime<Utc>>,
) -> Row {
    let state = heartbeat_timing(session, group.failover_timeout.as_ref(), observation).state;
    let heartbeat = session.heartbeat.as_ref();
    let named = session
        .name
        .clone()
        .filter(|name| Some(name) != session.id.as_ref() && !name.is_empty());
    let unreadable = |name| UnreadableField::find(&session.unreadable, name).is_some();
    let is_unreadable = unreadable("Heartbeat") || unreadable("Heartbeat.HeartbeatTime");
    let is_timed = !is_unreadable && !is_untimed(session);
    let health = match state {
        HeartbeatState::Never if is_unreadable => Some("its heartbeat is unreadable"),
        HeartbeatState::Never if is_untimed(session) => {
            Some("the time of its heartbeat is not reported")
        }
        HeartbeatState::Never => Some("no heartbeat yet"),
        HeartbeatState::Stale if session.role == Some(Role::Primary) => {
            Some("silent longer than the failover timeout")
        }
        HeartbeatState::Stale => Some("silent, not eligible"),
        HeartbeatState::Late => Some("missed 1 heartbeat"),
        HeartbeatState::Future => Some("its clock is ahead"),
        HeartbeatState::OnTime => None,
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
    Row {
        id: session_name(session).to_owned(),
        sub,
        role,
        glyph,
        score: heartbeat.and_then(|heartbeat| heartbeat.score),
        cold: is_cold_standby(session),
        heartbeat: is_timed.then(|| HeartbeatFacts {
            at: heartbeat.and_then(|heartbeat| heartbeat.heartbeat_time),
            beat: state,
        }),
        timeout: group.failover_timeout,
        data: heartbeat.and_then(|heartbeat| heartbeat.last_data_processed_time),
        is_incomplete: !session.unreadable.is_empty(),
        pinned: override_words(session, observation.now, zone),
        unpinned: without_override(session, version),
        // A silent primary is an alarm, so it keeps its colours.
        stale: last_read.is_some()
            || session.role != Some(Role::Primary)
                && matches!(state, HeartbeatState::Stale | HeartbeatState::Never),
        last_read,
    }
}

/// One session.
#[component]
pub fn SessionRow(
    /// The session's data.
    row: RwSignal<Row>,
    /// Its row number in the table, if not all rows are drawn.
    at: Signal<Option<usize>>,
    /// The page's actions.
    context: ActionContext,
    /// Whether any action is offered.
    can_act: bool,
) -> impl IntoView {
    let nav = use_nav();
    let id = Memo::new(move |_| row.read().id.clone());
    let element = NodeRef::<html::Tr>::new();
    let href = move || nav.with_params(&[("session", Some(&id.read()))]);
    let current = move || (nav.param("session").as_deref() == Some(&*id.read())).then_some("true");
    let clock = use_clock();
    let time = row_time(element, move || context.live.status.vendor_time(clock));
    let heartbeat = Signal::derive(move || {
        let row = row.read();
        let heartbeat = row.heartbeat?;
        Some(heartbeat_bar(
            heartbeat,
            row.timeout,
            row.last_read,
            time.get(),
        ))
    });
    let data = Signal::derive(move || row.read().data);
    let is_pinned = Signal::derive(move || row.read().pinned.is_some());
    let glyph = Signal::derive(move || row.read().glyph);
    let moving = move || (row.read().glyph == "pending").then_some("moving");
    // Redrawn only if it changes: most readings change only times.
    let score = Memo::new(move |_| row.read().score);
    let score = move || {
        let Some(score) = score.get().map(number) else {
            return "–".into_any();
        };
        let label = format!("score {score} of 100");
        view! {
            <span class="beat score">
                <meter min="0" max="100" value=score.clone() aria-label=label></meter>
                {score}
            </span>
        }
        .into_any()
    };
    let cold = move || {
        row.read()
            .cold
            .then(|| view! { <span class="sub">"cold standby, this is normal"</span> })
    };
    let pinned = move || match row.read().pinned.clone() {
        None => row.read().unpinned.into_any(),
        Some(words) => view! { <span class="st">{icon("pin")}{words}</span> }.into_any(),
    };
    view! {
        <tr node_ref=element aria-rowindex=move || at.get() data-fresh=move || row.read().stale.then_some("stale")>
            <th scope="row"><a href=href aria-current=current><b>{name(move || id.get())}</b></a><span class="sub">{name(move || row.read().sub.clone())}</span></th>
            <td><span class="st" data-s=moving><Icon name=glyph />{move || row.read().role.clone()}</span></td>
            <td>{score}{cold}</td>
            <td><HeartbeatBar facts=heartbeat /></td>
            <MomentCell at=data unread=Signal::derive(move || row.read().is_incomplete) time />
            <td>{pinned}</td>
            {can_act.then(|| view! { <td><SessionActions context id=id pinned=is_pinned words=false /></td> })}
        </tr>
    }
}
