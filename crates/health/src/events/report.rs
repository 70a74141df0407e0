//! What a time was like: how often a resource failed over, how long nobody led it, how soon that was over. And what is
//! told of when nobody could see it.

use super::timeline::{Interval, Leader};
use crate::inventory::{Kind, ResourceKey};
use crate::severity::Severity;
use crate::sort;
use chrono::{DateTime, TimeDelta, Utc};

/// A time in which nobody could see who leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownInterval {
    /// Its beginning.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// Whether what was read before it was compared with what was read after it. Where it was not, a failover within is
    /// in no leader change.
    pub is_compared: bool,
}

impl UnknownInterval {
    /// What was before, nobody saw.
    #[must_use]
    pub fn before(at: DateTime<Utc>) -> Self {
        Self {
            from: DateTime::<Utc>::MIN_UTC,
            to: at,
            is_compared: false,
        }
    }

    /// What has been since, nobody has seen yet.
    #[must_use]
    pub fn since(at: DateTime<Utc>) -> Self {
        Self {
            from: at,
            to: DateTime::<Utc>::MAX_UTC,
            is_compared: true,
        }
    }
}

/// What a time was like for one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Record {
    /// How often another one led than before.
    pub failovers: usize,
    /// How long nobody led.
    pub without: TimeDelta,
    /// The longest time in which nobody led.
    pub longest: TimeDelta,
    /// How often that was seen to end.
    pub recoveries: usize,
    /// How long it took on average, where it was seen to end.
    pub mean_recovery: Option<TimeDelta>,
    /// How long it is not known who led.
    pub unknown: TimeDelta,
}

/// What a timeline tells. A time without a leader that begins or ends with one that is not known, or with the timeline, counts
/// as long as it was seen, and not as one that was recovered from. `led_before` is who led last where nobody does at the
/// beginning: a failover counts when the next one leads.
#[must_use]
pub fn record(timeline: &[Interval], led_before: Option<&str>) -> Record {
    let mut record = Record::default();
    let mut last_leader = led_before;
    let mut recovered = TimeDelta::zero();
    for (place, interval) in timeline.iter().enumerate() {
        let lasted = interval.to.signed_duration_since(interval.from);
        match &interval.leader {
            Leader::Named(leader) => {
                record.failovers += usize::from(last_leader.is_some_and(|last| last != leader));
                last_leader = Some(leader);
            }
            Leader::Nobody => {
                record.without += lasted;
                record.longest = record.longest.max(lasted);
                let is_led = |place: Option<usize>| {
                    let interval = place.and_then(|place| timeline.get(place));
                    interval.is_some_and(|interval| matches!(interval.leader, Leader::Named(_)))
                };
                if is_led(place.checked_sub(1)) && is_led(Some(place + 1)) {
                    record.recoveries += 1;
                    recovered += lasted;
                }
            }
            Leader::Unknown => record.unknown += lasted,
        }
    }
    record.mean_recovery = i32::try_from(record.recoveries)
        .ok()
        .and_then(|recoveries| recovered.checked_div(recoveries));
    record
}

/// The part of a timeline that ends no later than this.
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

/// When no gateway watched: before each of these starts, back to when one last did; before the first one for ever.
#[must_use]
pub fn unwatched(
    starts: impl IntoIterator<Item = (DateTime<Utc>, Option<DateTime<Utc>>)>,
) -> Vec<UnknownInterval> {
    let starts = starts.into_iter();
    starts
        .map(|(start, last)| UnknownInterval {
            from: last.unwrap_or(DateTime::<Utc>::MIN_UTC),
            to: start,
            is_compared: false,
        })
        .collect()
}

/// What is recorded of an alarm or of the coming and going of a group.
#[derive(Debug, Clone, Copy)]
pub struct RecordedEvent<'a> {
    /// Of what; `None` where it concerns all.
    pub resource: Option<&'a ResourceKey>,
    /// When.
    pub at: DateTime<Utc>,
    /// The number of its entry.
    pub number: i64,
    /// How bad.
    pub severity: Severity,
    /// Since when nobody had seen what happened; `None` where it does not say.
    pub unseen_since: Option<DateTime<Utc>>,
}

impl RecordedEvent<'_> {
    /// From when on nobody saw what happened.
    fn unseen_from(&self) -> DateTime<Utc> {
        self.unseen_since.map_or(self.at, |at| at.min(self.at))
    }
}

/// Whether the alarms of this resource tell when its connection did not answer. A group may have the id or the name of
/// its connection, and be among what was asked for by these.
#[must_use]
pub fn tells_silence(resource: Option<&ResourceKey>) -> bool {
    resource.is_some_and(|key| key.kind == Kind::Connection)
}

/// When a connection did not answer, by the events of alarms, of which those of others count for nothing, and of which an
/// end is Normal (see `of_alarms`). An alarm that goes on has no end.
#[must_use]
pub fn silences<'a>(alarms: impl IntoIterator<Item = RecordedEvent<'a>>) -> Vec<UnknownInterval> {
    let alarms = alarms.into_iter();
    let own = alarms.filter(|alarm| tells_silence(alarm.resource));
    intervals(own.collect(), |alarm| {
        // Who is watched no longer is not silent: when its resources were not listed they say themselves.
        matches!(alarm.severity, Severity::Normal | Severity::Off)
    })
}

/// When a resource was not listed or could not be read, by the events of its coming and going, which are Unknown where it
/// went (see `gone`), and of its being read again (see `read_again`). Before it first came it was not listed, nor since it
/// went last.
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

/// From each beginning to the next end, newest first. What ends first has begun before all that is known.
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
        Record, RecordedEvent, UnknownInterval, absences, record, silences, until, unwatched,
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
        }
    }

    /// `a` and `b` lead, `-` is nobody, `?` is not known: a second each.
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
    fn a_record_counts_failovers_and_the_time_without_a_leader() {
        let seconds = TimeDelta::seconds;
        for (text, failovers, without, longest, recoveries, mean, unknown) in [
            ("aaaa", 0, 0, 0, 0, None, 0),
            ("aabb", 1, 0, 0, 0, None, 0),
            ("abab", 3, 0, 0, 0, None, 0),
            // The same one leads again: it recovered, and there was no failover.
            ("a--a", 0, 2, 2, 1, Some(2), 0),
            ("a--b--a", 2, 4, 2, 2, Some(2), 0),
            // How long it takes is not known where its beginning or end was not seen.
            ("a--", 0, 2, 2, 0, None, 0),
            ("--a", 0, 2, 2, 0, None, 0),
            ("a-?a", 0, 1, 1, 0, None, 1),
            ("a??b", 1, 0, 0, 0, None, 2),
            ("????", 0, 0, 0, 0, None, 4),
        ] {
            let expected = Record {
                failovers,
                without: seconds(without),
                longest: seconds(longest),
                recoveries,
                mean_recovery: mean.map(seconds),
                unknown: seconds(unknown),
            };
            assert_eq!(record(&timeline(text), None), expected, "{text}");
        }
        let mean = record(&timeline("a-b---a"), None).mean_recovery;
        assert_eq!(mean, Some(seconds(2)));
    }

    #[test]
    fn a_failover_at_the_edge_of_two_records_is_in_one_of_them() {
        let change = |second: i64, before: &str, after: &str| {
            let named = |id: &str| (!id.is_empty()).then(|| id.to_owned());
            LeaderChange::new(Kind::FailoverGroup, at(second), named(before), named(after))
        };
        let whole = |changes: &[LeaderChange], from, to| {
            let b = Leader::Named("b".to_owned());
            let told = led(changes, &b, &Gaps::default(), at(from), at(100));
            record(&until(told, at(to)), None)
        };
        for changes in [
            vec![change(50, "a", "b")],
            vec![change(50, "a", ""), change(60, "", "b")],
            vec![change(50, "a", ""), change(50, "", "b")],
        ] {
            let count = |from, to| whole(&changes, from, to).failovers;
            assert_eq!((count(0, 50), count(50, 100)), (0, 1), "{changes:?}");
        }
        // Somebody else led before nobody did.
        for (led_before, failovers) in [("a", 1), ("b", 0)] {
            let record = record(&timeline("--b"), Some(led_before));
            assert_eq!((record.failovers, record.recoveries), (failovers, 0));
        }
        // Nobody led until then, or it is not known.
        assert_eq!(whole(&[change(50, "", "b")], 50, 100).failovers, 0);
        // The same one leads again.
        let back = [change(50, "b", ""), change(60, "", "b")];
        let record = whole(&back, 50, 100);
        assert_eq!((record.failovers, record.recoveries), (0, 1));
    }

    #[test]
    fn a_lane_ends_where_it_is_cut() {
        let cut = until(timeline("aabb"), at(3));
        assert_eq!(cut, timeline("aab"));
        assert_eq!(until(timeline("aabb"), at(2)), timeline("aa"));
    }

    #[test]
    fn a_connection_is_silent_from_its_alarm_to_the_end_of_that() {
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
        let told = silences([
            event(None, 70, 7, Severity::Critical),
            event(Some(&of_group), 60, 6, Severity::Critical),
            noticed,
            // It was taken out of the configuration.
            event(Some(&own), 42, 4, Severity::Off),
            event(Some(&own), 40, 4, Severity::Warning),
            event(Some(&own), 30, 4, Severity::Normal),
            // It got worse.
            event(Some(&own), 20, 3, Severity::Critical),
            event(Some(&of_group), 20, 2, Severity::Normal),
            event(Some(&own), 10, 1, Severity::Unknown),
            // Its beginning is no longer kept.
            event(Some(&own), 5, 0, Severity::Normal),
        ]);
        let unseen = |from, to| UnknownInterval {
            from,
            to,
            is_compared: true,
        };
        let last = DateTime::<Utc>::MAX_UTC;
        let expected = [
            // From its last answer, and not from when that was noticed.
            unseen(at(44), last),
            unseen(at(40), at(42)),
            unseen(at(10), at(30)),
            UnknownInterval::before(at(5)),
        ];
        assert_eq!(Gaps::of(told), Gaps::of(expected.to_vec()));
    }

    #[test]
    fn a_resource_is_absent_before_it_came_and_after_it_went() {
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
            let told = absences(numbered.map(|(number, (second, has_come))| {
                let severity = if *has_come {
                    Severity::Critical
                } else {
                    Severity::Unknown
                };
                RecordedEvent {
                    number,
                    ..event(*second, severity)
                }
            }));
            let told: Vec<_> = told.iter().map(|one| (one.from, one.to)).collect();
            assert_eq!(told, expected, "{events:?}");
        }
    }

    #[test]
    fn a_resource_that_is_read_again_was_there_and_not_known() {
        let came = event(10, Severity::Normal);
        let read_again = RecordedEvent {
            unseen_since: Some(at(20)),
            // How bad it is says nothing here.
            ..event(30, Severity::Unknown)
        };
        let told = Gaps::of(absences([came, read_again]));
        let gap = |from, to, is_compared| UnknownInterval {
            from,
            to,
            is_compared,
        };
        let expected = [
            gap(DateTime::<Utc>::MIN_UTC, at(10), false),
            gap(at(20), at(30), true),
        ];
        assert_eq!(told, Gaps::of(expected.to_vec()));
    }

    #[test]
    fn before_a_start_nobody_watched() {
        let told = unwatched([(at(500), Some(at(300))), (at(100), None)]);
        let told: Vec<_> = told.iter().map(|one| (one.from, one.to)).collect();
        assert_eq!(
            told,
            [(at(300), at(500)), (DateTime::<Utc>::MIN_UTC, at(100))]
        );
    }

    proptest! {
        #[test]
        fn no_time_is_counted_twice(text in "[ab?-]{1,40}") {
            let record = record(&timeline(&text), None);
            let count = |c: char| text.chars().filter(|one| *one == c).count() as i64;
            prop_assert_eq!(record.without.num_seconds(), count('-'));
            prop_assert_eq!(record.unknown.num_seconds(), count('?'));
            prop_assert!(record.longest <= record.without);
            prop_assert_eq!(record.mean_recovery.is_some(), record.recoveries > 0);
        }
    }
}
