//! The full-screen banner shown while the gateway does not say how everything is: nothing on the wall is current then.
//! It says whether nothing answers, or whether the gateway, or a proxy in front of it, answers something else.

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
    // What answered something else. A proxy that cannot reach the gateway says so with these statuses.
    let other_answer = move || {
        let failure = watched.failure()?;
        (!matches!(failure.status(), 0 | 502..=504)).then(|| failure.line())
    };
    let cry = move || {
        let cry = match other_answer() {
            Some(_) => "NO DATA",
            None => "NO CONNECTION",
        };
        lost.get().then_some(cry)
    };
    let what = move || {
        let why = match other_answer() {
            Some(line) => format!("The gateway failed: {line}."),
            None => "The gateway does not answer.".to_owned(),
        };
        format!("{why} Nothing here is current.")
    };
    view! {
        <div class="gone" hidden=move || !lost.get()>
            <Icon name="nodata" />
            <div role="alert"><p class="cry">{cry}</p></div>
            <p class="what">{what}</p>
            <p>{at}</p>
            <p class="age">{age}</p>
            <p>"This message disappears when there is data again."</p>
        </div>
    }
}
