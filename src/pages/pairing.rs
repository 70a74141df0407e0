//! The page `/wall` without a session: it shows a code that an admin enters elsewhere. The screen needs no
//! input: it requests a new code when one expires, and becomes a wall once the code is entered. Not a
//! part of the wall, because requesting a code is a write and the wall only reads.

use crate::api::walls::{self, Pairing as Answer};
use crate::api::{Arrived, Failure};
use crate::live::{self, Live, use_clock, use_poll_settings};
use crate::nav::use_nav;
use crate::on_change::on_change;
use crate::pages::sign_in;
use crate::prefs::{Theme, use_prefs};
use crate::route::Route;
use crate::ui::times::{datetime_attribute, format_time};
use crate::ui::{Heading, Icon};
use health::words::decimal;
use leptos::prelude::*;
use std::time::Duration;

/// The polling interval.
const INTERVAL: Duration = Duration::from_secs(3);

/// A code, and when it expires by the browser's clock.
#[derive(Debug, Clone, PartialEq)]
struct Code {
    code: String,
    expires_at: f64,
}

/// The state of this screen's pairing request; starts a new request if the last one is over.
async fn state() -> Result<Arrived<Answer>, Failure> {
    let answer = match walls::state().await? {
        Answer::Over => walls::request_code().await?,
        answer => answer,
    };
    Ok(Arrived::now(answer))
}

/// The remaining validity of a code, as text.
fn expires_in(millis: f64) -> String {
    let seconds = (millis.max(0.0) / 1_000.0).ceil();
    if seconds > 60.0 {
        format!("Expires in {} min", decimal((seconds / 60.0).ceil(), 0))
    } else {
        format!("Expires in {} s", decimal(seconds, 0))
    }
}

/// The screen.
#[component]
pub fn Pairing(
    /// Whether the screen had a session that has ended.
    #[prop(optional)]
    ended: bool,
    /// Called once the screen is paired.
    done: Callback<()>,
) -> impl IntoView {
    let (nav, clock, prefs) = (use_nav(), use_clock(), use_prefs());
    // Other polls would be refused without a session, so they are paused; this one has an interval of its own.
    let paused = use_poll_settings().paused;
    let before = paused.get_untracked();
    paused.set(true);
    on_cleanup(move || {
        let _ = paused.try_set(before);
    });
    let request = Live::every(INTERVAL, |_| state());
    let code = Memo::new(move |_| {
        let Some(Answer::Waiting { code, seconds_left }) = request.value().as_deref().cloned()
        else {
            return None;
        };
        let expires_at = live::clock::now() + f64::from(seconds_left) * 1_000.0;
        Some(Code { code, expires_at })
    });
    let paired = Memo::new(move |_| {
        let answer = request.value();
        matches!(answer.as_deref(), Some(Answer::Paired { .. }))
    });
    on_change(move || {
        if paired.get() {
            done.run(());
        }
    });
    let theme = move || {
        let chosen = nav.param("theme").map(|theme| Theme::read(&theme));
        chosen.unwrap_or(prefs.theme.get()).word()
    };
    let now = move || clock.at(0.0);
    let host = window().location().host().unwrap_or_default();
    let place = format!("{host}{}", Route::Connections.href());
    // An expired code is hidden even while the gateway does not respond.
    let valid = move || code.get().filter(|code| code.expires_at > clock.millis());
    let digits = move || valid().map(|code| code.code);
    let expires = move || valid().map(|code| expires_in(code.expires_at - clock.millis()));
    let failure = move || {
        request.status.failure().map(|failure| {
            let line = failure.line();
            view! { <p class="why"><Icon name="nodata" /><span>{line}". Retrying automatically."</span></p> }
        })
    };
    let signed_out = ended.then(|| {
        view! {
            <div class="cry" role="alert">
                <p><Icon name="key" />"SIGNED OUT"</p>
                <p>"The session of this screen has ended or was revoked. It shows no status until it is paired again."</p>
            </div>
        }
    });
    view! {
        <Heading text="Pair this screen" />
        <main id="main" class="pairing" tabindex="-1" data-theme=theme>
            {signed_out}
            <div class="ask">
                <h1>"Pair this screen"</h1>
                <output class="code" aria-label="Code" data-none=move || digits().is_none().then_some("")>
                    {move || digits().unwrap_or_else(|| "····-····".to_owned())}
                </output>
                <p class="left">{move || expires().unwrap_or_else(|| "Requesting a code from the gateway…".to_owned())}</p>
                <p class="how">"An admin enters this code at "<b>{place}</b>" under Walls. This screen then becomes a wall automatically."</p>
                <div role="status">{failure}</div>
            </div>
            <footer>
                <p><time id="wall-clock" datetime=move || datetime_attribute(now())>{move || format_time(now().naive_utc(), "%H:%M:%S")}</time>" UTC"</p>
                <a href=move || sign_in::href(&nav.here())>"Sign in instead"</a>
            </footer>
        </main>
    }
}

#[cfg(test)]
mod tests {
    use super::expires_in;

    #[test]
    fn a_code_expires_in_minutes_and_in_its_last_minute_in_seconds() {
        for (millis, expected) in [
            (600_000.0, "Expires in 10 min"),
            (540_000.0, "Expires in 9 min"),
            (539_999.0, "Expires in 9 min"),
            (60_001.0, "Expires in 2 min"),
            (60_000.0, "Expires in 60 s"),
            (900.0, "Expires in 1 s"),
            (-5.0, "Expires in 0 s"),
        ] {
            assert_eq!(expires_in(millis), expected, "{millis}");
        }
    }
}
