//! The schedule with a fixed clock and fixed chance.

use super::{INTERVAL, Next, Schedule, backoff};
use proptest::prelude::*;
use std::time::Duration;

const SECOND: f64 = 1_000.0;

fn polled(started: f64, ended: f64, in_transition: bool) -> Schedule {
    let mut schedule = Schedule::default();
    schedule.started(started);
    schedule.answered(ended, in_transition);
    schedule
}

fn failed(times: u32, chance: f64, retry_after: Option<u64>) -> Schedule {
    let mut schedule = Schedule::default();
    for _ in 0..times {
        schedule.started(0.0);
        schedule.failed(0.0, retry_after.map(Duration::from_secs), chance);
    }
    schedule
}

#[test]
fn the_first_poll_is_immediate() {
    assert_eq!(Schedule::default().next(0.0), Next::Now);
}

#[test]
fn the_interval_is_measured_from_start_to_start() {
    for (ended, due) in [
        (0.0, 5.0),
        (0.3, 5.0),
        (4.0, 5.0),
        (4.1, 5.1),
        (5.0, 6.0),
        (19.0, 20.0),
    ] {
        let schedule = polled(0.0, ended * SECOND, false);
        assert_eq!(schedule.next(ended * SECOND), Next::At(due * SECOND));
        assert_eq!(schedule.next(due * SECOND), Next::Now);
    }
}

#[test]
fn in_transition_polls_come_every_two_seconds_or_faster() {
    for (interval, due) in [(1, 1.0), (2, 2.0), (5, 2.0), (300, 2.0)] {
        let mut schedule = polled(0.0, 0.0, true);
        schedule.set(Duration::from_secs(interval), false, false);
        assert_eq!(schedule.next(0.0), Next::At(due * SECOND), "{interval} s");
    }
}

#[test]
fn a_clock_that_is_set_back_delays_no_poll() {
    let hour = 3_600.0 * SECOND;
    assert_eq!(polled(hour, hour, false).next(0.0), Next::Now);
    let mut schedule = Schedule::default();
    schedule.started(hour);
    schedule.answered(0.0, false);
    assert_eq!(schedule.next(0.0), Next::At(5.0 * SECOND));
}

#[test]
fn a_new_interval_counts_from_the_last_poll() {
    let mut schedule = polled(0.0, 0.0, false);
    schedule.set(Duration::from_secs(60), false, false);
    assert_eq!(schedule.next(10.0 * SECOND), Next::At(60.0 * SECOND));
    schedule.set(Duration::from_secs(2), false, false);
    assert_eq!(schedule.next(10.0 * SECOND), Next::Now);
}

#[test]
fn the_backoff_limit_doubles_up_to_the_interval() {
    for (failures, interval, longest) in [
        (1, 5.0, 2.0),
        (2, 5.0, 4.0),
        (3, 5.0, 5.0),
        (50, 5.0, 5.0),
        (u32::MAX, 5.0, 5.0),
        (4, 60.0, 16.0),
        (6, 60.0, 60.0),
        (1, 0.5, 1.0),
    ] {
        let within = |chance| backoff(failures, chance, interval * SECOND) / SECOND;
        assert_eq!((within(0.0), within(1.0)), (1.0, longest), "{failures}");
    }
    assert_eq!(
        failed(3, 0.5, None).next(0.0),
        Next::At(1.0 * SECOND + 2.0 * SECOND)
    );
}

#[test]
fn a_successful_poll_resets_the_backoff() {
    let mut schedule = failed(9, 1.0, None);
    schedule.started(30.0 * SECOND);
    schedule.answered(30.0 * SECOND, false);
    assert_eq!(schedule.next(30.0 * SECOND), Next::At(35.0 * SECOND));
    schedule.started(35.0 * SECOND);
    schedule.failed(35.0 * SECOND, None, 1.0);
    assert_eq!(schedule.next(35.0 * SECOND), Next::At(37.0 * SECOND));
}

#[test]
fn retry_after_is_honoured_unless_a_user_requests_a_poll() {
    let mut schedule = failed(1, 0.0, Some(120));
    assert_eq!(schedule.next(0.0), Next::At(120.0 * SECOND));
    schedule.wake();
    assert_eq!(schedule.next(SECOND), Next::At(120.0 * SECOND));
    schedule.request();
    assert_eq!(schedule.next(SECOND), Next::Now);
}

#[test]
fn a_retry_after_below_the_backoff_does_not_shorten_it() {
    assert_eq!(failed(1, 1.0, Some(0)).next(0.0), Next::At(2.0 * SECOND));
}

#[test]
fn waking_polls_immediately_after_failures_and_successes() {
    for mut schedule in [failed(5, 1.0, None), polled(0.0, 0.0, false)] {
        assert!(matches!(schedule.next(SECOND), Next::At(_)));
        schedule.wake();
        assert_eq!(schedule.next(SECOND), Next::Now);
        schedule.started(SECOND);
        schedule.answered(SECOND, false);
        assert!(matches!(schedule.next(SECOND), Next::At(_)));
    }
}

#[test]
fn a_hidden_page_does_not_poll_even_on_waking() {
    let mut schedule = polled(0.0, 0.0, false);
    schedule.set(INTERVAL, false, true);
    schedule.wake();
    assert_eq!(schedule.next(1e9), Next::Wait);
    schedule.set(INTERVAL, false, false);
    assert_eq!(schedule.next(1e9), Next::Now);
}

#[test]
fn a_pause_begins_only_after_a_successful_poll() {
    let mut fresh = Schedule::default();
    fresh.set(INTERVAL, true, false);
    assert_eq!(fresh.next(0.0), Next::Now);
    let mut schedule = polled(0.0, 0.0, false);
    schedule.set(INTERVAL, true, false);
    assert_eq!(schedule.next(1e9), Next::Wait);
    schedule.request();
    assert_eq!(schedule.next(1e9), Next::Now);
}

#[test]
fn a_request_during_a_poll_causes_another_poll() {
    let mut schedule = Schedule::default();
    schedule.started(0.0);
    schedule.request();
    assert_eq!(schedule.next(SECOND), Next::Wait);
    schedule.answered(SECOND, false);
    assert_eq!(schedule.next(SECOND), Next::Now);
}

#[test]
fn a_cancelled_poll_is_repeated() {
    let mut schedule = Schedule::default();
    schedule.started(0.0);
    schedule.cancelled();
    assert_eq!(schedule.next(0.0), Next::Now);
}

#[derive(Debug, Clone)]
enum Step {
    Pass(f64),
    Set(u64, bool, bool),
    Ask,
    Wake,
    Answer(bool),
    Fail(Option<u64>, f64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        // Also backwards, because clocks are set back.
        (-7_200_000.0..60_000.0).prop_map(Step::Pass),
        (2_u64..300, any::<bool>(), any::<bool>()).prop_map(|(i, p, h)| Step::Set(i, p, h)),
        Just(Step::Ask),
        Just(Step::Wake),
        any::<bool>().prop_map(Step::Answer),
        (proptest::option::of(0_u64..100), 0.0..1.0).prop_map(|(r, c)| Step::Fail(r, c)),
    ]
}

proptest! {
    #[test]
    fn polls_never_overlap_respect_hiding_and_pausing_and_never_stall(steps in proptest::collection::vec(step(), 0..60)) {
        let (mut schedule, mut now) = (Schedule::default(), 0.0);
        let (mut under_way, mut hidden, mut paused, mut requested) = (false, false, false, false);
        let mut answered = false;
        for step in steps {
            match step {
                Step::Pass(millis) => now += millis,
                Step::Set(interval, p, h) => {
                    schedule.set(Duration::from_secs(interval), p, h);
                    (paused, hidden) = (p, h);
                }
                Step::Ask => { schedule.request(); requested = true; }
                Step::Wake => schedule.wake(),
                Step::Answer(moving) if under_way => { schedule.answered(now, moving); under_way = false; answered = true; }
                Step::Fail(after, chance) if under_way => { schedule.failed(now, after.map(Duration::from_secs), chance); under_way = false; }
                Step::Answer(_) | Step::Fail(..) => {}
            }
            match schedule.next(now) {
                Next::Now => {
                    prop_assert!(!under_way);
                    prop_assert!(requested || !(hidden || paused && answered));
                    schedule.started(now);
                    (under_way, requested) = (true, false);
                }
                Next::At(due) => {
                    prop_assert!(!under_way && due > now);
                    // The longest interval and the longest requested wait of these steps.
                    prop_assert!(due - now <= 300_000.0);
                }
                Next::Wait => prop_assert!(under_way || hidden || paused),
            }
        }
    }
}
