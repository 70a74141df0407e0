//! Times and spans as text. Pure, except for the browser's time zone.

use super::time_zone::{ZoneAt, local_time};
use crate::prefs::Zone;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Offset, TimeDelta, Timelike, Utc};

/// The UTC offset of the selected time zone at a moment.
#[must_use]
pub fn offset(zone: Zone, at: DateTime<Utc>) -> FixedOffset {
    match zone {
        Zone::Utc => Utc.fix(),
        Zone::Local => local(at),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "at most 840 minutes, and milliseconds since 1970 are exact"
)]
fn local(at: DateTime<Utc>) -> FixedOffset {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(
        at.timestamp_millis() as f64
    ));
    let minutes_behind_utc = date.get_timezone_offset() as i32;
    FixedOffset::west_opt(minutes_behind_utc.saturating_mul(60)).unwrap_or_else(|| Utc.fix())
}

/// A moment in the shortest form that is unambiguous now: `14:31:25`, `20 Nov 22:14:07`, `13 Jan 2025 16:21`. It uses
/// the UTC offset of that moment, which may differ from the current one.
#[must_use]
pub fn moment(at: DateTime<Utc>, now: DateTime<Utc>, zone: Zone) -> String {
    moment_by(at, now, &|at| offset(zone, at))
}

fn moment_by(at: DateTime<Utc>, now: DateTime<Utc>, zone: ZoneAt) -> String {
    let (at, now) = (local_time(at, zone), local_time(now, zone));
    if at.date() == now.date() {
        // The most frequent case, each second: this avoids parsing a pattern.
        return format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    }
    let form = if at.year() == now.year() {
        "%-d %b %H:%M:%S"
    } else {
        "%-d %b %Y %H:%M"
    };
    format_time(at, form)
}

/// Formats a time with a pattern of `%Y %m %b %d %-d %a %H %M %S`. The formatter of chrono supports all languages, and
/// its tables would add 6 kB to the program.
#[must_use]
pub fn format_time(time: NaiveDateTime, form: &str) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let mut text = String::new();
    let mut letters = form.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let (digits, number) = match letters.next() {
            Some('b') => {
                text.push_str(MONTHS[time.month0() as usize]);
                continue;
            }
            Some('a') => {
                text.push_str(DAYS[time.weekday().num_days_from_monday() as usize]);
                continue;
            }
            Some('Y') => (4, time.year().unsigned_abs()),
            Some('m') => (2, time.month()),
            Some('d') => (2, time.day()),
            Some('-') => {
                letters.next();
                (1, time.day())
            }
            Some('H') => (2, time.hour()),
            Some('M') => (2, time.minute()),
            _ => (2, time.second()),
        };
        text.push_str(&format!("{number:0digits$}"));
    }
    text
}

/// A moment and its age. A missing moment was not reported, which does not mean that there never was one.
#[must_use]
pub fn moment_and_age(
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    zone: Zone,
) -> (String, String) {
    match at {
        Some(at) => (moment(at, now, zone), ago(at, now)),
        None => ("–".to_owned(), "none reported".to_owned()),
    }
}

/// A moment for a `datetime` attribute.
#[must_use]
pub fn datetime_attribute(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// An age as text, such as "16 s ago".
#[must_use]
pub fn age(age: Option<TimeDelta>) -> String {
    age.map_or_else(|| "an unknown time ago".to_owned(), health::words::ago)
}

/// The time since a moment, or until it: "16 s ago", "in 40 s".
#[must_use]
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let age = now.signed_duration_since(at);
    if age < TimeDelta::seconds(-1) {
        format!("in {}", health::words::span(-age))
    } else {
        health::words::ago(age.max(TimeDelta::zero()))
    }
}

#[cfg(test)]
mod tests {
    use super::{ago, format_time, moment, moment_by};
    use crate::prefs::Zone;
    use crate::ui::time_zone::tests::{at, berlin, east};

    #[test]
    fn a_moment_includes_only_the_necessary_part_of_its_date() {
        let now = at("2026-11-21T14:32:08Z");
        for (time, words) in [
            ("2026-11-21T14:31:25Z", "14:31:25"),
            ("2026-11-20T22:14:07.9Z", "20 Nov 22:14:07"),
            ("2025-01-13T16:21:35.74Z", "13 Jan 2025 16:21"),
        ] {
            assert_eq!(moment(at(time), now, Zone::Utc), words);
        }
    }

    #[test]
    fn times_are_formatted_as_by_chrono() {
        for text in ["2026-01-05T03:04:09Z", "1999-12-31T23:59:58Z"] {
            let time = at(text).naive_utc();
            for form in [
                "%Y-%m-%dT%H:%M:%S",
                "%a %-d %b",
                "%-d %b %Y %H:%M",
                "%Y-%m-%dT%H%M%SZ",
            ] {
                assert_eq!(format_time(time, form), time.format(form).to_string());
            }
        }
    }

    #[test]
    fn the_date_is_that_of_the_selected_zone() {
        let now = at("2026-11-21T14:32:08Z");
        assert_eq!(
            moment_by(at("2026-11-21T15:30:00Z"), now, &east(540)),
            "22 Nov 00:30:00"
        );
    }

    #[test]
    fn a_moment_uses_the_utc_offset_of_its_own_season() {
        let (winter, summer) = ("2026-11-21T14:32:08Z", "2026-07-01T14:32:08Z");
        for (time, now, words) in [
            ("2026-07-01T20:29:45Z", winter, "1 Jul 22:29:45"),
            ("2026-07-01T22:30:00Z", winter, "2 Jul 00:30:00"),
            ("2026-02-01T20:29:45Z", summer, "1 Feb 21:29:45"),
            // The clocks go back from three to two on this day.
            ("2026-10-25T00:30:00Z", "2026-10-25T12:00:00Z", "02:30:00"),
            ("2026-10-25T01:30:00Z", "2026-10-25T12:00:00Z", "02:30:00"),
        ] {
            assert_eq!(moment_by(at(time), at(now), &berlin), words, "{time}");
        }
    }

    #[test]
    fn a_future_time_is_shown_as_in_and_not_as_ago() {
        let now = at("2026-11-21T14:32:08Z");
        assert_eq!(ago(at("2026-11-21T14:32:48Z"), now), "in 40 s");
        assert_eq!(
            ago(at("2026-11-21T14:31:25Z"), now),
            health::words::ago(chrono::TimeDelta::seconds(43))
        );
    }
}
