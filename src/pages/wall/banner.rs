//! The full-screen banner that is shown while the gateway is lost, because nothing on the wall is current then. It
//! distinguishes between no answer and an error from the gateway or from a proxy in front of it.

use super::model::short;
use crate::live::use_watched;
use crate::ui::{Icon, times};
use leptos::prelude::*;

/// The banner for a lost gateway.
#[component]
pub fn Banner(
    /// Whether the gateway is lost.
    lost: Memo<bool>,
) -> impl IntoView {
    let watched = use_watched();
    // `None` while the banner is hidden, so that it is not updated then.
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
    // `None` without an answer, or with the statuses of a proxy that cannot reach the gateway.
    let gateway_error = move || {
        let failure = watched.failure()?;
        (!matches!(failure.status(), 0 | 502..=504)).then(|| failure.line())
    };
    let headline = move || {
        let headline = match gateway_error() {
            Some(_) => "NO DATA",
            None => "NO CONNECTION",
        };
        lost.get().then_some(headline)
    };
    let explanation = move || {
        let reason = match gateway_error() {
            Some(line) => format!("The gateway failed: {line}."),
            None => "The gateway does not answer.".to_owned(),
        };
        format!("{reason} Nothing here is current.")
    };
    view! {
        <div class="gone" hidden=move || !lost.get()>
            <Icon name="nodata" />
            <div role="alert"><p class="cry">{headline}</p></div>
            <p class="what">{explanation}</p>
            <p>{at}</p>
            <p class="age">{age}</p>
            <p>"This message disappears when the wall receives data again."</p>
        </div>
    }
}
