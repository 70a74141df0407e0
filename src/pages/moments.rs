//! Moments formatted as text, as most pages show them.

use crate::live::use_watched;
use crate::prefs::use_prefs;
use crate::ui::times;
use chrono::{DateTime, Utc};
use leptos::prelude::Get as _;

/// A function that formats a moment in the selected time zone, with no more of the date than is needed to tell it from
/// now. Tracks the zone, and the day: after midnight a time needs its date. Only inside a component.
pub fn use_moments() -> impl Fn(DateTime<Utc>) -> String + Copy + Send + Sync + 'static {
    let (watched, prefs) = (use_watched(), use_prefs());
    move |at| times::moment(at, watched.now_by_day(), prefs.zone.get())
}
