//! The banner shown while the gateway is unreachable: nothing on the screen is current then.

use crate::live::use_watched;
use crate::prefs::use_prefs;
use crate::ui::{Icon, times};
use leptos::prelude::*;

/// A banner for as long as the gateway does not answer.
#[component]
pub fn GatewayLost() -> impl IntoView {
    let (watched, prefs) = (use_watched(), use_prefs());
    let lost = Memo::new(move |_| watched.is_gateway_gone());
    let words = move || match watched.last_answer() {
        Some(at) => {
            let now = watched.now();
            let zone = prefs.zone.get();
            let at = times::moment(at, now, zone);
            format!(
                "The gateway does not answer. Everything below is as it was at {at} {}. Retrying automatically.",
                zone.word()
            )
        }
        None => "The gateway does not answer. Retrying automatically.".to_owned(),
    };
    view! {
        <div role="alert">
            <Show when=move || lost.get()>
                <p class="lost"><Icon name="nodata" />{words}</p>
            </Show>
        </div>
    }
}
