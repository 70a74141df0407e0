//! When flapping begins and ends, to the millisecond.

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
fn changes_in_half_of_the_last_twenty_observations_flap_however_slow() {
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
fn frequent_observations_do_not_shorten_the_minute_that_counts_changes() {
    // Every 2 s, 21 observations span 40 s.
    for (changes, flaps) in [([2, 30, 62], true), ([2, 30, 64], false)] {
        let mut history = History::default();
        for seconds in (0..=64).step_by(2) {
            let before = changes.iter().filter(|change| **change <= seconds);
            history.observe(before.count() % 2, at(seconds * 1_000));
        }
        let flapping = history.flapping();
        assert_eq!(flapping.is_some(), flaps, "{changes:?}");
        if let Some(flapping) = flapping {
            assert_eq!((flapping.changes, flapping.since), (3, at(2_000)));
        }
    }
}

#[test]
fn flapping_keeps_its_beginning_and_counts_every_change_until_it_ends() {
    let mut history = History::default();
    for n in 0..100_u8 {
        history.observe(n % 2, at(i64::from(n) * 5_000));
    }
    let flapping = history.flapping().expect("it flaps");
    assert_eq!((flapping.changes, flapping.since), (99, at(5_000)));
    for n in 100..130 {
        history.observe(1, at(n * 5_000));
    }
    assert_eq!(history.flapping(), None);
    for (n, state) in [(130, 0), (131, 1), (132, 0)] {
        history.observe(state, at(n * 5_000));
    }
    let again = history.flapping().expect("it flaps again");
    assert_eq!((again.changes, again.since), (3, at(650_000)));
}

#[test]
fn a_minute_without_a_change_does_not_end_flapping_while_a_quarter_changed() {
    // Every 20 s: 10 changes, then none. A minute later 10 of the last 20 observations still are changes.
    let mut history = History::default();
    for n in 0..=20_i64 {
        let state = if n <= 10 { n % 2 } else { 0 };
        history.observe(state, at(n * 20_000));
    }
    assert!(history.flapping().is_some());
    for n in 21..=30_i64 {
        history.observe(0, at(n * 20_000));
        // The oldest observation never counts as a change, so the 10 changes drop out one by one.
        let left = 10 - (n - 20);
        assert_eq!(history.flapping().is_some(), left >= 5, "{left} left");
    }
}

#[test]
fn fewer_than_twenty_one_observations_do_not_flap_slowly() {
    let twenty: Vec<_> = (0..20).map(|n| (n * 120, (n % 2) as u8)).collect();
    assert_eq!(of(&twenty).flapping(), None);
}

#[test]
fn flapping_ends_after_a_minute_without_a_change() {
    let mut history = of(&[(0, 0), (5, 1), (10, 0), (15, 1)]);
    history.observe(1, at(75_000));
    assert!(history.flapping().is_some());
    history.observe(1, at(75_001));
    assert_eq!(history.flapping(), None);
}

#[test]
fn flapping_ends_after_a_minute_without_a_state() {
    let mut history = of(&[(0, 0), (5, 1), (10, 0), (15, 1)]);
    for seconds in [20, 40, 60, 75] {
        history.unchanged(at(seconds * 1_000));
        assert_eq!(
            history.flapping().map(|flapping| flapping.changes),
            Some(3),
            "{seconds}"
        );
    }
    history.unchanged(at(75_001));
    assert_eq!(history.flapping(), None);
    let calm = of(&[(0, 0), (5, 1)]);
    let mut history = calm.clone();
    history.unchanged(at(10_000));
    assert_eq!(history, calm, "unchanged() is ignored while calm");
}

#[test]
fn an_observation_that_is_not_newer_is_ignored() {
    let mut history = of(&[(0, 0), (5, 1)]);
    for state in [0, 1, 0, 1] {
        history.observe(state, at(5_000));
        history.observe(state, at(1_000));
    }
    assert_eq!(history, of(&[(0, 0), (5, 1)]));
}

proptest! {
    #[test]
    fn the_memory_is_bounded_and_flapping_begins_before_the_last_observation(seen in proptest::collection::vec((0_i64..1_000_000, 0_u8..3), 0..80)) {
        let mut history = History::default();
        for (millis, state) in seen {
            history.observe(state, at(millis));
            prop_assert!(history.observations.len() <= OBSERVATIONS && history.latest_changes.len() <= 3);
            if let Some(flapping) = history.flapping() {
                prop_assert!(flapping.changes >= 3);
                prop_assert!(history.observations.back().is_some_and(|(last, _)| flapping.since < *last));
            }
        }
    }
}
