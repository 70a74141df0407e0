//! How fast the console polls, for all polls at once: the interval of the open page, whether somebody
//! paused it, whether anybody can see it, and the moments at which what is shown may be old.

use super::clock::now;
use super::schedule::{CHOICES, INTERVAL};
use crate::nav::{Nav, use_nav};
use crate::prefs::{Prefs, use_prefs};
use crate::provided::provided;
use crate::route::Route;
use crate::subscribers::resubscribe;
use leptos::prelude::*;
use std::time::Duration;

/// A gap between two ticks of a second that only sleep explains, in milliseconds.
const ASLEEP: f64 = 10_000.0;

/// The poll settings of the console.
#[derive(Clone, Copy)]
pub struct PollSettings {
    /// Whether refresh is paused; until somebody resumes it or reloads the page.
    pub paused: RwSignal<bool>,
    /// Whether nobody can see the page. A window that has merely lost the focus is seen.
    pub hidden: RwSignal<bool>,
    /// Counts the times that the network came back or the page was shown.
    pub woken: RwSignal<u32>,
    /// Counts the times that the computer slept: what was under way then never comes.
    pub slept: RwSignal<u32>,
    /// Counts the times that somebody asked for everything anew.
    pub refresh_requests: RwSignal<u32>,
    nav: Nav,
    prefs: Prefs,
}

/// The poll settings of the console. Only inside [`provide`]'s owner.
#[must_use]
pub fn use_poll_settings() -> PollSettings {
    provided()
}

/// Starts to listen to the browser.
pub fn provide() -> PollSettings {
    let poll_settings = PollSettings {
        paused: RwSignal::new(false),
        hidden: RwSignal::new(document().hidden()),
        woken: RwSignal::new(0),
        slept: RwSignal::new(0),
        refresh_requests: RwSignal::new(0),
        nav: use_nav(),
        prefs: use_prefs(),
    };
    provide_context(poll_settings);
    let shown = window_event_listener_untyped("visibilitychange", move |_| {
        let hidden = document().hidden();
        poll_settings.hidden.set(hidden);
        if !hidden {
            poll_settings.wake();
        }
    });
    let online = window_event_listener_untyped("online", move |_| poll_settings.wake());
    on_cleanup(move || {
        shown.remove();
        online.remove();
    });
    poll_settings
}

impl PollSettings {
    fn wake(self) {
        self.woken.update(|times| *times = times.wrapping_add(1));
    }

    /// Told once a second by the page's clock when it ticked last.
    pub(super) fn ticked(self, last: f64) {
        if now() - last > ASLEEP && !self.hidden.get_untracked() {
            self.slept.update(|times| *times = times.wrapping_add(1));
            self.wake();
        }
    }

    /// Between two polls on the page that is open.
    #[must_use]
    pub fn interval(self) -> Duration {
        let refresh = self.prefs.refresh.read();
        let page = Route::parse(&self.nav.path()).page();
        let chosen = refresh.iter().find(|(chosen, _)| chosen == page);
        chosen
            .map(|(_, seconds)| Duration::from_secs(*seconds))
            .filter(|chosen| CHOICES.contains(chosen))
            .unwrap_or(INTERVAL)
    }

    /// Drops subscribers on pages that were left, as [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[
            &self.paused,
            &self.hidden,
            &self.woken,
            &self.slept,
            &self.refresh_requests,
        ]);
    }

    /// Asks for everything on the screen now.
    pub fn refresh(self) {
        self.refresh_requests
            .update(|times| *times = times.wrapping_add(1));
    }

    /// Chooses the interval of the page that is open.
    pub fn choose(self, interval: Duration) {
        let page = untrack(|| Route::parse(&self.nav.path()).page());
        self.prefs.set_refresh(page, interval.as_secs());
    }
}
