//! The timeline of a resource's leaders, from the observed changes and the unobserved intervals.

use super::report::UnknownInterval;
use crate::inventory::Kind;
use crate::slicers::SLATE;
use crate::sort;
use chrono::{DateTime, TimeDelta, Utc};

/// The leader of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leader {
    /// The primary session, or the slicer on air.
    Named(String),
    /// No session is primary, or the slate is on air.
    Nobody,
    /// Not watched, no response, or not reported.
    Unknown,
}

impl Leader {
    /// The leader that a reading or an event names. For slicers, the slate means no leader, and no name unknown.
    #[must_use]
    pub fn of(kind: Kind, named: Option<String>) -> Self {
        match (kind, named) {
            (Kind::SlicerGroup, None) => Self::Unknown,
            (_, None) => Self::Nobody,
            (Kind::SlicerGroup, Some(named)) if named == SLATE => Self::Nobody,
            (_, Some(named)) => Self::Named(named),
        }
    }
}

/// An interval with one leader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The beginning.
    pub from: DateTime<Utc>,
    /// The end.
    pub to: DateTime<Utc>,
    /// The leader.
    pub leader: Leader,
}

/// A change of the leader, such as a failover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderChange {
    /// Time of the change.
    pub at: DateTime<Utc>,
    /// The leader before.
    pub before: Leader,
    /// The leader after.
    pub after: Leader,
}

impl LeaderChange {
    /// The change that an event of this kind of resource records.
    #[must_use]
    pub fn new(
        kind: Kind,
        at: DateTime<Utc>,
        before: Option<String>,
        after: Option<String>,
    ) -> Self {
        Self {
            at,
            before: Leader::of(kind, before),
            after: Leader::of(kind, after),
        }
    }
}

/// The intervals in which the leader was not observed, sorted and without overlaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gaps(Vec<UnknownInterval>);

impl Gaps {
    /// Sorts and merges intervals, which may overlap.
    #[must_use]
    pub fn of(mut unknown: Vec<UnknownInterval>) -> Self {
        unknown.retain(|one| one.from < one.to);
        sort(&mut unknown, |one, other| one.from.cmp(&other.from));
        let mut apart: Vec<UnknownInterval> = Vec::new();
        for one in unknown {
            match apart.last_mut().filter(|last| one.from <= last.to) {
                Some(last) => {
                    last.to = last.to.max(one.to);
                    last.is_compared &= one.is_compared;
                }
                None => apart.push(one),
            }
        }
        Self(apart)
    }

    /// These gaps together with others.
    #[must_use]
    pub fn and(&self, others: impl IntoIterator<Item = UnknownInterval>) -> Self {
        Self::of(self.0.iter().copied().chain(others).collect())
    }

    /// The gaps between two times, cut to these.
    fn between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = UnknownInterval> {
        let first = self.0.partition_point(|gap| gap.to <= from);
        let inside = self.0.iter().skip(first);
        let inside = inside.take(
            self.0
                .partition_point(|gap| gap.from < to)
                .saturating_sub(first),
        );
        inside.map(move |gap| UnknownInterval {
            from: gap.from.max(from),
            to: gap.to.min(to),
            ..*gap
        })
    }
}

/// Length of an interval that is not visible but must not be empty.
const MOMENT: TimeDelta = TimeDelta::milliseconds(1);

/// An observed interval: between two gaps, or between a gap and an end of the timeline.
struct WatchedInterval {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// The interval around it, across compared gaps, in which no failover was missed.
    seen: (DateTime<Utc>, DateTime<Utc>),
}

/// The intervals between the gaps, with one at each end that may be empty.
fn watched(gaps: &Gaps, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<WatchedInterval> {
    let mut list = Vec::new();
    let (mut begin, mut seen_from) = (from, from);
    let mut end_at = |end: DateTime<Utc>, gap: Option<UnknownInterval>| {
        list.push(WatchedInterval {
            from: begin,
            to: end,
            seen: (seen_from, to),
        });
        if let Some(gap) = gap {
            begin = gap.to;
            if !gap.is_compared {
                seen_from = gap.to;
            }
        }
    };
    for gap in gaps.between(from, to) {
        end_at(gap.from, Some(gap));
    }
    end_at(to, None);
    let mut later: Option<(DateTime<Utc>, DateTime<Utc>)> = None;
    for watched in list.iter_mut().rev() {
        if let Some((seen_from, seen_to)) = later {
            let is_same = watched.seen.0 == seen_from;
            watched.seen.1 = if is_same { seen_to } else { watched.to };
        }
        later = Some(watched.seen);
    }
    list
}

/// The leaders between two times, as adjacent intervals. `changes` are sorted by time; `leader` is the last leader.
///
/// The leader of an observed interval comes from the changes within it. Without any, it comes from the nearest change
/// on a side that was compared with it, or from both sides if they agree. Across a gap that was not compared, one side
/// proves nothing: the leader after a restart may have changed during it.
///
/// If the leader changed exactly at the beginning, the previous leader comes first in an interval of length zero,
/// because no earlier period contains that change.
#[must_use]
pub fn timeline(
    changes: &[LeaderChange],
    leader: &Leader,
    gaps: &Gaps,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<Interval> {
    let first = changes.partition_point(|change| change.at < from);
    let end = changes.partition_point(|change| change.at < to);
    let inside = changes.get(first..end).unwrap_or_default();
    let is_watched = gaps
        .between(from, to)
        .next()
        .is_none_or(|gap| gap.from > from);
    let led_until = inside.first().filter(|first| {
        let is_named = matches!(first.before, Leader::Named(_));
        first.at == from && is_named && is_watched
    });
    let led_until = led_until.map(|first| Interval {
        from,
        to: from,
        leader: first.before.clone(),
    });
    let mut intervals: Vec<Interval> = led_until.into_iter().collect();
    let mut add = |from: DateTime<Utc>, to: DateTime<Utc>, leader: &Leader| {
        if from >= to {
            return;
        }
        match intervals.last_mut().filter(|last| last.leader == *leader) {
            Some(last) => last.to = to,
            None => intervals.push(Interval {
                from,
                to,
                leader: leader.clone(),
            }),
        }
    };
    // Number of changes before the end of the intervals handled so far.
    let mut until = 0;
    let mut unknown_from = from;
    for mut watched in watched(gaps, from, to) {
        // A change in the last response before a gap was observed: show its new leader for a moment.
        let change_at_end = inside.binary_search_by(|change| change.at.cmp(&watched.to));
        if change_at_end.is_ok() && watched.from < watched.to {
            watched.to += MOMENT;
        }
        add(unknown_from, watched.from, &Leader::Unknown);
        unknown_from = watched.to;
        let count = |count: usize, time: DateTime<Utc>| {
            let rest = inside.iter().skip(count);
            count + rest.take_while(|change| change.at < time).count()
        };
        let before = count(until, watched.from);
        until = count(before, watched.to);
        let within = inside.get(before..until).unwrap_or_default();
        if let Some(first) = within.first() {
            add(watched.from, first.at, &first.before);
            let ends = within.iter().skip(1).map(|next| next.at);
            for (one, end) in within.iter().zip(ends.chain([watched.to])) {
                add(one.at, end, &one.after);
            }
            continue;
        }
        let last = before.checked_sub(1).and_then(|last| inside.get(last));
        let next = inside.get(until);
        let left = last.map(|last| &last.after);
        let right = next.map_or(leader, |next| &next.before);
        let (seen_from, seen_to) = watched.seen;
        let is_left_seen = last.is_some_and(|last| last.at >= seen_from);
        let is_right_seen = next.map_or(seen_to == to, |next| next.at < seen_to);
        let found = match (is_left_seen, is_right_seen) {
            _ if watched.to == to || left == Some(right) => right,
            (true, false) => left.unwrap_or(&Leader::Unknown),
            (false, true) => right,
            _ => &Leader::Unknown,
        };
        add(watched.from, watched.to, found);
    }
    intervals
}

#[cfg(test)]
mod tests {
    use super::{Gaps, Interval, Leader, LeaderChange, MOMENT, timeline};
    use crate::events::UnknownInterval;
    use crate::inventory::Kind;
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    fn change(second: i64, before: &str, after: &str) -> LeaderChange {
        LeaderChange {
            at: at(second),
            before: leader(before),
            after: leader(after),
        }
    }

    /// An empty id for no leader, `?` for an unknown one.
    fn leader(id: &str) -> Leader {
        match id {
            "" => Leader::Nobody,
            "?" => Leader::Unknown,
            id => Leader::Named(id.to_owned()),
        }
    }

    /// An interval in which no gateway ran.
    fn restart(from: i64, to: i64) -> UnknownInterval {
        UnknownInterval {
            from: at(from),
            to: at(to),
            is_compared: false,
        }
    }

    /// An interval in which the connection did not answer.
    fn silence(from: i64, to: i64) -> UnknownInterval {
        UnknownInterval {
            is_compared: true,
            ..restart(from, to)
        }
    }

    /// The intervals as text: `0-40 a`.
    fn words(intervals: &[Interval]) -> Vec<String> {
        let word = |led: &Leader| match led {
            Leader::Named(id) => id.clone(),
            Leader::Nobody => "nobody".to_owned(),
            Leader::Unknown => "?".to_owned(),
        };
        let each = intervals.iter().map(|one| {
            let (from, to) = (one.from.timestamp(), one.to.timestamp());
            format!("{from}-{to} {}", word(&one.leader))
        });
        each.collect()
    }

    #[test]
    fn a_change_in_the_last_response_before_a_silence_is_shown() {
        let gaps = Gaps::of(vec![silence(18, 78)]);
        let intervals = timeline(&[change(18, "a", "b")], &leader("b"), &gaps, at(8), at(78));
        assert_eq!(words(&intervals), ["8-18 a", "18-18 b", "18-78 ?"]);
    }

    #[test]
    fn the_timeline_is_complete_from_beginning_to_end() {
        for (changes, unknown, expected) in [
            (vec![], vec![], vec!["0-100 now"]),
            (
                vec![change(40, "a", "b")],
                vec![],
                vec!["0-40 a", "40-100 b"],
            ),
            (
                vec![change(40, "a", ""), change(50, "", "b")],
                vec![],
                vec!["0-40 a", "40-50 nobody", "50-100 b"],
            ),
            // A restart before the first reading, and a silence.
            (
                vec![change(70, "a", "b")],
                vec![restart(-9_999, 20), silence(30, 60)],
                vec!["0-20 ?", "20-30 a", "30-60 ?", "60-70 a", "70-100 b"],
            ),
            // Changes outside the period have no effect.
            (
                vec![change(-5, "x", "now"), change(100, "now", "y")],
                vec![],
                vec!["0-100 now"],
            ),
            (vec![change(40, "a", "a")], vec![], vec!["0-100 a"]),
            // An unreported leader.
            (
                vec![change(40, "a", "?"), change(50, "?", "b")],
                vec![],
                vec!["0-40 a", "40-50 ?", "50-100 b"],
            ),
        ] {
            let intervals = timeline(&changes, &leader("now"), &Gaps::of(unknown), at(0), at(100));
            assert_eq!(words(&intervals), expected);
        }
    }

    #[test]
    fn a_slate_is_no_leader_and_an_unreported_slicer_is_unknown() {
        for (kind, named, expected) in [
            (Kind::FailoverGroup, Some("a"), "a"),
            (Kind::FailoverGroup, Some("slate"), "slate"),
            (Kind::FailoverGroup, None, ""),
            (Kind::SlicerGroup, Some("a"), "a"),
            (Kind::SlicerGroup, Some("slate"), ""),
            (Kind::SlicerGroup, None, "?"),
        ] {
            let intervals = Leader::of(kind, named.map(str::to_owned));
            assert_eq!(intervals, leader(expected), "{kind:?} {named:?}");
        }
    }

    #[test]
    fn unobserved_intervals_are_not_guessed_from_their_neighbours() {
        let changes = vec![change(10, "a", "b")];
        let both = vec![change(10, "a", "b"), change(90, "c", "d")];
        for (changes, now, unknown, expected) in [
            // The end of b's lead is not known, but that there is no leader now is observed.
            (
                changes.clone(),
                "",
                vec![restart(30, 60)],
                vec!["0-10 a", "10-30 b", "30-60 ?", "60-100 nobody"],
            ),
            (
                changes.clone(),
                "",
                vec![silence(30, 60)],
                vec!["0-10 a", "10-30 b", "30-60 ?", "60-100 nobody"],
            ),
            // Between two restarts, with agreeing and with different sides.
            (
                changes.clone(),
                "b",
                vec![restart(70, 80), restart(30, 60)],
                vec![
                    "0-10 a", "10-30 b", "30-60 ?", "60-70 b", "70-80 ?", "80-100 b",
                ],
            ),
            (
                changes.clone(),
                "",
                vec![restart(30, 60), restart(70, 80)],
                vec!["0-10 a", "10-30 b", "30-80 ?", "80-100 nobody"],
            ),
            (
                both.clone(),
                "d",
                vec![restart(30, 60), restart(70, 80)],
                vec!["0-10 a", "10-30 b", "30-80 ?", "80-90 c", "90-100 d"],
            ),
            // The leader after a restart may have changed during it.
            (
                vec![],
                "b",
                vec![restart(30, 60)],
                vec!["0-60 ?", "60-100 b"],
            ),
            (
                vec![change(70, "a", "b")],
                "b",
                vec![restart(30, 60)],
                vec!["0-60 ?", "60-70 a", "70-100 b"],
            ),
            // A silence is compared: the leaders before and after it are known.
            (
                vec![],
                "b",
                vec![silence(30, 60), silence(70, 99_999)],
                vec!["0-30 b", "30-60 ?", "60-70 b", "70-100 ?"],
            ),
            (
                changes.clone(),
                "",
                vec![silence(30, 60), restart(70, 80)],
                vec![
                    "0-10 a",
                    "10-30 b",
                    "30-60 ?",
                    "60-70 b",
                    "70-80 ?",
                    "80-100 nobody",
                ],
            ),
            (
                changes,
                "",
                vec![restart(20, 40), silence(50, 60)],
                vec![
                    "0-10 a",
                    "10-20 b",
                    "20-40 ?",
                    "40-50 nobody",
                    "50-60 ?",
                    "60-100 nobody",
                ],
            ),
            // A silence with a restart within it.
            (
                vec![],
                "b",
                vec![silence(20, 60), restart(30, 40), restart(60, 60)],
                vec!["0-60 ?", "60-100 b"],
            ),
        ] {
            let gaps = Gaps::of(unknown);
            let intervals = timeline(&changes, &leader(now), &gaps, at(0), at(100));
            assert_eq!(words(&intervals), expected, "{changes:?} {gaps:?}");
        }
    }

    /// A search through all gaps for each bound would take minutes.
    #[test]
    fn many_gaps_and_changes_are_handled_quickly() {
        let gaps = Gaps::of((0..200_000).map(|n| silence(10 * n, 10 * n + 1)).collect());
        let changes: Vec<_> = (0..200_000).map(|n| change(10 * n + 5, "a", "a")).collect();
        let intervals = timeline(&changes, &leader("a"), &gaps, at(0), at(2_000_000));
        assert_eq!(intervals.len(), 400_000);
        let intervals = timeline(&changes, &leader("a"), &gaps, at(999_995), at(1_000_002));
        assert_eq!(
            words(&intervals),
            ["999995-1000000 a", "1000000-1000001 ?", "1000001-1000002 a"]
        );
    }

    proptest! {
        #[test]
        fn intervals_are_adjacent_and_gaps_are_unknown(
            changes in prop::collection::btree_map(-20_i64..120, ("[ab]?", "[ab]?"), 0..6),
            unknown in prop::collection::vec((-20_i64..120, 0_i64..50, any::<bool>()), 0..4),
        ) {
            let changes: Vec<_> = changes
                .into_iter()
                .map(|(second, (before, after))| change(second, &before, &after))
                .collect();
            let unknown: Vec<_> = unknown
                .into_iter()
                .map(|(begin, lasts, is_compared)| UnknownInterval {
                    is_compared,
                    ..restart(begin, begin + lasts)
                })
                .collect();
            let gaps = Gaps::of(unknown.clone());
            let intervals = timeline(&changes, &Leader::Nobody, &gaps, at(0), at(100));
            for one in &unknown {
                let meets = |intervals: &&Interval| intervals.from < one.to && one.from + MOMENT < intervals.to;
                let mut inside = intervals.iter().filter(meets);
                prop_assert!(one.from >= one.to || inside.all(|intervals| intervals.leader == Leader::Unknown));
            }
            prop_assert_eq!(intervals.first().map(|one| one.from), Some(at(0)));
            prop_assert_eq!(intervals.last().map(|one| one.to), Some(at(100)));
            for (one, next) in intervals.iter().zip(intervals.iter().skip(1)) {
                prop_assert_eq!(one.to, next.from);
                prop_assert!(one.leader != next.leader);
            }
        }
    }
}
