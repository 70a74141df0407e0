//! Unattended operation: the screen stays on, does not burn in, and loads new versions automatically.

use super::burn_in::offset;
use super::state::Wall;
use crate::live::{use_clock, use_poll_settings, use_watched};
use crate::on_change::on_change;
use crate::ui::wake_lock::WakeLock;
use leptos::prelude::*;

/// Minimum time between two reloads, and between two checks for a new build, in milliseconds.
const RELOAD_INTERVAL: f64 = 60_000.0;

/// Keeps the screen on while the parameter `awake` requests it.
#[must_use]
pub fn keep_awake(wall: Wall) -> WakeLock {
    let (clock, poll_settings) = (use_clock(), use_poll_settings());
    let wake_lock = WakeLock::default();
    on_change(move || {
        let _ = (clock.millis(), poll_settings.hidden.get());
        if wall.params.read().awake {
            wake_lock.keep();
        } else {
            wake_lock.release();
        }
    });
    wake_lock
}

/// Reloads the page once the gateway serves another build of the console. The build is confirmed first, because a
/// gateway that is being updated may not be able to serve the page. It is also checked while responses are unreadable.
pub fn reload_for_new_builds() {
    let (clock, watched) = (use_clock(), use_watched());
    let last = StoredValue::new(crate::live::clock::now());
    let is_old = Memo::new(move |_| watched.is_old_build() || watched.is_unreadable());
    on_change(move || {
        let now = clock.millis();
        if !is_old.get() || (now - last.get_value()).abs() < RELOAD_INTERVAL {
            return;
        }
        last.set_value(now);
        leptos::task::spawn_local(async move {
            // The stored value is disposed if the user has left the wall.
            if watched.serves_other_build().await && last.try_get_value().is_some() {
                let _ = window().location().reload();
            }
        });
    });
}

/// The CSS transform that moves the wall at the current minute.
#[must_use]
pub fn offset_transform() -> Memo<String> {
    let clock = use_clock();
    Memo::new(move |_| {
        let (x, y) = offset(clock.at(0.0).timestamp() / 60);
        format!("translate({x}px, {y}px)")
    })
}
