//! Parses dates of HTTP headers (RFC 9110, section 5.6.7). chrono's parser would add 5 kB to the console.

use chrono::{DateTime, NaiveDate, Utc};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Parses the form that every sender has to use: `Sat, 21 Nov 2026 14:32:08 GMT`. The day of the week is ignored.
#[must_use]
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let (_, rest) = text.trim().split_once(',')?;
    let mut words = rest.strip_prefix(' ')?.split(' ');
    let day = number(words.next()?)?;
    let month = words.next()?;
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let year = number(words.next()?)?;
    let mut clock = words.next()?.split(':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if words.next() != Some("GMT") || words.next().is_some() || clock.next().is_some() {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    // A leap second counts as the last second of its minute.
    Some(date.and_hms_opt(hour, minute, second.min(59))?.and_utc())
}

fn number(digits: &str) -> Option<u32> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn http_dates_are_parsed() {
        for (text, moment) in [
            (
                "Sun, 06 Nov 1994 08:49:37 GMT",
                Some("1994-11-06T08:49:37Z"),
            ),
            (
                "Thu, 29 Feb 2024 00:00:00 GMT",
                Some("2024-02-29T00:00:00Z"),
            ),
            (
                "Sat, 31 Dec 2016 23:59:60 GMT",
                Some("2016-12-31T23:59:59Z"),
            ),
            ("Thu, 30 Feb 2024 00:00:00 GMT", None),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 nov 1994 08:49:37 GMT", None),
            ("Sun, +6 Nov 1994 08:49:37 GMT", None),
            ("soon", None),
            ("", None),
        ] {
            let found = parse(text).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            assert_eq!(found.as_deref(), moment, "{text}");
        }
    }
}
