//! The time steps of scenarios and their random numbers: the same seed and step give the same numbers.

use chrono::{DateTime, TimeDelta, Utc};
use rand::SeedableRng;
use rand::rngs::SmallRng;

/// Simulated seconds between the steps of a scenario.
pub(crate) const SECONDS: i64 = 20;

/// Steps older than this are skipped.
const MAX_AGE: TimeDelta = TimeDelta::minutes(30);

/// The steps after `from` up to `to`, with their times and numbers.
pub(crate) fn between(
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> impl Iterator<Item = (DateTime<Utc>, i64)> {
    let from = from.max(to - MAX_AGE);
    let (first, last) = (
        from.timestamp().div_euclid(SECONDS) + 1,
        to.timestamp().div_euclid(SECONDS),
    );
    (first..=last).filter_map(|step| Some((DateTime::from_timestamp(step * SECONDS, 0)?, step)))
}

/// The random number generator of one step.
pub(crate) fn step_rng(seed: u64, step: i64) -> SmallRng {
    SmallRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ step.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn every_step_occurs_once_for_any_division_of_the_period() {
        let at_once: Vec<_> = between(at(5), at(100)).collect();
        let in_parts: Vec<_> = between(at(5), at(40))
            .chain(between(at(40), at(100)))
            .collect();
        assert_eq!(at_once, in_parts);
        assert_eq!(at_once.first(), Some(&(at(20), 1)));
        assert_eq!(at_once.len(), 5);
    }

    #[test]
    fn a_clock_that_moves_back_or_far_ahead_has_few_steps() {
        assert_eq!(between(at(100), at(5)).count(), 0);
        assert_eq!(between(at(0), at(1_000_000)).count(), 90);
    }
}
