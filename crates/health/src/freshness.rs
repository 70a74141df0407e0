//! How far the last answer of a source can be believed, by its age.

use chrono::TimeDelta;

/// How far the last answer of a source can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// As new as it should be.
    Live,
    /// Older than two intervals.
    Aging,
    /// Older than three intervals and 15 s: kept, and no longer believed.
    Stale,
    /// Older than 60 s and than three intervals, or there never was one.
    NoData,
}

/// Stale at the earliest after this, however short the interval.
const STALE: TimeDelta = TimeDelta::seconds(15);

/// No data after this, whatever the interval, unless three intervals are longer.
const NO_DATA: TimeDelta = TimeDelta::seconds(60);

/// What lies further ahead was read before the clock was set back: how old it is, nobody knows. Two clocks that agree with
/// each other differ by less.
pub(crate) const AHEAD: TimeDelta = NO_DATA;

/// Judges an answer's age; `None` when there never was one. An interval longer than 20 s moves every
/// limit out: what is asked once in five minutes is not gone after one.
#[must_use]
pub fn freshness(age: Option<TimeDelta>, interval: TimeDelta) -> Freshness {
    let [live, aging, stale] = limits(interval);
    match age {
        None => Freshness::NoData,
        Some(age) if age > stale => Freshness::NoData,
        Some(age) if age > aging || is_unknown(age) => Freshness::Stale,
        Some(age) if age > live => Freshness::Aging,
        Some(_) => Freshness::Live,
    }
}

/// The greatest age at which an answer of this age is still as fresh; `None` where it gets no older.
#[must_use]
pub fn as_fresh_until(age: TimeDelta, interval: TimeDelta) -> Option<TimeDelta> {
    if is_unknown(age) {
        return Some(-AHEAD - TimeDelta::milliseconds(1));
    }
    limits(interval).into_iter().find(|limit| age <= *limit)
}

/// Whether an age is that of an answer from before the clock was set back.
#[must_use]
pub fn is_unknown(age: TimeDelta) -> bool {
    age < -AHEAD
}

/// The greatest ages of what is live, aging and stale.
fn limits(interval: TimeDelta) -> [TimeDelta; 3] {
    let times = |n: i32| interval.checked_mul(n).unwrap_or(TimeDelta::MAX);
    let stale = times(3).max(STALE);
    [times(2), stale, NO_DATA.max(stale)]
}

impl Freshness {
    /// The word on the screen, in capitals where the values must not be relied on.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Aging => "aging",
            Self::Stale => "STALE",
            Self::NoData => "NO DATA",
        }
    }

    /// Whether a thing of this source may be counted as healthy.
    #[must_use]
    pub fn is_believable(self) -> bool {
        matches!(self, Self::Live | Self::Aging)
    }
}

#[cfg(test)]
mod tests {
    use super::{Freshness, as_fresh_until, freshness};
    use chrono::TimeDelta;

    #[test]
    fn an_answer_ages_by_its_interval() {
        for (age, interval, expected) in [
            (0, 5, Freshness::Live),
            (10_000, 5, Freshness::Live),
            (10_001, 5, Freshness::Aging),
            (15_000, 5, Freshness::Aging),
            (15_001, 5, Freshness::Stale),
            (60_000, 5, Freshness::Stale),
            (60_001, 5, Freshness::NoData),
            (4_001, 2, Freshness::Aging),
            (15_000, 2, Freshness::Aging),
            (15_001, 2, Freshness::Stale),
            (61_000, 300, Freshness::Live),
            (600_001, 300, Freshness::Aging),
            (900_001, 300, Freshness::NoData),
        ] {
            let age = Some(TimeDelta::milliseconds(age));
            assert_eq!(
                freshness(age, TimeDelta::seconds(interval)),
                expected,
                "{age:?} at {interval} s"
            );
        }
    }

    #[test]
    fn an_answer_is_as_fresh_as_it_is_until_a_limit_and_not_longer() {
        for interval in [2, 5].map(TimeDelta::seconds) {
            let mut age = TimeDelta::zero();
            let mut seen = vec![freshness(Some(age), interval)];
            while let Some(limit) = as_fresh_until(age, interval) {
                assert_eq!(freshness(Some(limit), interval), seen[seen.len() - 1]);
                age = limit + TimeDelta::milliseconds(1);
                seen.push(freshness(Some(age), interval));
            }
            let all = [
                Freshness::Live,
                Freshness::Aging,
                Freshness::Stale,
                Freshness::NoData,
            ];
            assert_eq!(seen, all, "{interval}");
        }
    }

    #[test]
    fn what_was_never_heard_is_no_data() {
        assert_eq!(freshness(None, TimeDelta::seconds(5)), Freshness::NoData);
        assert_eq!(freshness(None, TimeDelta::MAX), Freshness::NoData);
    }

    #[test]
    fn what_is_not_believed_is_written_in_capitals() {
        for (freshness, word, is_believed) in [
            (Freshness::Live, "live", true),
            (Freshness::Aging, "aging", true),
            (Freshness::Stale, "STALE", false),
            (Freshness::NoData, "NO DATA", false),
        ] {
            let told = (freshness.word(), freshness.is_believable());
            assert_eq!(told, (word, is_believed));
        }
    }

    #[test]
    fn an_answer_from_the_future_is_live_unless_the_clock_was_set_back_and_no_span_makes_it_panic()
    {
        for interval in [TimeDelta::MIN, TimeDelta::zero(), TimeDelta::MAX] {
            let _ = freshness(Some(TimeDelta::MAX), interval);
            let _ = freshness(Some(TimeDelta::MIN), interval);
        }
        let interval = TimeDelta::seconds(5);
        let of = |seconds| freshness(Some(TimeDelta::seconds(seconds)), interval);
        let seen = [-40, -60, -61, -3_600].map(of);
        let [live, stale] = [Freshness::Live, Freshness::Stale];
        assert_eq!(seen, [live, live, stale, stale]);
        let hour = TimeDelta::hours(-1);
        let limit = as_fresh_until(hour, interval).unwrap();
        assert_eq!(freshness(Some(limit), interval), stale);
        let later = limit + TimeDelta::milliseconds(1);
        assert_eq!(freshness(Some(later), interval), live);
    }
}
