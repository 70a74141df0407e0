//! Keeps what the wall knows of alarms in the browser while the page is loaded anew. Where the browser keeps nothing, what
//! is there after a reload is not new.

use super::alarm_diff::AlarmDiff;
use crate::live::clock;
use crate::prefs::{keep_in_tab, kept_in_tab};
use health::schedule::Millis;

/// Only of this tab, and gone with it.
const KEY: &str = "failover-console.wall-alarms";

/// What was known right before the page was loaded anew; nothing where it is opened for the first time.
#[must_use]
pub fn recall(now: Millis) -> AlarmDiff {
    kept_in_tab(KEY)
        .and_then(|text| AlarmDiff::restored(&text, whole(now)))
        .unwrap_or_default()
}

/// Keeps what is known now, except the alarms that are shown as new.
pub fn remember(diff: &AlarmDiff, now: Millis, is_new: impl Fn(&str) -> bool) {
    keep_in_tab(KEY, &diff.stored(whole(now), is_new));
}

fn whole(now: Millis) -> i64 {
    clock::time(now).timestamp_millis()
}
