//! Notes above every page: refresh is paused, alerts are not delivered, the audit is not persistent.

use crate::api::session::Session;
use crate::live::{use_poll_settings, use_watched};
use crate::provided::provided;
use crate::route::Route;
use crate::ui::{Icon, focus};
use leptos::prelude::*;
use std::sync::Arc;

/// A note with a title and more text.
fn note(
    icon: &'static str,
    title: &'static str,
    more: AnyView,
    button: Option<AnyView>,
) -> AnyView {
    view! { <p class="panel note"><Icon name=icon /><span><b>{title}</b>" "{more}</span>{button}</p> }.into_any()
}

/// The note that data is aging, because the session has ended or refresh is paused, with a button to continue.
pub(super) fn aging(icon: &'static str, title: &'static str, button: AnyView) -> AnyView {
    let more = "The data shown is aging and is marked as such.".into_any();
    note(icon, title, more, Some(button))
}

/// The note that refresh is paused.
pub fn paused() -> AnyView {
    let poll_settings = use_poll_settings();
    let resume = move |_| {
        poll_settings.paused.set(false);
        // This button is removed, so the focus moves to the Pause button.
        focus("[aria-label='Pause refresh']");
    };
    let shown = move || {
        poll_settings.paused.get().then(|| {
            let button = view! { <button type="button" class="btn end" on:click=resume>"Resume refresh"</button> };
            aging("pause", "Refresh is paused.", button.into_any())
        })
    };
    view! { <div role="status">{shown}</div> }.into_any()
}

/// The note that the last alert to at least one target failed.
pub fn alerts_fail() -> AnyView {
    let watched = use_watched();
    let fails = Memo::new(move |_| watched.snapshot().alerts_fail);
    let shown = move || {
        fails.get().then(|| {
            let more = view! { "The last message to at least one target failed. "<a href=Route::Connections.href()>"Connections"</a>" shows an admin why." };
            note("warning", "Alerts are not delivered.", more.into_any(), None)
        })
    };
    view! { <div role="status">{shown}</div> }.into_any()
}

/// The note that the audit is lost when the gateway stops, which an admin has to know on every page.
pub fn store_in_memory() -> Option<AnyView> {
    provided::<Arc<Session>>().store_in_memory.then(|| {
        let more = view! { "The gateway keeps its store in memory: audit and activity end when it stops. Set "<code>"[store]"</code>" to keep them." };
        note("warning", "The audit does not last.", more.into_any(), None)
    })
}
