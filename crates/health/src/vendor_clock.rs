//! Estimates a vendor's clock from the `Date` headers of its responses, and converts its times. Pure.

use crate::schedule::Millis;
use chrono::{DateTime, TimeDelta, Utc};

/// The resolution of `Date`.
const SECOND: Millis = 1_000.0;

/// The largest difference of clocks that counts as none: `Date` has whole seconds, so a vendor's clock is known to
/// about a second. Up to this difference the vendor's times are shown unchanged, as on the vendor's own pages.
pub(crate) const SAME_CLOCK: TimeDelta = TimeDelta::milliseconds(1_500);

/// A larger difference of clocks is shown.
const SIGNIFICANT: TimeDelta = TimeDelta::seconds(5);

/// The vendor's clock minus the local one, as a range that every response narrows: the vendor read its clock between
/// request and response, and `Date` has whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VendorClock {
    range: Option<(Millis, Millis)>,
}

impl VendorClock {
    /// Adds a response: its times by the local clock, its `Date`, and its time in a cache (`Age`, in whole seconds).
    #[must_use]
    pub fn received(
        self,
        requested_at: Millis,
        received_at: Millis,
        date: Millis,
        cached: Millis,
    ) -> Self {
        let uncertainty = if cached > 0.0 { 2.0 * SECOND } else { SECOND };
        let new = (
            date + cached - received_at,
            date + cached + uncertainty - requested_at,
        );
        let narrowed = self
            .range
            .map(|(low, high)| (low.max(new.0), high.min(new.1)))
            // After the clock was set, earlier responses no longer apply.
            .filter(|(low, high)| low <= high);
        Self {
            range: Some(narrowed.unwrap_or(new)),
        }
    }

    /// The estimated difference of the vendor's clock to the local one; zero before the first response with a `Date`.
    #[must_use]
    pub fn offset(self) -> Millis {
        self.range
            .map_or(0.0, |(low, high)| f64::midpoint(low, high))
    }
}

/// Converts a time of the vendor's clock to the own one. A result outside the range of dates stays as it is.
#[must_use]
pub fn by_own_clock(at: DateTime<Utc>, vendor_ahead: TimeDelta) -> DateTime<Utc> {
    if vendor_ahead.abs() > SAME_CLOCK {
        at.checked_sub_signed(vendor_ahead).unwrap_or(at)
    } else {
        at
    }
}

/// A difference of two clocks if it is large enough to be shown: over 5 s, ages on the vendor's own pages would differ.
#[must_use]
pub fn significant_difference(difference: TimeDelta) -> Option<TimeDelta> {
    Some(difference).filter(|difference| difference.abs() > SIGNIFICANT)
}

#[cfg(test)]
mod tests {
    use super::{VendorClock, significant_difference};
    use chrono::TimeDelta;
    use proptest::prelude::*;

    #[test]
    fn one_response_puts_the_clock_in_the_middle_of_its_range() {
        // Sent at 10.0 s, received at 10.4 s, while the vendor's clock was between 50 s and 51 s.
        let clock = VendorClock::default().received(10_000.0, 10_400.0, 50_000.0, 0.0);
        assert!((clock.offset() - 40_300.0).abs() < 0.1);
    }

    #[test]
    fn without_a_date_the_clocks_do_not_differ() {
        assert_eq!(VendorClock::default().offset().to_bits(), 0_f64.to_bits());
    }

    #[test]
    fn a_cached_response_adds_its_age_to_its_date() {
        let clock = VendorClock::default().received(10_000.0, 10_000.0, 3_000.0, 7_000.0);
        assert!((clock.offset() - 1_000.0).abs() < 0.1);
    }

    #[test]
    fn a_clock_that_was_set_is_adopted_immediately() {
        let clock = VendorClock::default()
            .received(0.0, 100.0, 0.0, 0.0)
            .received(5_000.0, 5_100.0, 45_000.0, 0.0);
        assert!((clock.offset() - 40_450.0).abs() < 0.1);
    }

    #[test]
    fn only_a_difference_over_five_seconds_is_shown() {
        for (millis, shown) in [
            (0, false),
            (5_000, false),
            (5_001, true),
            (-5_000, false),
            (-5_001, true),
        ] {
            let difference = TimeDelta::milliseconds(millis);
            assert_eq!(
                significant_difference(difference).is_some(),
                shown,
                "{millis}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_response_of_a_steady_clock_narrows_the_range(offset in -1e6..1e6, trips in proptest::collection::vec((0.0..60_000.0, 0.0..500.0, 0.0..1.0), 1..40)) {
            let (mut clock, mut now, mut width) = (VendorClock::default(), 1e9, f64::INFINITY);
            for (pause, trip, when) in trips {
                now += pause;
                let read: f64 = now + trip * when + offset;
                clock = clock.received(now, now + trip, (read / 1_000.0).floor() * 1_000.0, 0.0);
                now += trip;
                let (low, high) = clock.range.expect("received");
                prop_assert!(low - 0.01 <= offset && offset <= high + 0.01);
                prop_assert!(high - low <= width);
                width = high - low;
            }
        }
    }
}
