//! Unattended operation: the screen stays on, nothing burns in, and new versions load automatically.

use super::burn_in::offset;
use super::state::Wall;
use crate::live::{use_clock, use_poll_settings, use_watched};
use crate::on_change::on_change;
use crate::ui::wake_lock::WakeLock;
use leptos::prelude::*;

/// The least time between two loads of the page, and between two questions whether to load it, in milliseconds.
const BETWEEN_LOADS: f64 = 60_000.0;

/// Keeps the screen on for as long as the address wants it.
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

/// Loads the page anew once the gateway serves another console, which may say what this one cannot read. The gateway is
/// asked first: while it is being exchanged, it might not be there to serve the page.
pub fn follow_builds() {
    let (clock, watched) = (use_clock(), use_watched());
    let last = StoredValue::new(crate::live::clock::now());
    let is_old = Memo::new(move |_| watched.is_old_build() || watched.is_unreadable());
    on_change(move || {
        let now = clock.millis();
        if !is_old.get() || (now - last.get_value()).abs() < BETWEEN_LOADS {
            return;
        }
        last.set_value(now);
        leptos::task::spawn_local(async move {
            // Not where the wall was left meanwhile.
            if watched.serves_other_build().await && last.try_get_value().is_some() {
                let _ = window().location().reload();
            }
        });
    });
}

/// How far the wall is moved aside at this minute, as a transform.
#[must_use]
pub fn offset_transform() -> Memo<String> {
    let clock = use_clock();
    Memo::new(move |_| {
        let (x, y) = offset(clock.at(0.0).timestamp() / 60);
        format!("translate({x}px, {y}px)")
    })
}
