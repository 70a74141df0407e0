//! A vendor's clock, as well as the `Date` of its answers tells it. Pure.

use crate::schedule::Millis;
use chrono::TimeDelta;

/// What a `Date` leaves out: it has whole seconds.
const SECOND: Millis = 1_000.0;

/// A difference of clocks that is larger than this is shown.
const WORTH_TELLING: TimeDelta = TimeDelta::seconds(5);

/// The vendor's clock less the reader's, as a range that every answer narrows: the vendor read its clock
/// after the request and before the answer, and wrote down whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct VendorClock {
    range: Option<(Millis, Millis)>,
}

impl VendorClock {
    /// With one more answer: requested and received by the reader's clock, the `Date`, and how long the
    /// answer was kept in a cache on the way (`Age`, in whole seconds too).
    #[must_use]
    pub fn received(
        self,
        requested_at: Millis,
        received_at: Millis,
        date: Millis,
        kept: Millis,
    ) -> Self {
        let unsure = if kept > 0.0 { 2.0 * SECOND } else { SECOND };
        let new = (
            date + kept - received_at,
            date + kept + unsure - requested_at,
        );
        let narrowed = self
            .range
            .map(|(low, high)| (low.max(new.0), high.min(new.1)))
            // A clock that was set agrees with nothing that was read before.
            .filter(|(low, high)| low <= high);
        Self {
            range: Some(narrowed.unwrap_or(new)),
        }
    }

    /// The vendor's clock less the reader's; zero before the first answer that had a `Date`.
    #[must_use]
    pub fn offset(self) -> Millis {
        self.range
            .map_or(0.0, |(low, high)| f64::midpoint(low, high))
    }
}

/// A difference of two clocks, where it is large enough to be shown: over 5 s, ages on the vendor's own pages
/// would not agree.
#[must_use]
pub fn worth_telling(difference: TimeDelta) -> Option<TimeDelta> {
    Some(difference).filter(|difference| difference.abs() > WORTH_TELLING)
}

#[cfg(test)]
mod tests {
    use super::{VendorClock, worth_telling};
    use chrono::TimeDelta;
    use proptest::prelude::*;

    #[test]
    fn one_answer_puts_the_clock_in_the_middle_of_what_it_can_be() {
        // Asked at 10.0 s, answered at 10.4 s, and the vendor's clock said 50 and a part of a second.
        let clock = VendorClock::default().received(10_000.0, 10_400.0, 50_000.0, 0.0);
        assert!((clock.offset() - 40_300.0).abs() < 0.1);
    }

    #[test]
    fn without_a_date_the_readers_clock_is_taken() {
        assert_eq!(VendorClock::default().offset().to_bits(), 0_f64.to_bits());
    }

    #[test]
    fn an_answer_that_was_kept_on_the_way_is_older_than_its_date() {
        let clock = VendorClock::default().received(10_000.0, 10_000.0, 3_000.0, 7_000.0);
        assert!((clock.offset() - 1_000.0).abs() < 0.1);
    }

    #[test]
    fn a_clock_that_was_set_is_believed_at_once() {
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
            assert_eq!(worth_telling(difference).is_some(), shown, "{millis}");
        }
    }

    proptest! {
        #[test]
        fn every_answer_of_a_steady_clock_comes_nearer(offset in -1e6..1e6, trips in proptest::collection::vec((0.0..60_000.0, 0.0..500.0, 0.0..1.0), 1..40)) {
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
