//! When to poll next. Pure.

use std::time::Duration;

/// Between two polls when all is well.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// The longest wait after repeated failures.
const LONGEST: Duration = Duration::from_secs(30);

/// How long to wait after a poll ended, with `failures` failures in a row until now.
#[must_use]
pub fn wait(failures: u32) -> Duration {
    match failures {
        0 | 1 => INTERVAL,
        n => INTERVAL
            .saturating_mul(2_u32.saturating_pow(n - 1))
            .min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::{INTERVAL, wait};
    use std::time::Duration;

    #[test]
    fn failures_slow_the_polls_down_to_twice_a_minute() {
        let waits: Vec<u64> = (0..6).map(|failures| wait(failures).as_secs()).collect();
        assert_eq!(waits, [5, 5, 10, 20, 30, 30]);
        assert_eq!(wait(0), INTERVAL);
        assert_eq!(wait(u32::MAX), Duration::from_secs(30));
    }
}
