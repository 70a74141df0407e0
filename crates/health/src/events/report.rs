//! Statistics of a period (failovers, recoveries), and the intervals in which a resource was not observed.

use super::timeline::{Interval, Leader};
use crate::inventory::{Kind, ResourceKey};
use crate::severity::Severity;
use crate::sort;
use chrono::{DateTime, TimeDelta, Utc};

/// An interval in which the leader was not observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownInterval {
    /// The beginning.
    pub from: DateTime<Utc>,
    /// The end.
    pub to: DateTime<Utc>,
    /// Whether the readings before and after it were compared. If not, a failover within it is unknown.
    pub is_compared: bool,
}

impl UnknownInterval {
    /// The time before `at`.
    #[must_use]
    pub fn before(at: DateTime<Utc>) -> Self {
        Self {
            from: DateTime::<Utc>::MIN_UTC,
            to: at,
            is_compared: false,
        }
    }

    /// The time since `at`, which has not been observed yet.
    #[must_use]
    pub fn since(at: DateTime<Utc>) -> Self {
        Self {
            from: at,
            to: DateTime::<Utc>::MAX_UTC,
            is_compared: true,
        }
    }
}

/// Statistics of one resource over a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Number of changes from one leader to another.
    pub failovers: usize,
    /// Total time without a leader.
    pub leaderless: TimeDelta,
    /// Longest interval without a leader.
    pub longest: TimeDelta,
    /// Number of intervals without a leader that were observed from beginning to end.
    pub recoveries: usize,
    /// Average length of these intervals.
    pub mean_recovery: Option<TimeDelta>,
    /// Total time for which the leader is unknown.
    pub unknown: TimeDelta,
}

/// Computes the statistics of a timeline. An interval without a leader that borders on an unknown leader or on an end
/// of the timeline counts with its observed length, but not as a recovery. A failover counts when the new leader
/// begins; `led_before` is the last leader before a timeline that begins without one.
#[must_use]
pub fn statistics(timeline: &[Interval], led_before: Option<&str>) -> Statistics {
    let mut statistics = Statistics::default();
    let mut last_leader = led_before;
    let mut recovered = TimeDelta::zero();
    for (index, interval) in timeline.iter().enumerate() {
        let lasted = interval.to.signed_duration_since(interval.from);
        match &interval.leader {
            Leader::Named(leader) => {
                statistics.failovers += usize::from(last_leader.is_some_and(|last| last != leader));
                last_leader = Some(leader);
            }
            Leader::Nobody => {
                statistics.leaderless += lasted;
                statistics.longest = statistics.longest.max(lasted);
                let is_led = |index: Option<usize>| {
                    let interval = index.and_then(|index| timeline.get(index));
                    interval.is_some_and(|interval| matches!(interval.leader, Leader::Named(_)))
                };
                if is_led(index.checked_sub(1)) && is_led(Some(index + 1)) {
                    statistics.recoveries += 1;
                    recovered += lasted;
                }
            }
            Leader::Unknown => statistics.unknown += lasted,
        }
    }
    statistics.mean_recovery = i32::try_from(statistics.recoveries)
        .ok()
        .and_then(|recoveries| recovered.checked_div(recoveries));
    statistics
}

/// The part of a timeline before `to`.
#[must_use]
pub fn until(timeline: Vec<Interval>, to: DateTime<Utc>) -> Vec<Interval> {
    let inside = timeline.into_iter().filter(|interval| interval.from < to);
    inside
        .map(|interval| Interval {
            to: interval.to.min(to),
            ..interval
        })
        .collect()
}

/// The intervals in which no gateway watched, from the events of its starts.
#[must_use]
pub fn unwatched<'a>(starts: impl IntoIterator<Item = RecordedEvent<'a>>) -> Vec<UnknownInterval> {
    let starts = starts.into_iter();
    starts
        .map(|start| UnknownInterval {
            from: start.unseen_since.unwrap_or(DateTime::<Utc>::MIN_UTC),
            to: start.at,
            is_compared: start.is_compared,
        })
        .collect()
}

/// A recorded event of an alarm, or of a group that appeared, disappeared or is readable again.
#[derive(Debug, Clone, Copy)]
pub struct RecordedEvent<'a> {
    /// The resource; `None` if the event concerns all of them.
    pub resource: Option<&'a ResourceKey>,
    /// Time of the event.
    pub at: DateTime<Utc>,
    /// Number of its activity entry.
    pub number: i64,
    /// The recorded severity.
    pub severity: Severity,
    /// End of the last observation before it; `None` if the event does not record one.
    pub unseen_since: Option<DateTime<Utc>>,
    /// Whether it is a start of watching whose first readings are compared with the leaders before it.
    pub is_compared: bool,
}

impl RecordedEvent<'_> {
    /// Beginning of the unobserved time.
    fn unseen_from(&self) -> DateTime<Utc> {
        self.unseen_since.map_or(self.at, |at| at.min(self.at))
    }
}

/// Whether this is a connection, whose alarms record when it was silent. A filter by id or name may also match a group
/// that has the same id or name as its connection.
#[must_use]
pub fn is_connection(resource: Option<&ResourceKey>) -> bool {
    resource.is_some_and(|key| key.kind == Kind::Connection)
}

/// The intervals in which a connection was silent, from the events of its alarms (see `of_alarms`: an end has the
/// severity Normal). Alarms of other resources are ignored. An open alarm has no end.
#[must_use]
pub fn silences<'a>(alarms: impl IntoIterator<Item = RecordedEvent<'a>>) -> Vec<UnknownInterval> {
    let alarms = alarms.into_iter();
    let own = alarms.filter(|alarm| is_connection(alarm.resource));
    intervals(own.collect(), |alarm| {
        // An unwatched connection is not silent; its resources themselves record that they are not listed.
        matches!(alarm.severity, Severity::Normal | Severity::Off)
    })
}

/// The intervals in which a resource was not listed or not readable, from the events of its appearing, disappearing
/// (severity Unknown, see `gone`) and being readable again (see `read_again`). It was not listed before it first
/// appeared, nor after it last disappeared.
#[must_use]
pub fn absences<'a>(events: impl IntoIterator<Item = RecordedEvent<'a>>) -> Vec<UnknownInterval> {
    let (mut listed, mut absent) = (Vec::new(), Vec::new());
    for event in events {
        if event.unseen_since.is_some() {
            absent.push(UnknownInterval {
                from: event.unseen_from(),
                to: event.at,
                is_compared: true,
            });
        } else {
            listed.push(event);
        }
    }
    let not_listed = intervals(listed, |event| event.severity != Severity::Unknown);
    absent.extend(not_listed.into_iter().map(|one| UnknownInterval {
        is_compared: false,
        ..one
    }));
    absent
}

/// The intervals from each beginning to the next end, newest first. The beginning of an oldest end is unknown.
fn intervals(
    mut events: Vec<RecordedEvent<'_>>,
    is_end: fn(&RecordedEvent<'_>) -> bool,
) -> Vec<UnknownInterval> {
    sort(&mut events, |one, other| {
        (other.at, other.number).cmp(&(one.at, one.number))
    });
    let oldest = events.last().filter(|oldest| is_end(oldest));
    let oldest = oldest.map(|oldest| oldest.at);
    let (mut list, mut end) = (Vec::new(), DateTime::<Utc>::MAX_UTC);
    for event in events {
        if is_end(&event) {
            end = event.at;
        } else {
            list.push(UnknownInterval {
                from: event.unseen_from(),
                to: end,
                is_compared: true,
            });
        }
    }
    list.extend(oldest.map(UnknownInterval::before));
    list
}

#[cfg(test)]
mod tests {
    use super::{
        RecordedEvent, Statistics, UnknownInterval, absences, silences, statistics, until,
        unwatched,
    };
    use crate::events::timeline::{Gaps, Interval, Leader, LeaderChange, timeline as led};
    use crate::inventory::{Kind, ResourceKey};
    use crate::severity::Severity;
    use chrono::{DateTime, TimeDelta, Utc};
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    fn event(second: i64, severity: Severity) -> RecordedEvent<'static> {
        RecordedEvent {
            resource: None,
            at: at(second),
            number: 0,
            severity,
            unseen_since: None,
            is_compared: false,
        }
    }

    /// One second per character: leader `a` or `b`, `-` for no leader, `?` for an unknown one.
    fn timeline(text: &str) -> Vec<Interval> {
        let seconds = (0_i64..).zip(text.chars());
        let interval = |(second, c): (i64, char)| Interval {
            from: at(second),
            to: at(second + 1),
            leader: match c {
                '-' => Leader::Nobody,
                '?' => Leader::Unknown,
                c => Leader::Named(c.to_string()),
            },
        };
        let mut timeline: Vec<Interval> = Vec::new();
        for interval in seconds.map(interval) {
            match timeline
                .last_mut()
                .filter(|last| last.leader == interval.leader)
            {
                Some(last) => last.to = interval.to,
                None => timeline.push(interval),
            }
        }
        timeline
    }

    #[test]
    fn statistics_count_failovers_and_the_time_without_a_leader() {
        let seconds = TimeDelta::seconds;
        for (text, failovers, leaderless, longest, recoveries, mean, unknown) in [
            ("aaaa", 0, 0, 0, 0, None, 0),
            ("aabb", 1, 0, 0, 0, None, 0),
            ("abab", 3, 0, 0, 0, None, 0),
            // The same leader returns: a recovery without a failover.
            ("a--a", 0, 2, 2, 1, Some(2), 0),
            ("a--b--a", 2, 4, 2, 2, Some(2), 0),
            // Not a recovery if its beginning or its end was not observed.
            ("a--", 0, 2, 2, 0, None, 0),
            ("--a", 0, 2, 2, 0, None, 0),
            ("a-?a", 0, 1, 1, 0, None, 1),
            ("a??b", 1, 0, 0, 0, None, 2),
            ("????", 0, 0, 0, 0, None, 4),
        ] {
            let expected = Statistics {
                failovers,
                leaderless: seconds(leaderless),
                longest: seconds(longest),
                recoveries,
                mean_recovery: mean.map(seconds),
                unknown: seconds(unknown),
            };
            assert_eq!(statistics(&timeline(text), None), expected, "{text}");
        }
        let mean = statistics(&timeline("a-b---a"), None).mean_recovery;
        assert_eq!(mean, Some(seconds(2)));
    }

    #[test]
    fn a_failover_between_two_adjacent_periods_counts_in_one_of_them() {
        let change = |second: i64, before: &str, after: &str| {
            let named = |id: &str| (!id.is_empty()).then(|| id.to_owned());
            LeaderChange::new(Kind::FailoverGroup, at(second), named(before), named(after))
        };
        let of_period = |changes: &[LeaderChange], from, to| {
            let b = Leader::Named("b".to_owned());
            let timeline = led(changes, &b, &Gaps::default(), at(from), at(100));
            statistics(&until(timeline, at(to)), None)
        };
        for changes in [
            vec![change(50, "a", "b")],
            vec![change(50, "a", ""), change(60, "", "b")],
            vec![change(50, "a", ""), change(50, "", "b")],
        ] {
            let count = |from, to| of_period(&changes, from, to).failovers;
            assert_eq!((count(0, 50), count(50, 100)), (0, 1), "{changes:?}");
        }
        // The timeline begins without a leader, after a known one.
        for (led_before, failovers) in [("a", 1), ("b", 0)] {
            let statistics = statistics(&timeline("--b"), Some(led_before));
            assert_eq!(
                (statistics.failovers, statistics.recoveries),
                (failovers, 0)
            );
        }
        // No leader before, or an unknown one.
        assert_eq!(of_period(&[change(50, "", "b")], 50, 100).failovers, 0);
        // The same leader returns.
        let back = [change(50, "b", ""), change(60, "", "b")];
        let statistics = of_period(&back, 50, 100);
        assert_eq!((statistics.failovers, statistics.recoveries), (0, 1));
    }

    #[test]
    fn until_cuts_a_timeline() {
        let cut = until(timeline("aabb"), at(3));
        assert_eq!(cut, timeline("aab"));
        assert_eq!(until(timeline("aabb"), at(2)), timeline("aa"));
    }

    #[test]
    fn a_connection_is_silent_from_the_beginning_to_the_end_of_its_alarm() {
        let key = |kind| ResourceKey {
            kind,
            connection: "live".to_owned(),
            id: "live".to_owned(),
        };
        let (own, of_group) = (key(Kind::Connection), key(Kind::SlicerGroup));
        let event = |resource, second, number, severity| RecordedEvent {
            resource,
            number,
            ..event(second, severity)
        };
        let noticed = RecordedEvent {
            unseen_since: Some(at(44)),
            ..event(Some(&own), 50, 5, Severity::Critical)
        };
        let intervals = silences([
            event(None, 70, 7, Severity::Critical),
            event(Some(&of_group), 60, 6, Severity::Critical),
            noticed,
            // Removed from the configuration.
            event(Some(&own), 42, 4, Severity::Off),
            event(Some(&own), 40, 4, Severity::Warning),
            event(Some(&own), 30, 4, Severity::Normal),
            // The alarm worsened.
            event(Some(&own), 20, 3, Severity::Critical),
            event(Some(&of_group), 20, 2, Severity::Normal),
            event(Some(&own), 10, 1, Severity::Unknown),
            // The beginning of this alarm is no longer stored.
            event(Some(&own), 5, 0, Severity::Normal),
        ]);
        let unseen = |from, to| UnknownInterval {
            from,
            to,
            is_compared: true,
        };
        let last = DateTime::<Utc>::MAX_UTC;
        let expected = [
            // From the last response, not from when the silence was noticed.
            unseen(at(44), last),
            unseen(at(40), at(42)),
            unseen(at(10), at(30)),
            UnknownInterval::before(at(5)),
        ];
        assert_eq!(Gaps::of(intervals), Gaps::of(expected.to_vec()));
    }

    #[test]
    fn a_resource_is_absent_before_it_appears_and_after_it_disappears() {
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        for (events, expected) in [
            (vec![], vec![]),
            (vec![(10, true)], vec![(first, at(10))]),
            (vec![(20, false)], vec![(at(20), last)]),
            (
                vec![(10, true), (20, false), (30, true)],
                vec![(at(20), at(30)), (first, at(10))],
            ),
            (
                vec![(10, false), (20, true), (30, false)],
                vec![(at(30), last), (at(10), at(20))],
            ),
        ] {
            let numbered = (1..).zip(&events);
            let intervals = absences(numbered.map(|(number, (second, appeared))| {
                let severity = if *appeared {
                    Severity::Critical
                } else {
                    Severity::Unknown
                };
                RecordedEvent {
                    number,
                    ..event(*second, severity)
                }
            }));
            let intervals: Vec<_> = intervals.iter().map(|one| (one.from, one.to)).collect();
            assert_eq!(intervals, expected, "{events:?}");
        }
    }

    #[test]
    fn a_resource_that_is_readable_again_was_unknown_and_compared() {
        let appeared = event(10, Severity::Normal);
        let read_again = RecordedEvent {
            unseen_since: Some(at(20)),
            // Its severity does not matter here.
            ..event(30, Severity::Unknown)
        };
        let intervals = Gaps::of(absences([appeared, read_again]));
        let gap = |from, to, is_compared| UnknownInterval {
            from,
            to,
            is_compared,
        };
        let expected = [
            gap(DateTime::<Utc>::MIN_UTC, at(10), false),
            gap(at(20), at(30), true),
        ];
        assert_eq!(intervals, Gaps::of(expected.to_vec()));
    }

    #[test]
    fn nothing_is_watched_before_a_start() {
        let restart = |second, is_compared| RecordedEvent {
            unseen_since: Some(at(second - 200)),
            is_compared,
            ..event(second, Severity::Unknown)
        };
        let first = event(100, Severity::Unknown);
        let intervals = unwatched([restart(900, true), restart(500, false), first]);
        let gap = |from, to, is_compared| UnknownInterval {
            from,
            to,
            is_compared,
        };
        let expected = [
            gap(at(700), at(900), true),
            gap(at(300), at(500), false),
            gap(DateTime::<Utc>::MIN_UTC, at(100), false),
        ];
        assert_eq!(intervals, expected);
    }

    proptest! {
        #[test]
        fn no_time_is_counted_twice(text in "[ab?-]{1,40}") {
            let statistics = statistics(&timeline(&text), None);
            let count = |c: char| text.chars().filter(|one| *one == c).count() as i64;
            prop_assert_eq!(statistics.leaderless.num_seconds(), count('-'));
            prop_assert_eq!(statistics.unknown.num_seconds(), count('?'));
            prop_assert!(statistics.longest <= statistics.leaderless);
            prop_assert_eq!(statistics.mean_recovery.is_some(), statistics.recoveries > 0);
        }
    }
}
