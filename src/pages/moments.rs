//! Moments in words, as most pages show them.

use crate::live::use_watched;
use crate::prefs::use_prefs;
use crate::ui::times;
use chrono::{DateTime, Utc};
use leptos::prelude::Get as _;

/// What words a moment: on the clocks of the zone on the screen, in as few words as tell it apart from now; tracked. Only
/// inside a component.
pub fn use_moments() -> impl Fn(DateTime<Utc>) -> String + Copy + Send + Sync + 'static {
    let (watched, prefs) = (use_watched(), use_prefs());
    move |at| {
        let now = watched.now();
        times::moment(at, now, prefs.zone.get())
    }
}
