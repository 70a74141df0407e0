//! Limits the number of refusals that are recorded: anybody can cause them, and they must not crowd out other records.

use super::MINUTE;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// The maximum number of records per minute, for each kind and person, or for everybody who is not signed in.
const MAX_PER_MINUTE: u32 = 60;

/// The maximum number of records per day and kind for everybody who is not signed in. The audit is kept forever.
const MAX_PER_DAY: u32 = 2_000;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The name without a sign-in.
const NOBODY: &str = "-";

/// The maximum number of people whose refusals are counted separately.
const MAX_PEOPLE: usize = 10_000;

/// A refusal to record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// The number of refusals before it that were not recorded.
    pub(crate) left_out: u64,
    /// Whether it is the last record of the day.
    pub(crate) is_last: bool,
}

/// The refusals of the current minute and day, by kind and person.
#[derive(Debug, Default)]
pub(super) struct Refusals(HashMap<(&'static str, String), Counts>);

#[derive(Debug)]
struct Counts {
    minute: (Instant, u32),
    day: (Instant, u32),
    left_out: u64,
}

impl Refusals {
    /// Counts a refusal. Returns whether to record it.
    pub(super) fn take(&mut self, what: &'static str, who: &str, now: Instant) -> Option<Recorded> {
        let is_over = |start: Instant, length| now.duration_since(start) >= length;
        if self.0.len() >= MAX_PEOPLE {
            self.0
                .retain(|(_, who), counts| who == NOBODY || !is_over(counts.minute.0, MINUTE));
        }
        let who = if self.0.len() < MAX_PEOPLE {
            who
        } else {
            NOBODY
        };
        let new = || Counts {
            minute: (now, 0),
            day: (now, 0),
            left_out: 0,
        };
        let counts = self.0.entry((what, who.to_owned())).or_insert_with(new);
        if is_over(counts.minute.0, MINUTE) {
            counts.minute = (now, 0);
        }
        if is_over(counts.day.0, DAY) {
            counts.day = (now, 0);
        }
        let is_limited = who == NOBODY;
        if counts.minute.1 >= MAX_PER_MINUTE || is_limited && counts.day.1 >= MAX_PER_DAY {
            counts.left_out += 1;
            return None;
        }
        counts.minute.1 += 1;
        counts.day.1 += 1;
        Some(Recorded {
            left_out: std::mem::take(&mut counts.left_out),
            is_last: is_limited && counts.day.1 == MAX_PER_DAY,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_and_kind_has_its_own_limit_per_minute() {
        let (mut refusals, begin) = (Refusals::default(), Instant::now());
        for (what, who) in [("a", "-"), ("b", "-"), ("a", "vic")] {
            let taken = (0..100).filter_map(|_| refusals.take(what, who, begin));
            assert_eq!(
                taken.map(|one| one.left_out).sum::<u64>(),
                0,
                "{what} {who}"
            );
            assert_eq!(refusals.take(what, who, begin), None, "{what} {who}");
        }
        let later = begin + MINUTE;
        let recorded = |left_out| {
            Some(Recorded {
                left_out,
                is_last: false,
            })
        };
        assert_eq!(refusals.take("a", "vic", later), recorded(41));
        assert_eq!(refusals.take("a", "vic", later), recorded(0));
        let of_many = (0..20_000).filter_map(|one| refusals.take("a", &one.to_string(), later));
        assert!(of_many.count() < MAX_PEOPLE + 100, "the rest share one");
        assert!(refusals.0.len() <= MAX_PEOPLE + 1);
    }

    #[test]
    fn refusals_without_a_sign_in_have_a_limit_per_day() {
        let (mut refusals, begin) = (Refusals::default(), Instant::now());
        let mut of_a_day = |day: u32| {
            let start = begin + DAY * day;
            let seconds = (0..24 * 3_600).map(|second| start + Duration::from_secs(second));
            let taken = seconds.filter_map(|now| {
                refusals.take("a", "vic", now);
                refusals.take("a", NOBODY, now)
            });
            taken.collect::<Vec<_>>()
        };
        for (day, left_out) in [(0, 0), (1, 24 * 3_600 - 2_000)] {
            let taken = of_a_day(day);
            let last: Vec<_> = (0..).zip(&taken).filter(|(_, one)| one.is_last).collect();
            assert_eq!((taken.len(), last.len(), last[0].0), (2_000, 1, 1_999));
            assert_eq!(taken[0].left_out, left_out);
        }
        let recorded = refusals.take("a", "vic", begin + DAY * 2).unwrap();
        assert_eq!((recorded.left_out, recorded.is_last), (0, false));
    }
}
