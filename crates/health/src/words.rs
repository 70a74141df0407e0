//! Time spans in words, with at most two units.

use chrono::TimeDelta;
use vendors::LeftOut;

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

/// What a list held beside its items, in a sentence or two; `None` for nothing.
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
    use super::{ago, left_out, span};
    use chrono::TimeDelta;
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
        assert_eq!(
            span(TimeDelta::MAX),
            format!("{} d", TimeDelta::MAX.num_days())
        );
    }

    #[test]
    fn what_was_left_out_is_counted_in_words() {
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
}
