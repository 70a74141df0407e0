//! The full-screen banner shown while the gateway or the network is unreachable: nothing on the wall is
//! current then.

use super::model::short;
use crate::live::use_watched;
use crate::ui::{Icon, times};
use leptos::prelude::*;

/// The banner.
#[component]
pub fn Banner(
    /// Whether the gateway is gone.
    lost: Memo<bool>,
) -> impl IntoView {
    let watched = use_watched();
    // Nobody sees it while the gateway answers.
    let since = Memo::new(move |_| watched.last_answer().filter(|_| lost.get()));
    let at = move || {
        let (at, now) = (since.get()?, watched.now());
        let utc = crate::prefs::Zone::Utc;
        Some(format!("Last data at {} UTC", times::moment(at, now, utc)))
    };
    let age = move || {
        let ago = watched.now() - since.get()?;
        Some(format!("{} ago", short(ago)))
    };
    view! {
        <div class="gone" hidden=move || !lost.get()>
            <Icon name="nodata" />
            <div role="alert"><p class="cry">{move || lost.get().then_some("NO CONNECTION")}</p></div>
            <p class="what">"The gateway does not answer. Nothing here is current."</p>
            <p>{at}</p>
            <p class="age">{age}</p>
            <p>"This message disappears when the gateway is back."</p>
        </div>
    }
}
