//! The details of one session of a group, at a URL of their own: `?session={id}`.

use super::action_context::ActionContext;
use super::facts::additional_data;
use super::model::{json_text, override_words, without_override};
use super::session_actions::SessionActions;
use crate::live::use_clock;
use crate::nav::use_nav;
use crate::on_change::on_change;
use crate::pages::chunks::{Chunk, Piece, use_chunks};
use crate::prefs::use_prefs;
use crate::ui::{Copy, focus, icon, number, times};
use chrono::{DateTime, Utc};
use health::groups::{is_untimed, role_word};
use health::words;
use leptos::html;
use leptos::prelude::*;
use vendors::aveva::ClientSession;

/// The panel of the session named in the URL, if any. Loaded as a chunk of its own.
#[component]
pub fn OpenSession(
    /// The page's actions.
    context: ActionContext,
) -> impl IntoView {
    let (nav, chunks) = (use_nav(), use_chunks());
    let id = Memo::new(move |_| nav.param("session"));
    move || {
        let piece = Piece::GroupSession(Box::new(context), id.get()?);
        Some(chunks.show(Chunk::GroupSession, piece))
    }
}

/// The panel.
#[component]
pub fn SessionPanel(
    /// The page's actions.
    context: ActionContext,
    /// The session's id.
    id: String,
) -> impl IntoView {
    let (nav, clock, prefs) = (use_nav(), use_clock(), use_prefs());
    let id = Signal::stored(id);
    let session = Memo::new(move |_| {
        let session = context.with_group(Some(&id.read()), |_, session| session.cloned());
        session.flatten()
    });
    let exists = Memo::new(move |_| session.read().is_some());
    let now = move || context.live.status.vendor_time(clock);
    // With a `last_read`, the age stays as it was at that time.
    let at = move |of: fn(&ClientSession) -> Option<DateTime<Utc>>,
                   is_unknown: fn(&ClientSession) -> bool,
                   last_read: fn(ActionContext) -> Option<DateTime<Utc>>| {
        Memo::new(move |_| {
            let session = session.read();
            let at = session.as_ref().and_then(of);
            let is_unknown = session
                .as_ref()
                .is_some_and(|one| !one.unreadable.is_empty() || is_unknown(one));
            if at.is_none() && is_unknown {
                return "not known".to_owned();
            }
            let zone = prefs.zone.get();
            if let Some((at, read)) = at.zip(last_read(context)) {
                let age = words::span(read.signed_duration_since(at));
                return format!("{}, was {age}", times::moment(at, read, zone));
            }
            let (at, ago) = times::moment_and_age(at, now(), zone);
            format!("{at}, {ago}")
        })
    };
    let text = move |of: fn(&ClientSession) -> Option<String>| {
        Memo::new(move |_| {
            let text = session.read().as_ref().and_then(of);
            text.unwrap_or_else(|| "–".to_owned())
        })
    };
    let role = text(|one| one.role.as_ref().map(role_word));
    let name = text(|one| one.name.clone());
    let score = text(|one| Some(number(one.heartbeat.as_ref()?.score?)));
    let posted = at(
        |one| one.heartbeat.as_ref()?.heartbeat_time,
        is_untimed,
        ActionContext::last_read,
    );
    let data = at(
        |one| one.heartbeat.as_ref()?.last_data_processed_time,
        |_| false,
        |_| None,
    );
    let pinned =
        Memo::new(move |_| override_words(session.read().as_ref()?, now(), prefs.zone.get()));
    let version = context.sessions_version();
    let override_text = move || {
        let words = pinned.get();
        let without = || {
            session
                .read()
                .as_ref()
                .map(|one| without_override(one, version))
        };
        words.or_else(|| without().map(str::to_owned))
    };
    let more = Memo::new(move |_| json_text(session.read().as_ref()?.additional_data.as_ref()));
    let clearing = Memo::new(move |_| {
        let effect = context.with_group(Some(&id.read()), |group, session| {
            let effect = group.clear_override(session?);
            let notes = effect.notes.into_iter().map(|(_, words)| words);
            let words: Vec<_> = std::iter::once(effect.sentence).chain(notes).collect();
            Some(words.join(" "))
        });
        effect.flatten().filter(|_| pinned.read().is_some())
    });
    let close = move || nav.with_params(&[("session", None)]);
    // Closing the panel removes the focused link, so the focus returns to the session's row in the table.
    let closed = move |_| {
        if !focus("tbody a[aria-current]") {
            focus("#main");
        }
    };
    let not_found = move || {
        let words = || format!("This group has no session “{}” now.", id.read());
        (!exists.get()).then(|| view! { <p class="blank">{words()}</p> })
    };
    // The panel is below the table, and on a phone outside the view.
    let panel = NodeRef::<html::Section>::new();
    on_change(move || {
        if let Some(panel) = panel.get() {
            panel.scroll_into_view();
            let _ = panel.focus();
        }
    });
    let is_pinned = Signal::derive(move || pinned.read().is_some());
    let facts = move || {
        exists.get().then(|| view! {
            <dl class="pad facts two">
                <div><dt>"Role"</dt><dd>{role}</dd></div>
                <div><dt>"Name"</dt><dd>{name}</dd></div>
                <div><dt>"Score"</dt><dd>{score}</dd></div>
                <div><dt>"Last heartbeat"</dt><dd>{posted}</dd></div>
                <div><dt>"Last data processed"</dt><dd>{data}</dd></div>
                <div><dt>"Override"</dt><dd>{override_text}</dd></div>
            </dl>
            {additional_data(more)}
            {move || clearing.get().map(|words| view! { <p class="why dim">"Clearing the override: "{words}</p> })}
            <SessionActions context id pinned=is_pinned words=true />
        }.into_any())
    };
    view! {
        <section class="panel" tabindex="-1" node_ref=panel aria-labelledby="session" data-fresh=move || context.stale.get()>
            <header>
                <h2 id="session">"Session "{id.get_untracked()}</h2>
                <Copy text=id name="Copy session id" />
                <a class="icon end" href=close aria-label="Close session" on:click=closed>{icon("close")}</a>
            </header>
            {not_found}
            {facts}
        </section>
    }
}
