//! Histograms count every session, have round edges, and work for every span of time.

use super::{Bar, CLASSES, Histogram, MAX_BARS, MIN_BARS, WIDTHS, Width};
use crate::ui::time_zone::local_time;
use crate::ui::time_zone::tests::{at, berlin, east};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use health::severity::Severity;
use proptest::prelude::*;
use vendors::veeam::{Outcome, Session, State};

fn started(time: DateTime<Utc>) -> Session {
    Session {
        creation_time: Some(time),
        state: Some(State::Stopped),
        result: Some(Outcome::Success),
        ..Session::default()
    }
}

fn sessions_at(from: &str, to: &str) -> Vec<Session> {
    vec![started(at(from)), started(at(to))]
}

fn bar_at<'a>(histogram: &'a Histogram, time: &str) -> &'a Bar {
    let inside = |bar: &&Bar| (bar.from..bar.to).contains(&at(time));
    histogram.bars.iter().find(inside).expect("a bar")
}

#[test]
fn wider_spans_have_wider_bars() {
    for (from, to, width) in [
        ("2026-11-21T14:00:00Z", "2026-11-21T14:00:00Z", "1 min"),
        ("2026-11-21T14:00:00Z", "2026-11-21T14:47:59Z", "1 min"),
        ("2026-11-21T14:00:00Z", "2026-11-21T14:48:00Z", "2 min"),
        ("2026-11-21T13:10:00Z", "2026-11-21T16:10:00Z", "5 min"),
        ("2026-11-20T14:00:00Z", "2026-11-21T14:00:00Z", "1 h"),
        ("2026-11-14T14:00:00Z", "2026-11-21T14:00:00Z", "6 h"),
        ("2026-10-22T00:00:00Z", "2026-11-21T14:00:00Z", "1 day"),
        ("2026-08-01T00:00:00Z", "2026-11-21T14:00:00Z", "4 days"),
        ("2026-01-01T00:00:00Z", "2026-11-20T00:00:00Z", "1 week"),
        ("2024-11-01T00:00:00Z", "2026-11-21T00:00:00Z", "1 month"),
        ("2016-11-01T00:00:00Z", "2026-11-21T00:00:00Z", "3 months"),
        ("1990-11-01T00:00:00Z", "2026-11-21T00:00:00Z", "1 year"),
    ] {
        let histogram = Histogram::of(&sessions_at(from, to), &east(0));
        assert_eq!(histogram.width.word(), width, "{from} to {to}");
    }
}

#[test]
fn bars_start_at_round_local_times() {
    let sessions = sessions_at("2026-11-20T14:10:00Z", "2026-11-21T14:10:00Z");
    let india = east(330);
    let hours = Histogram::of(&sessions, &india);
    assert_eq!(hours.width, Width::Minutes(60));
    let round = |bar: &Bar| local_time(bar.from, &india).minute() == 0;
    assert!(hours.bars.iter().all(round));
    let week = Histogram::of(
        &sessions_at("2026-11-01T22:59:00Z", "2026-11-25T00:00:00Z"),
        &berlin,
    );
    assert_eq!(week.width, Width::Hours(12));
    assert_eq!(
        bar_at(&week, "2026-11-01T22:59:00Z").to,
        at("2026-11-01T23:00:00Z")
    );
}

#[test]
fn day_bars_start_at_midnight_when_the_clocks_change() {
    let sessions = sessions_at("2026-10-10T12:00:00Z", "2026-11-10T12:00:00Z");
    let histogram = Histogram::of(&sessions, &berlin);
    assert_eq!(histogram.width, Width::Days(1));
    assert!(
        histogram
            .bars
            .iter()
            .all(|bar| local_time(bar.from, &berlin).hour() == 0)
    );
    let long = bar_at(&histogram, "2026-10-25T12:00:00Z");
    assert_eq!(long.to - long.from, TimeDelta::hours(25));
    let spring = sessions_at("2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z");
    let spring = Histogram::of(&spring, &berlin);
    assert_eq!(spring.width, Width::Hours(2));
    let after = spring
        .bars
        .iter()
        .filter(|bar| bar.from > at("2026-03-29T02:00:00Z"));
    assert!(
        after
            .into_iter()
            .all(|bar| local_time(bar.from, &berlin).hour().is_multiple_of(2))
    );
}

#[test]
fn sessions_are_counted_by_bar_and_class_and_undated_ones_separately() {
    let mut sessions = sessions_at("2026-11-21T14:00:00Z", "2026-11-21T14:30:59.999Z");
    sessions[1].result = Some(Outcome::Failed);
    let mut running = started(at("2026-11-21T14:30:00Z"));
    (running.state, running.result) = (Some(State::Working), Some(Outcome::None));
    sessions.push(running);
    sessions.push(Session::default());
    let histogram = Histogram::of(&sessions, &east(0));
    let bar = bar_at(&histogram, "2026-11-21T14:30:00Z");
    assert_eq!(
        CLASSES.map(|(severity, ..)| bar.counts.of(severity)),
        [1, 0, 0, 1, 0]
    );
    assert_eq!(histogram.highest(), 2);
    assert_eq!(histogram.undated.of(Severity::Unknown), 1);
    assert_eq!(histogram.undated.description(), "1 session, 1 unknown");
}

#[test]
fn a_histogram_without_dated_sessions_has_no_bars() {
    assert!(Histogram::of(&[], &berlin).bars.is_empty());
    let undated = Histogram::of(&[Session::default()], &berlin);
    assert!(undated.bars.is_empty());
    assert_eq!((undated.undated.total(), undated.highest()), (1, 0));
}

#[test]
fn a_bar_describes_its_span_and_counts() {
    let sessions = sessions_at("2026-11-20T14:10:00Z", "2026-11-21T14:10:00Z");
    let (zone, hours) = (east(60), Histogram::of(&sessions, &east(60)));
    let bar = bar_at(&hours, "2026-11-21T14:10:00Z");
    assert_eq!(
        bar.description(hours.width, &zone),
        "21 Nov 2026 15:00 to 16:00: 1 session, 1 succeeded"
    );
    let before = bar_at(&hours, "2026-11-20T22:30:00Z");
    assert_eq!(
        before.description(hours.width, &zone),
        "20 Nov 2026 23:00 to 21 Nov 2026 00:00: no session"
    );
}

#[test]
fn spans_of_days_and_more_name_their_last_day_month_or_year() {
    for (from, to, width, span) in [
        ("2026-11-21", "2026-11-22", Width::Days(1), "21 Nov 2026"),
        (
            "2026-11-16",
            "2026-11-23",
            Width::Week,
            "16 Nov 2026 to 22 Nov 2026",
        ),
        ("2026-11-01", "2026-12-01", Width::Months(1), "Nov 2026"),
        (
            "2026-10-01",
            "2027-01-01",
            Width::Months(3),
            "Oct 2026 to Dec 2026",
        ),
        ("2026-01-01", "2027-01-01", Width::Years(1), "2026"),
        ("2025-01-01", "2030-01-01", Width::Years(5), "2025 to 2029"),
    ] {
        let time = |date: &str| at(&format!("{date}T00:00:00Z"));
        let bar = Bar {
            from: time(from),
            to: time(to),
            counts: super::Counts::default(),
        };
        assert_eq!(bar.span(width, &east(0)), span);
    }
}

#[test]
fn the_earliest_and_latest_times_are_counted() {
    let ends = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC].map(started);
    for sessions in [&ends[..], &ends[..1], &ends[1..]] {
        for minutes in [-720, 0, 840] {
            let histogram = Histogram::of(sessions, &east(minutes));
            assert!(histogram.bars.len() <= MAX_BARS);
            let counted: usize = histogram.bars.iter().map(|bar| bar.counts.total()).sum();
            assert_eq!(counted + histogram.undated.total(), sessions.len());
        }
    }
    assert_eq!(WIDTHS[0], Width::Minutes(1));
}

proptest! {
    #[test]
    fn every_session_is_counted_once_and_bars_have_no_gaps(
        first in -2_000_000_000_i64..4_000_000_000,
        spans in proptest::collection::vec((0_u32..32, any::<u32>()), 0..12),
        minutes in -720_i32..=840,
        summer in any::<bool>(),
    ) {
        let fixed = east(minutes);
        let zone = |time: DateTime<Utc>| if summer { berlin(time) } else { fixed(time) };
        let mut sessions: Vec<Session> = spans.iter().map(|(bits, span)| {
            let seconds = first + i64::from(span >> bits);
            started(DateTime::from_timestamp(seconds, 0).expect("in range"))
        }).collect();
        sessions.push(Session::default());
        let histogram = Histogram::of(&sessions, &zone);
        let counted: usize = histogram.bars.iter().map(|bar| bar.counts.total()).sum();
        prop_assert_eq!((counted, histogram.undated.total()), (spans.len(), 1));
        if spans.is_empty() {
            prop_assert!(histogram.bars.is_empty());
        } else {
            prop_assert!((MIN_BARS..=MAX_BARS).contains(&histogram.bars.len()), "{} bars of {}", histogram.bars.len(), histogram.width.word());
        }
        for bar in &histogram.bars {
            prop_assert!(bar.from < bar.to);
        }
        for pair in histogram.bars.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from);
        }
        // Each bar covers exactly the sessions that its query would find.
        for session in &sessions {
            let Some(time) = session.creation_time else { continue };
            let inside = histogram.bars.iter().filter(|bar| (bar.from..bar.to).contains(&time)).count();
            prop_assert_eq!(inside, 1);
        }
    }
}
