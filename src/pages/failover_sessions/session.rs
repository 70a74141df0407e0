//! The page of one session, and the parts of it that the details panel also shows.

use super::model::{self, glyph, name, no_end, or_dash, progress, state, verdict_addition};
use super::tasks::Tasks;
use crate::live::{self, Live, use_clock, use_watched};
use crate::pages::resource_row::{RowState, last_known_beside, page_state, stale_mark};
use crate::pages::unreadable::{UnreadableFields, or_unreadable};
use crate::pages::{DetailPage, NotFound};
use crate::prefs::use_prefs;
use crate::route::Route;
use crate::ui::{Copy, Icon, times};
use chrono::{DateTime, Utc};
use health::failover_sessions::{duration, judge_session};
use health::inventory::{Kind, ResourceKey, unreadable_of_session};
use health::words;
use leptos::prelude::*;
use vendors::System;
use vendors::veeam::Session;

/// The page of one session, `/failover-sessions/{connection}/{guid}`.
#[component]
pub fn SessionPage(
    /// The connection's id.
    connection: String,
    /// The session's GUID.
    uid: String,
) -> impl IntoView {
    let snapshot = use_watched().snapshot_untracked();
    let state = snapshot.connection(&connection);
    let system = state.map(|state| (&state.connection.title, &state.connection.system));
    let Some((title, System::Veeam { accept, .. })) = system else {
        return view! { <NotFound what=format!("There is no Veeam connection “{connection}”.") /> }
            .into_any();
    };
    let title = title.clone();
    let resource = ResourceKey {
        kind: Kind::FailoverSession,
        connection: connection.clone(),
        id: uid.clone(),
    };
    let live = live::veeam::session(connection, &uid, *accept);
    let missing = format!("{title} has no failover session “{uid}”.");
    let heading = Signal::derive(move || {
        live.value()
            .map_or_else(|| uid.clone(), |session| name(&session))
    });
    let system = title.clone();
    view! {
        <DetailPage live system heading parent=("Failover sessions", Route::FailoverSessions) missing resource>
            <Facts live connection=title.clone() />
            <LiveTasks live />
        </DetailPage>
    }
    .into_any()
}

/// The machines of a polled session.
#[component]
pub fn LiveTasks(
    /// The session.
    live: Live<Session>,
) -> impl IntoView {
    let clock = use_clock();
    let session = Signal::derive(move || live.value().unwrap_or_default());
    let now = Signal::derive(move || live.status.vendor_time(clock));
    let stale = Memo::new(move |_| !live.status.freshness(clock).is_believable());
    view! { <Tasks session now stale=stale.into() /> }
}

/// The facts of a session.
#[component]
pub fn Facts(
    /// The session.
    live: Live<Session>,
    /// The connection's title.
    connection: String,
) -> impl IntoView {
    let (clock, prefs, watched) = (use_clock(), use_prefs(), use_watched());
    let stale = stale_mark(live.status, clock);
    let session = move || live.value().unwrap_or_default();
    let now = move || live.status.vendor_time(clock);
    let verdict = Memo::new(move |_| judge_session(&session(), Some(now())));
    let shown = Memo::new(move |_| page_state(Some(&verdict.read()), live.status, clock));
    let tag = move || {
        let RowState { severity, word, .. } = shown.get();
        let name = glyph(session().result.as_ref(), severity).unwrap_or_else(|| severity.key());
        view! { <span class="tag" data-s=severity.key()><Icon name />{word}</span> }
    };
    let marked = move |name: &str, words: String| or_unreadable(&session().unreadable, name, words);
    let unreadable = Signal::derive(move || unreadable_of_session(&session()));
    let at = move |time: fn(&Session) -> Option<DateTime<Utc>>,
                   name: &'static str,
                   none: fn(&Session) -> &'static str| {
        move || {
            let zone = prefs.zone.get();
            match time(&session()) {
            Some(at) => view! { {times::moment(at, now(), zone)}" "<small>{times::ago(at, now())}</small> }.into_any(),
            None => marked(name, none(&session()).to_owned()).into_any(),
        }
        }
    };
    let message = move || {
        let session = session();
        let text = model::message(
            session.failure_message.as_deref(),
            session.result.as_ref(),
            &session.unreadable,
        )?;
        Some(view! { <p class="why"><b>{text}</b></p> })
    };
    // The gateway's verdict considers the plan's other runs, which this page does not read.
    let other_runs = move || {
        let snapshot = watched.snapshot();
        let watched = &snapshot.session(session().uid.as_deref()?)?.verdict;
        verdict_addition(watched, &verdict.read().word)?;
        Some(view! { <p class="why">{watched.sentence.clone()}" "{watched.advice.clone()}</p> })
    };
    let uid = Signal::derive(move || session().uid.clone().unwrap_or_default());
    view! {
        <section class="panel" aria-label="Session facts" data-fresh=move || stale.get()>
            <div class="head">
                {tag}
                {last_known_beside(shown.into())}
                <dl class="facts">
                    <div><dt>"Session id"</dt><dd><code>{uid}</code><Copy text=uid name="Copy session id" /></dd></div>
                    <div><dt>"Connection"</dt><dd>{connection}</dd></div>
                    <div><dt>"Server"</dt><dd>{move || or_dash(session().server.as_ref().and_then(|server| server.name.clone()))}</dd></div>
                    <div><dt>"State"</dt><dd>{move || marked("State", state(session().state.as_ref()))}</dd></div>
                    <div><dt>"Started"</dt><dd>{at(|session| session.creation_time, "CreationTimeUTC", |_| "–")}</dd></div>
                    <div><dt>"Ended"</dt><dd>{at(|session| session.end_time, "EndTimeUTC", no_end)}</dd></div>
                    <div><dt>"Duration"</dt><dd>{move || or_dash(duration(&session(), Some(now())).map(words::span))}</dd></div>
                    <div><dt>"Progress"</dt><dd>{move || marked("Progress", or_dash(progress(session().progress)))}</dd></div>
                </dl>
            </div>
            {message}
            {other_runs}
            <UnreadableFields fields=unreadable />
        </section>
    }
}
