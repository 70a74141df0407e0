//! Settings shared by all polls: the interval of the open page, whether refresh is paused, whether the page is visible,
//! and events after which the data may be old.

use super::clock::now;
use super::schedule::{CHOICES, INTERVAL};
use crate::nav::{Nav, use_nav};
use crate::prefs::{Prefs, use_prefs};
use crate::provided::provided;
use crate::route::Route;
use crate::subscribers::resubscribe;
use leptos::prelude::*;
use std::time::Duration;

/// The minimum gap between two ticks of the clock that indicates a sleep of the computer, in milliseconds.
const SLEEP_GAP: f64 = 10_000.0;

/// The poll settings of the console.
#[derive(Clone, Copy)]
pub struct PollSettings {
    /// Whether refresh is paused, until it is resumed or the page is reloaded.
    pub paused: RwSignal<bool>,
    /// Whether the page is hidden. A window that has only lost the focus is visible.
    pub hidden: RwSignal<bool>,
    /// Counts how often the network came back or the page became visible.
    pub woken: RwSignal<u32>,
    /// Counts how often the computer slept. Requests from before never get a response.
    pub slept: RwSignal<u32>,
    /// Counts how often the user requested a refresh of everything.
    pub refresh_requests: RwSignal<u32>,
    /// Whether the page was hidden since the last tick of its clock: browsers delay the timers of hidden pages.
    was_hidden: StoredValue<bool>,
    nav: Nav,
    prefs: Prefs,
}

/// The poll settings of the console. Call it inside the owner of [`provide`].
#[must_use]
pub fn use_poll_settings() -> PollSettings {
    provided()
}

/// Starts to listen for visibility and network events.
pub fn provide() -> PollSettings {
    let poll_settings = PollSettings {
        paused: RwSignal::new(false),
        hidden: RwSignal::new(document().hidden()),
        woken: RwSignal::new(0),
        slept: RwSignal::new(0),
        refresh_requests: RwSignal::new(0),
        was_hidden: StoredValue::new(false),
        nav: use_nav(),
        prefs: use_prefs(),
    };
    provide_context(poll_settings);
    let shown = window_event_listener_untyped("visibilitychange", move |_| {
        let hidden = document().hidden();
        poll_settings.hidden.set(hidden);
        poll_settings.was_hidden.set_value(true);
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

    /// Detects a sleep. The page's clock calls it every second with the time of its last tick.
    pub(super) fn ticked(self, last: f64) {
        let was_hidden = self.was_hidden.get_value();
        self.was_hidden.set_value(self.hidden.get_untracked());
        if now() - last > SLEEP_GAP && !was_hidden {
            self.slept.update(|times| *times = times.wrapping_add(1));
            self.wake();
        }
    }

    /// The interval between two polls on the open page.
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

    /// Drops the subscribers of pages that were left, see [`resubscribe`].
    pub fn resubscribe(self) {
        resubscribe(&[
            &self.paused,
            &self.hidden,
            &self.woken,
            &self.slept,
            &self.refresh_requests,
        ]);
    }

    /// Refreshes everything on the screen now.
    pub fn refresh(self) {
        self.refresh_requests
            .update(|times| *times = times.wrapping_add(1));
    }

    /// Sets the interval of the open page.
    pub fn set_interval(self, interval: Duration) {
        let page = untrack(|| Route::parse(&self.nav.path()).page());
        self.prefs.set_refresh(page, interval.as_secs());
    }
}
