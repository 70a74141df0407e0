//! Arithmetic with a time zone, given as its UTC offset at each moment. A fixed offset would be wrong by an hour across
//! a change of the clocks. Pure; `ui::times` gets the browser's offset.

use super::times::format_time;
use crate::json;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, TimeDelta, Timelike, Utc};

/// The UTC offset of a zone at a moment: `&|at| times::offset(zone, at)`, or `&|_| offset`.
pub type ZoneAt<'a> = &'a dyn Fn(DateTime<Utc>) -> FixedOffset;

/// The local time of a moment, with the offset.
#[must_use]
pub fn local(at: DateTime<Utc>, zone: ZoneAt) -> DateTime<FixedOffset> {
    at.with_timezone(&zone(at))
}

/// The local time of a moment; the time in UTC if the local time is out of range.
#[must_use]
pub fn local_time(at: DateTime<Utc>, zone: ZoneAt) -> NaiveDateTime {
    let utc = at.naive_utc();
    utc.checked_add_offset(zone(at)).unwrap_or(utc)
}

/// The moments of a local time: two, earlier first, if the clocks go back over it, none if they go forward over it.
fn moments(time: NaiveDateTime, zone: ZoneAt) -> [Option<DateTime<Utc>>; 2] {
    let as_utc = time.and_utc();
    // No offset exceeds a day, and no zone changes twice within a day.
    let offsets = [TimeDelta::days(-1), TimeDelta::days(1)]
        .map(|day| as_utc.checked_add_signed(day).unwrap_or(as_utc))
        .map(zone);
    // The offset is larger before the clocks go back, so the first moment is the earlier one.
    offsets.map(|offset| {
        let at = time.checked_sub_offset(offset)?.and_utc();
        (zone(at) == offset).then_some(at)
    })
}

/// The moment of a local time; the first if there are two, and `None` if the clocks go forward over it.
#[must_use]
pub fn moment(time: NaiveDateTime, zone: ZoneAt) -> Option<DateTime<Utc>> {
    let [first, second] = moments(time, zone);
    first.or(second)
}

/// As [`moment`], for the end of a range: the second if there are two, so that the range includes both hours.
#[must_use]
pub fn end_moment(time: NaiveDateTime, zone: ZoneAt) -> Option<DateTime<Utc>> {
    let [first, second] = moments(time, zone);
    second.or(first)
}

/// As [`moment_or_next`] for a time that the user enters; as [`end_moment`] if it is the end of a range.
#[must_use]
pub fn entered_moment(time: NaiveDateTime, is_end: bool, zone: ZoneAt) -> DateTime<Utc> {
    let end = end_moment(time, zone).filter(|_| is_end);
    end.unwrap_or_else(|| moment_or_next(time, zone))
}

/// As [`moment`], but if the clocks go forward over the time, the moment of that change.
#[must_use]
pub fn moment_or_next(time: NaiveDateTime, zone: ZoneAt) -> DateTime<Utc> {
    let day = TimeDelta::days(1);
    moment(time, zone).unwrap_or_else(|| {
        let as_utc = time.and_utc();
        let (mut before, mut after) = (
            as_utc.checked_sub_signed(day).unwrap_or(as_utc),
            as_utc.checked_add_signed(day).unwrap_or(as_utc),
        );
        let old = zone(before);
        while after - before > TimeDelta::seconds(1) {
            let middle = before + (after - before) / 2;
            if zone(middle) == old {
                before = middle;
            } else {
                after = middle;
            }
        }
        let seconds = after.timestamp();
        DateTime::from_timestamp(seconds, 0).unwrap_or(after)
    })
}

/// A moment in the format of a form field: `YYYY-MM-DDTHH:MM` in local time, with seconds if they are not 0, without
/// fractions.
#[must_use]
pub fn local_text(at: DateTime<Utc>, zone: ZoneAt) -> String {
    let shown = local_time(at, zone);
    let form = match shown.second() {
        0 => "%Y-%m-%dT%H:%M",
        _ => "%Y-%m-%dT%H:%M:%S",
    };
    format_time(shown, form)
}

/// The lengths of `2026-11-21` and `2026-11-21T14:32`.
const DATE: usize = 10;
const TO_THE_MINUTE: usize = 16;

/// Parses the value of a form field: a local time, or a date for its midnight. Only years with four digits are
/// accepted, because others cannot be sent.
#[must_use]
pub fn parse_local(text: &str) -> Option<NaiveDateTime> {
    let rest = match text.len() {
        DATE => "T00:00:00Z",
        TO_THE_MINUTE => ":00Z",
        _ => "Z",
    };
    let time = json::moment(&format!("{text}{rest}"))?.naive_utc();
    (1..=9999).contains(&time.year()).then_some(time)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{end_moment, local_time, moment, moment_or_next};
    use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Utc};

    /// Parses a time of a test.
    pub(crate) fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    /// A zone with a fixed offset of these minutes.
    pub(crate) fn east(minutes: i32) -> impl Fn(DateTime<Utc>) -> FixedOffset {
        move |_| FixedOffset::east_opt(minutes * 60).expect("in range")
    }

    /// Berlin in 2026: UTC+1, and UTC+2 from 29 March 01:00 UTC to 25 October 01:00 UTC.
    pub(crate) fn berlin(time: DateTime<Utc>) -> FixedOffset {
        let summer = at("2026-03-29T01:00:00Z")..at("2026-10-25T01:00:00Z");
        let hours = if summer.contains(&time) { 2 } else { 1 };
        FixedOffset::east_opt(hours * 3600).expect("in range")
    }

    fn clock(text: &str) -> NaiveDateTime {
        text.parse().expect("a local time")
    }

    #[test]
    fn a_range_end_in_a_repeated_hour_includes_both() {
        for (entered, end) in [
            ("2026-10-25T02:30", Some("2026-10-25T01:30:00Z")),
            ("2026-10-25T03:00", Some("2026-10-25T02:00:00Z")),
            ("2026-10-25T01:59", Some("2026-10-24T23:59:00Z")),
            ("2026-03-29T02:30", None),
            ("2026-07-01", Some("2026-06-30T22:00:00Z")),
        ] {
            let time = super::parse_local(entered).expect("a time");
            assert_eq!(end_moment(time, &berlin), end.map(at), "{entered}");
        }
    }

    #[test]
    fn a_local_time_is_converted_to_its_moment() {
        for (on_the_clock, utc) in [
            ("2026-11-21T14:32:08", Some("2026-11-21T13:32:08Z")),
            ("2026-07-01T00:00:00", Some("2026-06-30T22:00:00Z")),
            ("2026-03-29T01:59:59", Some("2026-03-29T00:59:59Z")),
            ("2026-03-29T02:30:00", None),
            ("2026-03-29T03:00:00", Some("2026-03-29T01:00:00Z")),
            ("2026-10-25T02:30:00", Some("2026-10-25T00:30:00Z")),
            ("2026-10-25T03:00:00", Some("2026-10-25T02:00:00Z")),
        ] {
            let found = moment(clock(on_the_clock), &berlin);
            assert_eq!(found, utc.map(at), "{on_the_clock}");
            if let Some(found) = found {
                assert_eq!(local_time(found, &berlin), clock(on_the_clock));
            }
        }
        assert_eq!(
            moment_or_next(clock("2026-03-29T02:30:00"), &berlin),
            at("2026-03-29T01:00:00Z")
        );
    }

    #[test]
    fn extreme_times_do_not_panic() {
        let tokyo = east(540);
        assert_eq!(moment(NaiveDateTime::MIN, &tokyo), None);
        assert_eq!(
            local_time(DateTime::<Utc>::MAX_UTC, &tokyo).and_utc(),
            DateTime::<Utc>::MAX_UTC
        );
        let west = east(-540);
        assert_eq!(moment(NaiveDateTime::MAX, &west), None);
        for time in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            assert_eq!(moment_or_next(time, &berlin).year(), time.year());
        }
    }
}
