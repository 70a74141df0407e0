//! Time spans in words, with at most two units.

use chrono::TimeDelta;

/// A span: `0 s`, `42 s`, `6 min 12 s`, `34 min`, `2 h 5 min`, `16 h`, `3 d 4 h`. The smaller unit is
/// omitted when it no longer matters; negative spans count as zero.
#[must_use]
pub fn span(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let two = |big: i64, unit: &str, small: i64, smaller: &str| match small {
        0 => format!("{big} {unit}"),
        small => format!("{big} {unit} {small} {smaller}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        86_400..864_000 => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago: `now` under a second, else `42 s ago`.
#[must_use]
pub fn ago(age: TimeDelta) -> String {
    if age < TimeDelta::seconds(1) {
        "now".to_owned()
    } else {
        format!("{} ago", span(age))
    }
}

#[cfg(test)]
mod tests {
    use super::{ago, span};
    use chrono::TimeDelta;

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, words) in [
            (-5, "0 s"),
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (372, "6 min 12 s"),
            (3_599, "59 min 59 s"),
            (3_600, "1 h"),
            (7_530, "2 h 5 min"),
            (86_399, "23 h 59 min"),
            (86_400, "1 d"),
            (273_600, "3 d 4 h"),
            (864_000, "10 d"),
            (86_400_000, "1000 d"),
        ] {
            assert_eq!(span(TimeDelta::seconds(seconds)), words);
        }
    }

    #[test]
    fn an_age_under_a_second_is_now() {
        assert_eq!(ago(TimeDelta::milliseconds(999)), "now");
        assert_eq!(ago(TimeDelta::seconds(1)), "1 s ago");
        assert_eq!(
            span(TimeDelta::MAX),
            format!("{} d", TimeDelta::MAX.num_days())
        );
    }
}
