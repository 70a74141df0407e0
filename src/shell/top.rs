//! The top bar: the page's heading, the freshness of each connection, the time, the theme, and the user.

use super::refresh::Refresh;
use super::sources::SourceList;
use crate::api::outcome::is_unknown;
use crate::api::session::{Session, sign_out};
use crate::live::use_watched;
use crate::nav::use_nav;
use crate::prefs::{Zone, use_prefs};
use crate::provided::provided;
use crate::route::Route;
use crate::ui::heading::{Title, title};
use crate::ui::notice::use_notices;
use crate::ui::{Icon, demo_badge, times};
use leptos::prelude::*;
use std::sync::Arc;

/// The top bar.
#[component]
pub fn Top() -> impl IntoView {
    let title = title();
    let session = provided::<Arc<Session>>();
    let heading = move || {
        let Title { parent, heading } = title.get();
        let full = heading.clone();
        match parent {
            None => view! { <h1 dir="auto" title=full>{heading}</h1> }.into_any(),
            Some((words, href)) => view! {
                <nav aria-label="Breadcrumb">
                    <ol><li><a href=href>{words}</a></li><li aria-current="page"><h1 dir="auto" title=full>{heading}</h1></li></ol>
                </nav>
            }
            .into_any(),
        }
    };
    view! {
        <header class="top">
            {heading}
            {session.demo.then(demo_badge)}
            <SourceList />
            <Refresh />
            <Time />
            <ThemeButton />
            {(!session.may_change()).then(|| view! { <b class="role" title="You can view everything but change nothing">"READ-ONLY"</b> })}
            <p class="who">
                <Icon name="key" />
                <span class="desk" title=session.user.clone()>{session.user.clone()}</span>
                <b class="role">{session.role.clone()}</b>
            </p>
            {session.can_sign_out.then(|| view! { <SignOut /> })}
        </header>
    }
}

#[component]
fn SignOut() -> impl IntoView {
    let (nav, notices) = (use_nav(), use_notices());
    let click = move |_| {
        // Ask before signing out, because nothing can be saved after the session has ended.
        nav.leave(move || {
            leptos::task::spawn_local(async move {
                match sign_out().await {
                    // Load a new page, so that nothing of the previous session stays.
                    Ok(()) => {
                        nav.set_unsaved(None);
                        let address = Route::SignIn.href() + "?signed-out=1";
                        let _ = window().location().assign(&address);
                    }
                    Err(failure) => {
                        let is_unknown = is_unknown(&failure);
                        let state = if is_unknown {
                            "may still be"
                        } else {
                            "are still"
                        };
                        let words = format!("{} You {state} signed in.", failure.in_full());
                        notices.show_failure(words, is_unknown);
                    }
                }
            });
        });
    };
    view! { <button type="button" class="btn" on:click=click>"Sign out"</button> }
}

#[component]
fn Time() -> impl IntoView {
    let (watched, prefs) = (use_watched(), use_prefs());
    let time = move |zone: Zone| {
        let now = watched.now();
        let now = now.with_timezone(&times::offset(zone, now));
        times::format_time(now.naive_local(), "%H:%M:%S")
    };
    let date = move || {
        let now = watched.now_by_day();
        let now = now.with_timezone(&times::offset(prefs.zone.get(), now));
        times::format_time(now.naive_local(), "%-d %b %Y ")
    };
    let zone = move || prefs.zone.get();
    view! {
        <button
            type="button"
            class="clock"
            title="Show times in the other zone"
            on:click=move |_| prefs.zone.update(|zone| *zone = zone.other())
        >
            <b><span class="printed">{date}</span><time>{move || time(zone())}</time>" "{move || zone().word()}</b>
            <small>{move || time(zone().other())}" "{move || zone().other().word()}</small>
        </button>
        <ComputerClock />
    }
}

/// A warning if this computer's clock differs from the gateway's, which all times on the page use.
#[component]
fn ComputerClock() -> impl IntoView {
    let watched = use_watched();
    let words = Memo::new(move |_| watched.computer_clock());
    let title = "Times on this page run on the gateway's clock";
    move || {
        words.get().map(|words| view! { <span class="st" data-s="warning" title=title><Icon name="warning" />{words}</span> })
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let prefs = use_prefs();
    view! {
        <button
            type="button"
            class="icon"
            aria-label="Colour theme"
            title=move || format!("Colour theme: {}", prefs.theme.get().word())
            on:click=move |_| prefs.theme.update(|theme| *theme = theme.next())
        >
            <Icon name="theme" />
        </button>
    }
}
