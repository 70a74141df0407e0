//! The banner shown while the inventory cannot be polled, so that nothing on the screen is current.

use crate::api::Failure;
use crate::live::use_watched;
use crate::prefs::use_prefs;
use crate::ui::{Icon, times};
use leptos::prelude::*;

/// The banner of a lost gateway.
#[component]
pub fn GatewayLost() -> impl IntoView {
    let (watched, prefs) = (use_watched(), use_prefs());
    let lost = Memo::new(move |_| watched.is_gateway_lost());
    let why = move || match watched.failure() {
        None | Some(Failure::Unreachable(_)) => "The gateway does not answer.".to_owned(),
        Some(failure) => {
            let remedy = match &failure {
                Failure::Unreadable(_) => {
                    " Reload the page: the gateway may be of another version."
                }
                _ => "",
            };
            format!("The gateway failed: {}.{remedy}", failure.line())
        }
    };
    let words = move || {
        let since = watched.last_answer().map(|at| {
            let zone = prefs.zone.get();
            let at = times::moment(at, watched.now(), zone);
            format!(" Everything below is as it was at {at} {}.", zone.word())
        });
        format!(
            "{}{} Retrying automatically.",
            why(),
            since.unwrap_or_default()
        )
    };
    view! {
        <div role="alert">
            {move || lost.get().then(|| view! {
                <p class="lost"><Icon name="nodata" />{words}</p>
            }.into_any())}
        </div>
    }
}
