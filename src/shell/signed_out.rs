//! The session has ended while the console was open: the screen stays, with everything unsaved, and a
//! dialog asks to sign in again.

use crate::api::session::{Ended, Session};
use crate::live::use_poll_settings;
use crate::pages::chunks::{Chunk, Dialog, use_chunks};
use crate::provided::provided;
use crate::ui::Icon;
use leptos::prelude::*;
use std::sync::Arc;

/// The dialog, and once it was closed the line that opens it again.
#[component]
pub fn SignedOut() -> impl IntoView {
    let Ended(ended) = provided();
    let session = provided::<Arc<Session>>();
    let poll_settings = use_poll_settings();
    let put_off = RwSignal::new(false);
    let chunks = use_chunks();
    let done = Callback::new({
        let session = session.clone();
        move |new: Session| {
            if new.user == session.user && new.role == session.role {
                let _ = ended.try_set(false);
                let _ = put_off.try_set(false);
                poll_settings.refresh();
            } else {
                // Another user: nothing of the previous session may stay.
                let _ = window().location().reload();
            }
        }
    });
    let on_close = Callback::new(move |()| {
        if ended.get_untracked() {
            put_off.set(true);
        }
    });
    let user = StoredValue::new(session.user.clone());
    let draw = move || {
        match (ended.get(), put_off.get()) {
        (false, _) => ().into_any(),
        (true, false) => {
            let user = user.get_value();
            let dialog = Dialog::SignInAgain { user, done };
            chunks.dialog(Chunk::SignIn, dialog, on_close)
        }
        (true, true) => view! {
            <p class="panel note">
                <Icon name="key" />
                <span><b>"Your session has ended."</b>" The data shown is aging and is marked as such."</span>
                <button type="button" class="btn end" on:click=move |_| put_off.set(false)>"Sign in again"</button>
            </p>
        }
        .into_any(),
    }
    };
    view! { {draw} }
}
