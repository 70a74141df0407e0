//! The session has ended while the console was open: the screen stays, with everything unsaved, and a
//! dialog asks to sign in again.

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

/// Nothing of the previous session may stay for another user.
fn reload() {
    let _ = window().location().reload();
}

/// The dialog, and once it was closed the line that opens it again.
#[component]
pub fn SignedOut() -> impl IntoView {
    let Ended(ended) = provided();
    let session = provided::<Arc<Session>>();
    let poll_settings = use_poll_settings();
    let put_off = RwSignal::new(false);
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
                // Of a dialog that is merely taken away the focus would not go back to what is open below it.
                let dialog = document().query_selector("dialog[aria-label='Sign in again']");
                if let Some(dialog) = dialog.ok().flatten() {
                    dialog.unchecked_into::<HtmlDialogElement>().close();
                }
                let _ = ended.try_set(false);
                let _ = put_off.try_set(false);
                poll_settings.refresh();
            }
        }
    });
    // In another tab of this browser somebody else may have signed in meanwhile, or the same user again: then the gateway
    // answers here, too.
    let ask = move || {
        let is_other = is_other.clone();
        leptos::task::spawn_local(async move {
            if let Ok(new) = session::session().await
                && (is_other(&new) || ended.try_get_untracked() == Some(true))
            {
                let _ = done.try_run(new);
            }
        });
    };
    // Who can see both windows needs no reason to come back to this one.
    prefs::tell_begun();
    prefs::when_begun_elsewhere(ask.clone());
    let watched = use_watched();
    on_change_since(move |before: Option<bool>| {
        poll_settings.woken.track();
        let has_ended = ended.get();
        if has_ended {
            let _ = watched.last_answer();
        }
        if before == Some(has_ended) {
            ask();
        }
        has_ended
    });
    let on_close = Callback::new(move |()| {
        if ended.get_untracked() {
            put_off.set(true);
        }
    });
    let user = StoredValue::new(session.user.clone());
    let draw = move || match (ended.get(), put_off.get()) {
        (false, _) => ().into_any(),
        (true, false) => {
            let user = user.get_value();
            let dialog = Dialog::SignInAgain { user, done };
            chunks.dialog(Chunk::SignIn, dialog, on_close)
        }
        (true, true) => {
            let button = view! { <button type="button" class="btn end" on:click=move |_| put_off.set(false)>"Sign in again"</button> };
            notes::aging("key", "Your session has ended.", button.into_any())
        }
    };
    view! { {draw} }
}
