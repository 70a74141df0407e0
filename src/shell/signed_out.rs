//! Handles a session that ends while the console is open: the page stays, with all unsaved changes, and a
//! dialog asks the user to sign in again.

use super::notes;
use crate::api::session::{self, Ended, Session};
use crate::live::{use_poll_settings, use_watched};
use crate::on_change::on_change_since;
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::prefs;
use crate::provided::provided;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;

/// Reloads the page, so that nothing of the previous session stays for another user.
fn reload() {
    let _ = window().location().reload();
}

/// The dialog, or after it was closed, a note with a button that opens it again.
#[component]
pub fn SignedOut() -> impl IntoView {
    let Ended(ended) = provided();
    let session = provided::<Arc<Session>>();
    let poll_settings = use_poll_settings();
    let is_dismissed = RwSignal::new(false);
    let chunks = use_chunks();
    let is_other = {
        let session = session.clone();
        move |new: &Session| (&new.user, &new.role) != (&session.user, &session.role)
    };
    let done = Callback::new({
        let is_other = is_other.clone();
        move |new: Session| {
            if is_other(&new) {
                reload();
            } else {
                // Closing a dialog, in contrast to removing it, returns the focus to the dialog below it.
                let dialog = document().query_selector("dialog[aria-label='Sign in again']");
                if let Some(dialog) = dialog.ok().flatten() {
                    dialog.unchecked_into::<HtmlDialogElement>().close();
                }
                let _ = ended.try_set(false);
                let _ = is_dismissed.try_set(false);
                poll_settings.refresh();
            }
        }
    });
    // Somebody may have signed in in another tab of this browser: the same user, so that the gateway answers here as
    // well, or a different one.
    let check_session = move || {
        let is_other = is_other.clone();
        leptos::task::spawn_local(async move {
            if let Ok(new) = session::session().await
                && (is_other(&new) || ended.try_get_untracked() == Some(true))
            {
                let _ = done.try_run(new);
            }
        });
    };
    // With two visible windows, this one gets no event of its own when the user signs in in the other.
    prefs::announce_start();
    prefs::on_start_elsewhere(check_session.clone());
    let watched = use_watched();
    on_change_since(move |before: Option<bool>| {
        poll_settings.woken.track();
        let has_ended = ended.get();
        if has_ended {
            let _ = watched.last_answer();
        }
        if before == Some(has_ended) {
            check_session();
        }
        has_ended
    });
    let on_close = Callback::new(move |()| {
        if ended.get_untracked() {
            is_dismissed.set(true);
        }
    });
    let user = StoredValue::new(session.user.clone());
    let draw = move || match (ended.get(), is_dismissed.get()) {
        (false, _) => ().into_any(),
        (true, false) => {
            let user = user.get_value();
            let dialog = Dialog::SignInAgain { user, done };
            chunks.dialog(Chunk::SignIn, dialog, on_close)
        }
        (true, true) => {
            let button = view! { <button type="button" class="btn end" on:click=move |_| is_dismissed.set(false)>"Sign in again"</button> };
            notes::aging("key", "Your session has ended.", button.into_any())
        }
    };
    view! { {draw} }
}
