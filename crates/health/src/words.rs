//! Formats time spans and numbers.

use crate::freshness::is_unknown;
use chrono::TimeDelta;
use vendors::LeftOut;

/// A span with at most two units: `0 s`, `42 s`, `6 min 12 s`, `3 d 4 h`, `10 d`. Negative spans count as zero.
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

/// The unreadable and repeated items of a list, in one or two sentences; `None` if there are none.
#[must_use]
pub fn left_out(out: LeftOut) -> Option<String> {
    let unreadable = match out.unreadable {
        0 => String::new(),
        1 => "1 item could not be read.".to_owned(),
        many => format!("{many} items could not be read."),
    };
    let repeated = match out.repeated {
        0 => String::new(),
        1 => "1 item was listed twice and is shown once.".to_owned(),
        many => format!("{many} items were listed again and are shown once."),
    };
    let words = format!("{unreadable} {repeated}").trim().to_owned();
    (!words.is_empty()).then_some(words)
}

/// A number with at most this many decimals and no trailing zeros: `12`, `0.5`. NaN is written as 0, and a number that
/// is too large as the largest possible one.
///
/// It uses integers only: the library's code for floating-point numbers would add 11 kB to the console.
#[must_use]
pub fn decimal(number: f64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "the scale is small, and `as` saturates"
    )]
    let scaled = (number * scale as f64).round() as i64;
    let (whole, part) = (scaled.unsigned_abs() / scale, scaled.unsigned_abs() % scale);
    let sign = if scaled < 0 { "-" } else { "" };
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let width = usize::try_from(decimals).unwrap_or(0);
    let text = format!("{sign}{whole}.{part:0width$}");
    text.trim_end_matches('0').to_owned()
}

/// An age: `now` under a second, else `42 s ago`; `an unknown time ago` if the clock was set back since.
#[must_use]
pub fn ago(age: TimeDelta) -> String {
    if is_unknown(age) {
        "an unknown time ago".to_owned()
    } else if age < TimeDelta::seconds(1) {
        "now".to_owned()
    } else {
        format!("{} ago", span(age))
    }
}

#[cfg(test)]
mod tests {
    use super::{ago, decimal, left_out, span};
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use vendors::LeftOut;

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
        assert_eq!(ago(TimeDelta::seconds(-60)), "now");
        assert_eq!(ago(TimeDelta::seconds(-61)), "an unknown time ago");
        assert_eq!(
            span(TimeDelta::MAX),
            format!("{} d", TimeDelta::MAX.num_days())
        );
    }

    #[test]
    fn unreadable_and_repeated_items_are_counted_in_words() {
        let of = |unreadable, repeated| {
            left_out(LeftOut {
                unreadable,
                repeated,
            })
        };
        for (out, words) in [
            (of(0, 0), None),
            (of(1, 0), Some("1 item could not be read.")),
            (of(3, 0), Some("3 items could not be read.")),
            (of(0, 1), Some("1 item was listed twice and is shown once.")),
            (
                of(1, 2),
                Some("1 item could not be read. 2 items were listed again and are shown once."),
            ),
        ] {
            assert_eq!(out.as_deref(), words);
        }
    }

    #[test]
    fn numbers_are_rounded_without_trailing_zeros() {
        for (number, decimals, digits) in [
            (0.0, 0, "0"),
            (-0.0, 2, "0"),
            (0.5, 0, "1"),
            (12.0, 3, "12"),
            (0.25, 1, "0.3"),
            (100.05, 2, "100.05"),
            (-0.004, 2, "0"),
            (-3.25, 4, "-3.25"),
            (f64::NAN, 1, "0"),
            (f64::INFINITY, 0, "9223372036854775807"),
        ] {
            assert_eq!(decimal(number, decimals), digits);
        }
    }

    proptest! {
        /// The text is the nearest number with this many decimals.
        #[test]
        fn the_text_parses_to_the_nearest_number(number in -1e6..1e6_f64, decimals in 0_u32..5) {
            let text = decimal(number, decimals);
            let read: f64 = text.parse().expect("a number");
            let half = 0.5 / f64::from(10_u32.pow(decimals));
            prop_assert!((read - number).abs() <= half * 1.000_001, "{number} as {text}");
            let written = text.split_once('.').map_or("", |(_, decimals)| decimals);
            prop_assert!(written.len() <= decimals as usize && !written.ends_with('0'));
        }
    }
}
