//! Moments formatted as text, as most pages show them.

use crate::live::use_watched;
use crate::prefs::use_prefs;
use crate::ui::times;
use chrono::{DateTime, Utc};
use leptos::prelude::Get as _;

/// A function that formats a moment in the selected time zone, with no more of the date than is needed to tell it from
/// now; tracked. Only inside a component.
pub fn use_moments() -> impl Fn(DateTime<Utc>) -> String + Copy + Send + Sync + 'static {
    let (watched, prefs) = (use_watched(), use_prefs());
    move |at| {
        let now = watched.now();
        times::moment(at, now, prefs.zone.get())
    }
}
