//! Parses time spans as people type them.

use vendors::aveva::TimeSpan;

/// Reads `90s`, `1m30`, `1m30s`, `2h`, `1d 12h`, `00:01:30`.
///
/// # Errors
/// A sentence that describes the expected input.
pub fn parse(text: &str) -> Result<TimeSpan, String> {
    let text = text.trim();
    if let Ok(span) = text.parse::<TimeSpan>() {
        return if span.ticks > 0 {
            Ok(span)
        } else {
            Err("The time must be greater than zero.".to_owned())
        };
    }
    let seconds = seconds(&text.to_ascii_lowercase())
        .ok_or("Enter a time such as 90s, 1m30, 2h or 00:01:30.")?;
    if seconds > 0 {
        Ok(TimeSpan::from_seconds(seconds))
    } else {
        Err("The time must be greater than zero.".to_owned())
    }
}

/// Like [`parse`]; `None` for an empty field.
///
/// # Errors
/// As [`parse`].
pub fn parse_optional(text: &str) -> Result<Option<TimeSpan>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    parse(text).map(Some)
}

const UNITS: [(&[&str], i64); 4] = [
    (&["d", "day", "days"], 86_400),
    (&["h", "hour", "hours"], 3_600),
    (&["m", "min", "minute", "minutes"], 60),
    (&["s", "sec", "second", "seconds"], 1),
];

/// Parses numbers with units, from the largest unit to the smallest. A last number without a unit has the next
/// smaller unit.
fn seconds(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut next = 0;
    let mut sum: i64 = 0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?.trim_start();
        let letters = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let unit = rest.get(..letters)?;
        rest = rest.get(letters..)?.trim_start();
        let at = if unit.is_empty() && rest.is_empty() && next > 0 {
            next
        } else {
            UNITS.iter().position(|(names, _)| names.contains(&unit))?
        };
        let (_, length) = UNITS.get(at).filter(|_| at >= next)?;
        next = at + 1;
        sum = sum.checked_add(number.checked_mul(*length)?)?;
    }
    (sum < 10_675_199 * 86_400).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_optional};
    use proptest::prelude::*;

    #[test]
    fn common_notations_of_spans_are_parsed() {
        for (text, sent) in [
            ("90s", "00:01:30"),
            ("1m30", "00:01:30"),
            ("1m30s", "00:01:30"),
            ("1 min 30 sec", "00:01:30"),
            ("00:01:30", "00:01:30"),
            (" 2H ", "02:00:00"),
            ("1d 12h", "1.12:00:00"),
            ("1h30", "01:30:00"),
            ("1.00:00:00", "1.00:00:00"),
            ("0:00:15", "00:00:15"),
        ] {
            assert_eq!(
                parse(text).map(|span| span.to_string()).as_deref(),
                Ok(sent),
                "{text}"
            );
        }
    }

    #[test]
    fn ambiguous_and_invalid_spans_are_rejected() {
        for text in [
            "",
            "61",
            "PT1M",
            "soon",
            "30s1m",
            "1m1m",
            "-5s",
            "-00:01:00",
            "0s",
            "00:00:00",
            "1x",
            "s",
            "99999999999999999999d",
            "90000000d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse_optional(" "), Ok(None));
        assert!(parse_optional("61").is_err());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,20}") {
            let _ = parse(&text);
        }
    }
}
