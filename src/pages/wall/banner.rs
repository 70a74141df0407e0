//! The full-screen banner shown while the gateway or the network is unreachable: nothing on the wall is
//! current then.

use super::model::short;
use crate::live::{use_build, use_clock, use_poll_settings, use_sources};
use crate::shell::{gateway_gone, last_received};
use crate::ui::{Icon, times};
use leptos::prelude::*;

/// How often the gateway is looked for while it is gone, in milliseconds.
const KNOCKS: f64 = 3_000.0;

/// Whether the gateway is gone; looks for it meanwhile, and refreshes everything once it is back.
#[must_use]
pub fn lost() -> Memo<bool> {
    let (clock, poll_settings, build) = (use_clock(), use_poll_settings(), use_build());
    let lost = gateway_gone(use_sources());
    let last = StoredValue::new(0.0_f64);
    Effect::new(move |_| {
        let now = clock.millis();
        if lost.get() && (now - last.get_value()).abs() >= KNOCKS {
            last.set_value(now);
            build.ask();
        }
    });
    Effect::new(move |before: Option<u32>| {
        let answers = build.answers();
        if before.is_some_and(|before| before != answers) && lost.get_untracked() {
            poll_settings.refresh();
        }
        answers
    });
    lost
}

/// The banner.
#[component]
pub fn Banner(
    /// Whether the gateway is gone.
    lost: Memo<bool>,
) -> impl IntoView {
    let (clock, sources) = (use_clock(), use_sources());
    let since = Memo::new(move |_| last_received(&sources));
    let at = move || {
        let (at, now) = (since.get()?, clock.at(0.0));
        let utc = times::offset(crate::prefs::Zone::Utc, now);
        Some(format!("Last data at {} UTC", times::moment(at, now, utc)))
    };
    let age = move || {
        let ago = (clock.at(0.0) - since.get()?).num_seconds();
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
