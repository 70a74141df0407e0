//! Freshness of a source's latest response, by its age.

use chrono::TimeDelta;

/// Freshness of a source's latest response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// At most two intervals old.
    Live,
    /// Older than two intervals.
    Aging,
    /// Older than three intervals and 15 s: kept, but no longer believed.
    Stale,
    /// Older than 60 s and three intervals, or never received.
    NoData,
}

/// The earliest age at which a response is stale, however short the interval.
const STALE: TimeDelta = TimeDelta::seconds(15);

/// The age after which there is no data, unless three intervals are longer.
const NO_DATA: TimeDelta = TimeDelta::seconds(60);

/// A response further in the future than this dates from before the clock was set back, so its age is unknown.
/// Synchronised clocks differ by less.
pub(crate) const AHEAD: TimeDelta = NO_DATA;

/// The freshness of a response with this age; `None` if there has never been one. An interval of more than 20 s extends
/// every limit: data that is read every five minutes is not gone after one.
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

/// The greatest age with the same freshness as this age; `None` if the freshness no longer changes.
#[must_use]
pub fn as_fresh_until(age: TimeDelta, interval: TimeDelta) -> Option<TimeDelta> {
    if is_unknown(age) {
        return Some(-AHEAD - TimeDelta::milliseconds(1));
    }
    limits(interval).into_iter().find(|limit| age <= *limit)
}

/// Whether the age belongs to a response from before the clock was set back.
#[must_use]
pub fn is_unknown(age: TimeDelta) -> bool {
    age < -AHEAD
}

/// The greatest ages of a live, an aging and a stale response.
fn limits(interval: TimeDelta) -> [TimeDelta; 3] {
    let times = |n: i32| interval.checked_mul(n).unwrap_or(TimeDelta::MAX);
    let stale = times(3).max(STALE);
    [times(2), stale, NO_DATA.max(stale)]
}

impl Freshness {
    /// The displayed word, in capitals if the values are not believable.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Aging => "aging",
            Self::Stale => "STALE",
            Self::NoData => "NO DATA",
        }
    }

    /// Whether resources of this source may count as healthy.
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
    fn freshness_depends_on_age_and_interval() {
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
    fn as_fresh_until_returns_each_limit_exactly() {
        for interval in [2, 5].map(TimeDelta::seconds) {
            let mut age = TimeDelta::zero();
            let mut levels = vec![freshness(Some(age), interval)];
            while let Some(limit) = as_fresh_until(age, interval) {
                assert_eq!(freshness(Some(limit), interval), levels[levels.len() - 1]);
                age = limit + TimeDelta::milliseconds(1);
                levels.push(freshness(Some(age), interval));
            }
            let all = [
                Freshness::Live,
                Freshness::Aging,
                Freshness::Stale,
                Freshness::NoData,
            ];
            assert_eq!(levels, all, "{interval}");
        }
    }

    #[test]
    fn a_source_without_a_response_has_no_data() {
        assert_eq!(freshness(None, TimeDelta::seconds(5)), Freshness::NoData);
        assert_eq!(freshness(None, TimeDelta::MAX), Freshness::NoData);
    }

    #[test]
    fn unbelievable_freshness_is_in_capitals() {
        for (freshness, word, is_believed) in [
            (Freshness::Live, "live", true),
            (Freshness::Aging, "aging", true),
            (Freshness::Stale, "STALE", false),
            (Freshness::NoData, "NO DATA", false),
        ] {
            let actual = (freshness.word(), freshness.is_believable());
            assert_eq!(actual, (word, is_believed));
        }
    }

    #[test]
    fn future_ages_are_live_unless_the_clock_was_set_back() {
        for interval in [TimeDelta::MIN, TimeDelta::zero(), TimeDelta::MAX] {
            let _ = freshness(Some(TimeDelta::MAX), interval);
            let _ = freshness(Some(TimeDelta::MIN), interval);
        }
        let interval = TimeDelta::seconds(5);
        let of = |seconds| freshness(Some(TimeDelta::seconds(seconds)), interval);
        let levels = [-40, -60, -61, -3_600].map(of);
        let [live, stale] = [Freshness::Live, Freshness::Stale];
        assert_eq!(levels, [live, live, stale, stale]);
        let hour = TimeDelta::hours(-1);
        let limit = as_fresh_until(hour, interval).unwrap();
        assert_eq!(freshness(Some(limit), interval), stale);
        let later = limit + TimeDelta::milliseconds(1);
        assert_eq!(freshness(Some(later), interval), live);
    }
}
