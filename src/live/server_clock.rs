//! A vendor's clock, as well as the `Date` of its answers tells it. Pure.

use super::schedule::Millis;

/// What a `Date` leaves out: it has whole seconds.
const SECOND: Millis = 1_000.0;

/// A difference larger than this is worth telling: ages on the vendor's own pages would not agree.
const WORTH_TELLING: Millis = 5_000.0;

/// The vendor's clock less the browser's, as a range that every answer narrows: the vendor read its
/// clock after it was asked and before the answer came, and wrote down whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServerClock {
    range: Option<(Millis, Millis)>,
}

impl ServerClock {
    /// With one more answer: asked and received by the browser's clock, the `Date`, and how long the
    /// answer was kept on the way (`Age`, in whole seconds too).
    #[must_use]
    pub fn observe(
        self,
        requested_at: Millis,
        received: Millis,
        date: Millis,
        cached_for: Millis,
    ) -> Self {
        let unsure = if cached_for > 0.0 {
            2.0 * SECOND
        } else {
            SECOND
        };
        let new = (
            date + cached_for - received,
            date + cached_for + unsure - requested_at,
        );
        let narrowed = self
            .range
            .map(|(low, high)| (low.max(new.0), high.min(new.1)))
            // A clock that was set agrees with nothing that was heard before.
            .filter(|(low, high)| low <= high);
        Self {
            range: Some(narrowed.unwrap_or(new)),
        }
    }

    /// The vendor's clock less the browser's; nothing before the first answer that had a `Date`.
    #[must_use]
    pub fn offset(self) -> Millis {
        self.range
            .map_or(0.0, |(low, high)| f64::midpoint(low, high))
    }

    /// The offset, where it is large enough to be told.
    #[must_use]
    pub fn skew(self) -> Option<Millis> {
        Some(self.offset()).filter(|offset| offset.abs() > WORTH_TELLING)
    }
}

#[cfg(test)]
mod tests {
    use super::ServerClock;
    use proptest::prelude::*;

    #[test]
    fn one_answer_puts_the_clock_in_the_middle_of_what_it_can_be() {
        // Asked at 10.0 s, answered at 10.4 s, and the vendor's clock said 50 and a part of a second.
        let clock = ServerClock::default().observe(10_000.0, 10_400.0, 50_000.0, 0.0);
        assert!((clock.offset() - 40_300.0).abs() < 0.1);
    }

    #[test]
    fn without_a_date_the_browsers_clock_is_taken() {
        assert_eq!(ServerClock::default().offset().to_bits(), 0_f64.to_bits());
        assert_eq!(ServerClock::default().skew(), None);
    }

    #[test]
    fn an_answer_that_was_kept_on_the_way_is_older_than_its_date() {
        let clock = ServerClock::default().observe(10_000.0, 10_000.0, 3_000.0, 7_000.0);
        assert!((clock.offset() - 1_000.0).abs() < 0.1);
    }

    #[test]
    fn a_clock_that_was_set_is_believed_at_once() {
        let clock = ServerClock::default()
            .observe(0.0, 100.0, 0.0, 0.0)
            .observe(5_000.0, 5_100.0, 45_000.0, 0.0);
        assert!((clock.offset() - 40_450.0).abs() < 0.1);
    }

    #[test]
    fn only_a_difference_over_five_seconds_is_told() {
        for (date, reported) in [
            (0.0, false),
            (4_500.0, false),
            (4_501.0, true),
            (-5_500.0, false),
            (-5_501.0, true),
            (40_000.0, true),
        ] {
            let clock = ServerClock::default().observe(0.0, 0.0, date, 0.0);
            assert_eq!(clock.skew().is_some(), reported, "{date}");
        }
    }

    proptest! {
        #[test]
        fn every_answer_of_a_steady_clock_comes_nearer(offset in -1e6..1e6, trips in proptest::collection::vec((0.0..60_000.0, 0.0..500.0, 0.0..1.0), 1..40)) {
            let (mut clock, mut now, mut width) = (ServerClock::default(), 1e9, f64::INFINITY);
            for (pause, trip, when) in trips {
                now += pause;
                let read: f64 = now + trip * when + offset;
                clock = clock.observe(now, now + trip, (read / 1_000.0).floor() * 1_000.0, 0.0);
                now += trip;
                let (low, high) = clock.range.expect("an observation");
                prop_assert!(low - 0.01 <= offset && offset <= high + 0.01);
                prop_assert!(high - low <= width);
                width = high - low;
            }
        }
    }
}
