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
    let since = Memo::new(move |_| watched.last_answer());
    let at = move || {
        let (at, now) = (since.get()?, watched.now());
        let utc = times::offset(crate::prefs::Zone::Utc, now);
        Some(format!("Last data at {} UTC", times::moment(at, now, utc)))
    };
    let age = move || {
        let ago = (watched.now() - since.get()?).num_seconds();
        let millis = f64::from(i32::try_from(ago).unwrap_or(i32::MAX)) * 1_000.0;
        Some(format!("{} ago", short(millis)))
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
