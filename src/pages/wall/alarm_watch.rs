//! Follows the alarms on the wall: what is new and what sounds. That goes on where the wall is drawn anew. Where the page is
//! loaded anew, what is known is kept in the browser; where the browser keeps nothing, what is there then is not new.

use super::alarm_diff::{AlarmChanges, AlarmDiff, Priority, RECENT};
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

/// Of this tab alone, and gone with it.
const KEY: &str = "failover-console.wall-alarms";

/// For how long a new critical alarm flashes its symbol, in milliseconds.
const FLASHES: Millis = 30_000.0;

/// How often what is known of alarms is kept, in milliseconds.
const KEEPS: Millis = 10_000.0;

#[derive(Default)]
struct AlarmWatch {
    diff: AlarmDiff,
    sound: AlarmSound,
    /// New critical alarms, and since when.
    fresh: HashMap<String, Millis>,
    updated_at: Millis,
    kept_at: Millis,
}

thread_local! {
    /// Outlives the wall: one whose texts are replaced is drawn anew at every moment, and each drawing would sound.
    static WATCH: RefCell<AlarmWatch> = RefCell::default();
}

/// Looks for alarms when a tile changes or the gateway is lost, and once a second for sounds that repeat and flashes that
/// end.
pub fn follow(wall: Wall, watched: Watched, clock: Clock) {
    // As a connection: not with the first request that fails.
    let is_lost = Memo::new(move |_| watched.is_gateway_gone() && !watched.is_current());
    let now = clock::now();
    WATCH.with_borrow_mut(|watch| {
        watch.begin(now, || {
            let restored =
                kept_in_tab(KEY).and_then(|text| AlarmDiff::restored(&text, whole_millis(now)));
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
        tell(wall, clock::now(), |diff| {
            diff.keep_only(is_shown);
            let mut changes = diff.update(&tiles, &answering);
            diff.update_gateway(is_lost, &mut changes);
            changes
        });
    });
    on_change(move || tell(wall, clock.millis(), |_| AlarmChanges::default()));
}

/// Tells the wall what sounds and what is new.
fn tell(wall: Wall, now: Millis, find: impl FnOnce(&mut AlarmDiff) -> AlarmChanges) {
    let (tone, fresh) = WATCH.with_borrow_mut(|watch| {
        let changes = find(&mut watch.diff);
        let (tone, is_other) = watch.update(now, changes);
        watch.keep(now);
        (tone, is_other.then(|| watch.fresh.clone()))
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
    /// Goes on with what is known, unless that is too long ago.
    fn begin(&mut self, now: Millis, restore: impl FnOnce() -> AlarmDiff) {
        if !(0..RECENT).contains(&(whole_millis(now) - whole_millis(self.updated_at))) {
            *self = Self {
                diff: restore(),
                ..Self::default()
            };
        }
    }

    /// What is to sound now, and whether other alarms are new than before.
    fn update(&mut self, now: Millis, changes: AlarmChanges) -> (Option<Tone>, bool) {
        let Self { diff, sound, .. } = self;
        self.updated_at = now;
        let priority_of = |resource: &str| diff.priority_of(resource);
        let tone = sound.update(now, &changes, diff.has_open(), priority_of);
        let before = self.fresh.len();
        self.fresh
            .retain(|_, since| (0.0..FLASHES).contains(&(now - *since)));
        let mut is_other = self.fresh.len() != before;
        for (key, priority) in changes.raised {
            if priority == Priority::Critical {
                self.fresh.insert(key, now);
                is_other = true;
            }
        }
        (tone, is_other)
    }

    /// Keeps what is known in the browser, now and then.
    fn keep(&mut self, now: Millis) {
        if !(0.0..KEEPS).contains(&(now - self.kept_at)) {
            self.kept_at = now;
            let is_new = |key: &str| self.fresh.contains_key(key) || self.sound.is_waiting(key);
            keep_in_tab(KEY, &self.diff.stored(whole_millis(now), is_new));
        }
    }
}

fn whole_millis(now: Millis) -> i64 {
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

    /// What sounds at a second at which the gateway is lost or not, after the wall was drawn anew.
    fn drawn_anew(watch: &mut AlarmWatch, second: u32, is_lost: bool) -> Option<Tone> {
        watch.begin(at(second), AlarmDiff::default);
        let mut changes = AlarmChanges::default();
        watch.diff.update_gateway(is_lost, &mut changes);
        watch.update(at(second), changes).0
    }

    #[test]
    fn a_lost_gateway_sounds_as_any_critical_alarm_however_often_the_wall_is_drawn_anew() {
        let mut watch = AlarmWatch::default();
        let mut sounds = |seconds: std::ops::Range<u32>, is_lost| {
            let tones = seconds.map(|second| (second, drawn_anew(&mut watch, second, is_lost)));
            tones.filter(|(_, tone)| tone.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(sounds(0..5, false), []);
        let six_times = (0..6).map(|time| (5 + 10 * time, CRITICAL));
        assert_eq!(sounds(5..300, true), six_times.collect::<Vec<_>>());
        assert_eq!(sounds(300..310, false), [(300, Some(Tone::Normal))]);
    }

    #[test]
    fn a_new_alarm_flashes_for_its_time_however_often_the_wall_is_drawn_anew() {
        let mut watch = AlarmWatch::default();
        drawn_anew(&mut watch, 0, true);
        drawn_anew(&mut watch, 29, true);
        assert_eq!(watch.fresh.len(), 1);
        drawn_anew(&mut watch, 30, true);
        assert!(watch.fresh.is_empty());
    }

    #[test]
    fn what_was_known_long_ago_is_not_gone_on_with() {
        let mut watch = AlarmWatch::default();
        drawn_anew(&mut watch, 0, true);
        watch.begin(at(599), AlarmDiff::default);
        assert!(watch.diff.has_open());
        watch.begin(at(600), AlarmDiff::default);
        assert!(!watch.diff.has_open());
    }
}
