//! Follows the alarms on the wall: which are new, and which sound plays. This state survives a redraw of the wall and,
//! in the browser's storage, a reload of the page. Without storage, alarms present after a reload are not new.

use super::alarm_diff::{AlarmChanges, AlarmDiff, MAX_AGE, Priority};
use super::alarm_sound::{AlarmSound, Tone};
use super::state::Wall;
use super::tiles;
use crate::live::Watched;
use crate::live::clock::{self, Clock};
use crate::on_change::on_change;
use crate::prefs::{keep_in_tab, kept_in_tab};
use health::schedule::Millis;
use leptos::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;

/// The key in the storage of this tab.
const STORAGE_KEY: &str = "failover-console.wall-alarms";

/// How long the symbol of a new critical alarm flashes, in milliseconds.
const FLASH_DURATION: Millis = 30_000.0;

/// The interval at which the known alarms are stored, in milliseconds.
const SAVE_INTERVAL: Millis = 10_000.0;

#[derive(Default)]
struct AlarmWatch {
    diff: AlarmDiff,
    sound: AlarmSound,
    /// New critical alarms, and the time at which they were raised.
    fresh: HashMap<String, Millis>,
    updated_at: Millis,
    saved_at: Millis,
}

thread_local! {
    /// Outlives the wall's view. Software that replaces texts makes the wall redraw often, and no redraw may sound.
    static WATCH: RefCell<AlarmWatch> = RefCell::default();
}

/// Compares alarms when a tile changes or the gateway is lost, and updates sounds and flashes once a second.
pub fn follow(wall: Wall, watched: Watched, clock: Clock) {
    // Like a connection, the gateway is lost only after a while, not with the first failed request.
    let is_lost = Memo::new(move |_| watched.is_gateway_lost() && !watched.is_current());
    let now = clock::now();
    WATCH.with_borrow_mut(|watch| {
        watch.resume(now, || {
            let restored = kept_in_tab(STORAGE_KEY)
                .and_then(|text| AlarmDiff::restored(&text, to_millis(now)));
            let mut diff = restored.unwrap_or_default();
            diff.update_gateway(is_lost.get_untracked(), &mut AlarmChanges::default());
            diff
        });
        wall.fresh.set(watch.fresh.clone());
    });
    let answering = Memo::new(move |_| {
        let shown = tiles::shown(watched, &wall.params.read());
        let ids = shown.iter().map(|state| state.connection.id.clone());
        let believable = |id: &String| watched.freshness(id).is_believable();
        ids.filter(believable).collect::<Vec<_>>()
    });
    on_change(move || {
        let (tiles, answering, is_lost) = (wall.tiles.read(), answering.read(), is_lost.get());
        let shown = untrack(|| tiles::shown(watched, &wall.params.read()));
        let is_shown = |id: &str| shown.iter().any(|state| state.connection.id == id);
        publish(wall, clock::now(), |diff| {
            diff.keep_only(is_shown);
            let mut changes = diff.update(&tiles, &answering);
            diff.update_gateway(is_lost, &mut changes);
            changes
        });
    });
    on_change(move || publish(wall, clock.millis(), |_| AlarmChanges::default()));
}

/// Updates the wall's sound and its new alarms.
fn publish(wall: Wall, now: Millis, find: impl FnOnce(&mut AlarmDiff) -> AlarmChanges) {
    let (tone, fresh) = WATCH.with_borrow_mut(|watch| {
        let changes = find(&mut watch.diff);
        let (tone, fresh_changed) = watch.update(now, changes);
        watch.save(now);
        (tone, fresh_changed.then(|| watch.fresh.clone()))
    });
    if let Some(tone) = tone {
        let next = |(number, _): (u32, _)| number.wrapping_add(1);
        wall.tone
            .update(|last| *last = Some((last.map_or(0, next), tone)));
    }
    if let Some(fresh) = fresh {
        wall.fresh.set(fresh);
    }
}

impl AlarmWatch {
    /// Continues with the known alarms, or restores stored ones if these are too old.
    fn resume(&mut self, now: Millis, restore: impl FnOnce() -> AlarmDiff) {
        if !(0..MAX_AGE).contains(&(to_millis(now) - to_millis(self.updated_at))) {
            *self = Self {
                diff: restore(),
                ..Self::default()
            };
        }
    }

    /// The tone to play now, and whether the set of new alarms has changed.
    fn update(&mut self, now: Millis, changes: AlarmChanges) -> (Option<Tone>, bool) {
        let Self { diff, sound, .. } = self;
        self.updated_at = now;
        let priority_of = |resource: &str| diff.priority_of(resource);
        let tone = sound.update(now, &changes, diff.has_open(), priority_of);
        let before = self.fresh.len();
        self.fresh
            .retain(|_, since| (0.0..FLASH_DURATION).contains(&(now - *since)));
        let mut fresh_changed = self.fresh.len() != before;
        for (key, priority) in changes.raised {
            if priority == Priority::Critical {
                self.fresh.insert(key, now);
                fresh_changed = true;
            }
        }
        (tone, fresh_changed)
    }

    /// Stores the known alarms in the browser, once per [`SAVE_INTERVAL`].
    fn save(&mut self, now: Millis) {
        if !(0.0..SAVE_INTERVAL).contains(&(now - self.saved_at)) {
            self.saved_at = now;
            let is_new = |key: &str| self.fresh.contains_key(key) || self.sound.is_waiting(key);
            keep_in_tab(STORAGE_KEY, &self.diff.stored(to_millis(now), is_new));
        }
    }
}

fn to_millis(now: Millis) -> i64 {
    clock::time(now).timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::{AlarmChanges, AlarmWatch};
    use crate::pages::wall::alarm_diff::{AlarmDiff, Priority};
    use crate::pages::wall::alarm_sound::Tone;

    const NOW: f64 = 1_768_487_528_000.0;
    const CRITICAL: Option<Tone> = Some(Tone::Alarm(Priority::Critical));

    fn at(second: u32) -> f64 {
        NOW + f64::from(second) * 1_000.0
    }

    /// Redraws the wall at a second and returns the tone that plays.
    fn redraw(watch: &mut AlarmWatch, second: u32, is_lost: bool) -> Option<Tone> {
        watch.resume(at(second), AlarmDiff::default);
        let mut changes = AlarmChanges::default();
        watch.diff.update_gateway(is_lost, &mut changes);
        watch.update(at(second), changes).0
    }

    #[test]
    fn a_lost_gateway_sounds_like_a_critical_alarm_and_redraws_do_not_repeat_it() {
        let mut watch = AlarmWatch::default();
        let mut sounds = |seconds: std::ops::Range<u32>, is_lost| {
            let tones = seconds.map(|second| (second, redraw(&mut watch, second, is_lost)));
            tones.filter(|(_, tone)| tone.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(sounds(0..5, false), []);
        let six_times = (0..6).map(|time| (5 + 10 * time, CRITICAL));
        assert_eq!(sounds(5..300, true), six_times.collect::<Vec<_>>());
        assert_eq!(sounds(300..310, false), [(300, Some(Tone::Normal))]);
    }

    #[test]
    fn a_new_alarm_stops_flashing_on_time_despite_redraws() {
        let mut watch = AlarmWatch::default();
        redraw(&mut watch, 0, true);
        redraw(&mut watch, 29, true);
        assert_eq!(watch.fresh.len(), 1);
        redraw(&mut watch, 30, true);
        assert!(watch.fresh.is_empty());
    }

    #[test]
    fn alarms_known_too_long_ago_are_forgotten() {
        let mut watch = AlarmWatch::default();
        redraw(&mut watch, 0, true);
        watch.resume(at(599), AlarmDiff::default);
        assert!(watch.diff.has_open());
        watch.resume(at(600), AlarmDiff::default);
        assert!(!watch.diff.has_open());
    }
}
