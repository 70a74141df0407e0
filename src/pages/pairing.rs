//! The page `/wall` without a session: a code that an admin enters elsewhere. Nobody has to touch this
//! screen: it asks for a new code when one has expired, and continues by itself once it was entered. Not a
//! part of the wall, because asking for a code is a write and the wall only reads.

use crate::api::Failure;
use crate::api::walls::{self, Pairing as Answer};
use crate::live::{use_clock, use_poll_settings};
use crate::nav::use_nav;
use crate::pages::sign_in;
use crate::prefs::{Theme, use_prefs};
use crate::route::Route;
use crate::ui::times::machine;
use crate::ui::{Heading, Icon};
use leptos::prelude::*;

/// How often the gateway is asked, in milliseconds.
const OFTEN: f64 = 3_000.0;

/// A code, and until when it may be entered by the browser's clock.
#[derive(Debug, Clone, PartialEq)]
struct Code {
    code: String,
    ends: f64,
}

/// The state of the pairing request.
#[derive(Clone, Copy)]
struct PairingRequest {
    code: RwSignal<Option<Code>>,
    /// Why the last request failed.
    failure: RwSignal<Option<Failure>>,
    /// When to ask again.
    next: StoredValue<f64>,
    under_way: StoredValue<bool>,
    done: Callback<()>,
}

impl PairingRequest {
    /// Sends a request if one is due, at most once a second.
    fn tick(self, now: f64) {
        let expired = self
            .code
            .with_untracked(|code| code.as_ref().is_some_and(|code| now >= code.ends));
        if expired {
            self.code.set(None);
            self.next.set_value(now);
        }
        // A clock that was set back must not stop the screen.
        let wait = self.next.get_value() - now;
        let waits = wait > 0.0 && wait < 3_600_000.0;
        if waits || self.under_way.get_value() {
            return;
        }
        self.under_way.set_value(true);
        self.next.set_value(now + OFTEN);
        let has_code = self.code.with_untracked(Option::is_some);
        leptos::task::spawn_local(async move {
            let answer = match has_code {
                true => walls::state().await,
                false => walls::ask().await,
            };
            let _ = self.under_way.try_set_value(false);
            self.receive(answer);
        });
    }

    fn receive(self, answer: Result<Answer, Failure>) {
        let now = crate::live::clock::now();
        let code = match answer {
            Ok(Answer::Paired { .. }) => {
                // The caller is notified only once before the page changes.
                let _ = self.next.try_set_value(now + 2.0 * OFTEN);
                let _ = self.failure.try_set(None);
                if self.next.try_get_value().is_some() {
                    self.done.run(());
                }
                return;
            }
            Ok(Answer::Waiting { code, seconds_left }) => {
                let ends = now + f64::from(seconds_left) * 1_000.0;
                Some(Code { code, ends })
            }
            Ok(Answer::Over) => {
                let _ = self.next.try_set_value(now);
                None
            }
            Err(failure) => {
                if let Some(wait) = failure.retry_after() {
                    let wait = wait.as_secs_f64() * 1_000.0;
                    let _ = self.next.try_set_value(now + wait.max(OFTEN));
                }
                let _ = self.failure.try_set(Some(failure));
                return;
            }
        };
        let _ = self.failure.try_set(None);
        let _ = self.code.try_maybe_update(|known| {
            let is_same =
                known.as_ref().map(|known| &known.code) == code.as_ref().map(|code| &code.code);
            *known = code;
            (!is_same, ())
        });
    }
}

/// How long a code is still valid.
fn left(millis: f64) -> String {
    let seconds = (millis.max(0.0) / 1_000.0).ceil();
    if seconds > 60.0 {
        format!("Expires in {} min", (seconds / 60.0).ceil())
    } else {
        format!("Expires in {seconds} s")
    }
}

/// The screen.
#[component]
pub fn Pairing(
    /// Whether there was a session, and it has ended.
    #[prop(optional)]
    ended: bool,
    /// Somebody is signed in now.
    done: Callback<()>,
) -> impl IntoView {
    let (nav, clock, prefs) = (use_nav(), use_clock(), use_prefs());
    // Polls would be refused, so they are paused.
    let paused = use_poll_settings().paused;
    let before = paused.get_untracked();
    paused.set(true);
    on_cleanup(move || {
        let _ = paused.try_set(before);
    });
    let request = PairingRequest {
        code: RwSignal::new(None),
        failure: RwSignal::new(None),
        next: StoredValue::new(0.0),
        under_way: StoredValue::new(false),
        done,
    };
    Effect::new(move |_| request.tick(clock.millis()));
    let theme = move || {
        let chosen = nav.param("theme").map(|theme| Theme::read(&theme));
        chosen.unwrap_or(prefs.theme.get()).word()
    };
    let now = move || clock.at(0.0);
    let host = window().location().host().unwrap_or_default();
    let place = format!("{host}{}", Route::Connections.href());
    let words = move || request.code.read().as_ref().map(|code| code.code.clone());
    let expires = move || {
        let ends = request.code.read().as_ref().map(|code| code.ends);
        ends.map(|ends| left(ends - clock.millis()))
    };
    let failure = move || {
        request.failure.read().as_ref().map(|failure| {
            let line = failure.line();
            view! { <p class="why"><Icon name="nodata" /><span>{line}". Retrying automatically."</span></p> }
        })
    };
    let cry = ended.then(|| {
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
            {cry}
            <div class="ask">
                <h1>"Pair this screen"</h1>
                <output class="code" aria-label="Code" data-none=move || words().is_none().then_some("")>
                    {move || words().unwrap_or_else(|| "····-····".to_owned())}
                </output>
                <p class="left">{move || expires().unwrap_or_else(|| "Asking the gateway for a code…".to_owned())}</p>
                <p class="how">"An administrator enters this code at "<b>{place}</b>" under Walls. This screen then becomes a wall automatically."</p>
                <div role="status">{failure}</div>
            </div>
            <footer>
                <p><time id="wall-clock" datetime=move || machine(now())>{move || now().format("%H:%M:%S").to_string()}</time>" UTC"</p>
                <a href=move || sign_in::href(&nav.here())>"Sign in instead"</a>
            </footer>
        </main>
    }
}

#[cfg(test)]
mod tests {
    use super::left;

    #[test]
    fn how_long_a_code_is_good_is_said_in_minutes_and_at_the_end_in_seconds() {
        for (millis, expected) in [
            (600_000.0, "Expires in 10 min"),
            (540_000.0, "Expires in 9 min"),
            (539_999.0, "Expires in 9 min"),
            (60_001.0, "Expires in 2 min"),
            (60_000.0, "Expires in 60 s"),
            (900.0, "Expires in 1 s"),
            (-5.0, "Expires in 0 s"),
        ] {
            assert_eq!(left(millis), expected, "{millis}");
        }
    }
}
