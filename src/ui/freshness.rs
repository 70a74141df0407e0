//! The text and the style key of a freshness.

use chrono::TimeDelta;
use health::freshness::{Freshness, is_unknown};
use health::words;

/// A freshness with an age, such as "live, 2 s ago".
#[must_use]
pub fn words(freshness: Freshness, age: Option<TimeDelta>) -> String {
    match age {
        Some(age) if is_unknown(age) => format!("{}, {}", freshness.word(), words::ago(age)),
        Some(age) => format!("{}, {} ago", freshness.word(), words::span(age)),
        None => format!("{}, never read", freshness.word()),
    }
}

/// The name of its icon, which is also its key in the style sheets.
#[must_use]
pub fn key(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Live => "live",
        Freshness::Aging => "aging",
        Freshness::Stale => "stale",
        Freshness::NoData => "nodata",
    }
}

#[cfg(test)]
mod tests {
    use super::words;
    use chrono::TimeDelta;
    use health::freshness::Freshness;

    #[test]
    fn a_freshness_is_shown_with_its_age() {
        for (freshness, millis, expected) in [
            (Freshness::Live, Some(0), "live, 0 s ago"),
            (Freshness::Live, Some(-40), "live, 0 s ago"),
            (Freshness::Stale, Some(16_400), "STALE, 16 s ago"),
            (
                Freshness::Stale,
                Some(-61_000),
                "STALE, an unknown time ago",
            ),
            (Freshness::NoData, None, "NO DATA, never read"),
        ] {
            let age = millis.map(TimeDelta::milliseconds);
            assert_eq!(words(freshness, age), expected);
        }
    }
}
