//! A thing that changes too often to be followed: its changes are told as one.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// So many observations are remembered: with 21, there are 20 places at which a change can be.
pub const OBSERVATIONS: usize = 21;

/// So many changes within [`SHORT`] are flapping.
const AT_ONCE: usize = 3;

/// The span in which changes are counted one by one.
const SHORT: TimeDelta = TimeDelta::minutes(1);

/// Of 20 possible changes so many are flapping, however slow.
const MANY: usize = 10;

/// Of 20 possible changes fewer than this are calm again.
const FEW: usize = 5;

/// What a thing was, as often as it was looked at lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History<S> {
    /// When, what, and whether that was a change; the oldest first.
    seen: VecDeque<(DateTime<Utc>, bool)>,
    state: Option<S>,
    flapping: bool,
}

/// How a thing flaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flapping {
    /// How many changes are remembered.
    pub changes: usize,
    /// When the first of them was.
    pub since: DateTime<Utc>,
}

impl<S> Default for History<S> {
    fn default() -> Self {
        Self {
            seen: VecDeque::new(),
            state: None,
            flapping: false,
        }
    }
}

impl<S: PartialEq> History<S> {
    /// Remembers what the thing was then. One that is not later than the last one says nothing new.
    pub fn observe(&mut self, state: S, at: DateTime<Utc>) {
        if self.seen.back().is_some_and(|(last, _)| *last >= at) {
            return;
        }
        let changed = self.state.as_ref().is_some_and(|held| *held != state);
        self.state = Some(state);
        self.seen.push_back((at, changed));
        if self.seen.len() > OBSERVATIONS {
            self.seen.pop_front();
        }
        // Of the oldest one it is not known any more what it was a change from.
        if let Some(first) = self.seen.front_mut() {
            first.1 = false;
        }
        let (all, lately) = (self.changes().count(), self.within(at, SHORT));
        let whole = self.seen.len() == OBSERVATIONS;
        self.flapping = if self.flapping {
            lately > 0 || all >= FEW
        } else {
            lately >= AT_ONCE || (whole && all >= MANY)
        };
    }

    fn changes(&self) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let changes = self.seen.iter().filter(|(_, changed)| *changed);
        changes.map(|(at, _)| *at)
    }

    fn within(&self, now: DateTime<Utc>, span: TimeDelta) -> usize {
        self.changes()
            .filter(|at| now.signed_duration_since(*at) <= span)
            .count()
    }

    /// Whether the thing flaps: three changes within a minute, or half of the last 20 possible ones. It
    /// is calm again once a minute has brought no change and under a quarter of the last 20 were one.
    #[must_use]
    pub fn flapping(&self) -> Option<Flapping> {
        let since = self.changes().next().filter(|_| self.flapping)?;
        Some(Flapping {
            changes: self.changes().count(),
            since,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{History, OBSERVATIONS};
    use chrono::{DateTime, TimeDelta, Utc};
    use proptest::prelude::*;

    const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_271_528_000_000_000);

    fn at(millis: i64) -> DateTime<Utc> {
        NOW + TimeDelta::milliseconds(millis)
    }

    /// Observations as seconds and states.
    fn of(seen: &[(i64, u8)]) -> History<u8> {
        let mut history = History::default();
        for (seconds, state) in seen {
            history.observe(*state, at(seconds * 1_000));
        }
        history
    }

    #[test]
    fn three_changes_within_a_minute_flap_and_two_do_not() {
        assert_eq!(of(&[(0, 0), (5, 1), (10, 0)]).flapping(), None);
        let flapping = of(&[(0, 0), (5, 1), (10, 0), (15, 1)]).flapping();
        let flapping = flapping.expect("it flaps");
        assert_eq!((flapping.changes, flapping.since), (3, at(5_000)));
    }

    #[test]
    fn the_minute_is_counted_to_the_millisecond() {
        for (last, flaps) in [(65_000, true), (65_001, false)] {
            let mut history = of(&[(0, 0), (5, 1), (30, 0)]);
            history.observe(1, at(last));
            assert_eq!(history.flapping().is_some(), flaps, "{last}");
        }
    }

    #[test]
    fn half_of_the_last_twenty_is_flapping_however_slow() {
        let slow = |changes: i64| {
            let states = (0..21).map(|n| (n * 120, u8::from(n <= changes && n % 2 == 1)));
            let states: Vec<(i64, u8)> = states
                .map(|(at, state)| {
                    let steady = at / 120 > changes;
                    (at, if steady { (changes % 2) as u8 } else { state })
                })
                .collect();
            of(&states)
        };
        assert_eq!(slow(9).flapping(), None);
        assert_eq!(slow(10).flapping().map(|f| f.changes), Some(10));
    }

    #[test]
    fn too_few_observations_are_no_history() {
        let twenty: Vec<_> = (0..20).map(|n| (n * 120, (n % 2) as u8)).collect();
        assert_eq!(of(&twenty).flapping(), None);
    }

    #[test]
    fn it_is_calm_again_after_a_minute_without_a_change() {
        let mut history = of(&[(0, 0), (5, 1), (10, 0), (15, 1)]);
        history.observe(1, at(75_000));
        assert!(history.flapping().is_some());
        history.observe(1, at(75_001));
        assert_eq!(history.flapping(), None);
    }

    #[test]
    fn what_is_looked_at_twice_is_seen_once() {
        let mut history = of(&[(0, 0), (5, 1)]);
        for state in [0, 1, 0, 1] {
            history.observe(state, at(5_000));
            history.observe(state, at(1_000));
        }
        assert_eq!(history, of(&[(0, 0), (5, 1)]));
    }

    proptest! {
        #[test]
        fn it_remembers_no_more_than_it_says(seen in proptest::collection::vec((0_i64..1_000_000, 0_u8..3), 0..80)) {
            let mut history = History::default();
            for (millis, state) in seen {
                history.observe(state, at(millis));
                prop_assert!(history.seen.len() <= OBSERVATIONS);
                if let Some(flapping) = history.flapping() {
                    prop_assert!(flapping.changes < OBSERVATIONS);
                }
            }
        }
    }
}
