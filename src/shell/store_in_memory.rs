//! What an admin has to know on every page: that the record of what is done here will not last.

use crate::api::session::Session;
use crate::provided::provided;
use crate::ui::Icon;
use leptos::prelude::*;
use std::sync::Arc;

/// The note, where the gateway keeps its store in memory.
#[component]
pub fn StoreInMemory() -> impl IntoView {
    let session = provided::<Arc<Session>>();
    session.store_in_memory.then(|| {
        view! {
            <p class="panel note">
                <Icon name="warning" />
                <span>
                    <b>"The audit does not last."</b>
                    " The gateway keeps its store in memory: audit and activity end when it stops. Set "<code>"[store]"</code>" to keep them."
                </span>
            </p>
        }
    })
}
