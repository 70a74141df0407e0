//! A time zone as arithmetic takes it: how far from UTC at which moment. A fixed offset
//! would be an hour wrong across a change of the clocks. Pure; who asks the browser is `ui::times`.

use super::times::written;
use crate::json;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, TimeDelta, Timelike, Utc};

/// How far a zone is from UTC at a moment: `&|at| times::offset(zone, at)`, or `&|_| offset`.
pub type ZoneAt<'a> = &'a dyn Fn(DateTime<Utc>) -> FixedOffset;

/// A moment as the zone's clocks show it, with the offset.
#[must_use]
pub fn local(at: DateTime<Utc>, zone: ZoneAt) -> DateTime<FixedOffset> {
    at.with_timezone(&zone(at))
}

/// The time that the zone's clocks show at a moment; UTC's where no other can be written.
#[must_use]
pub fn shown(at: DateTime<Utc>, zone: ZoneAt) -> NaiveDateTime {
    let utc = at.naive_utc();
    utc.checked_add_offset(zone(at)).unwrap_or(utc)
}

/// The moments at which the zone's clocks show a time: two where they go back over it, the earlier first, and none where
/// they go forward over it.
fn moments(time: NaiveDateTime, zone: ZoneAt) -> [Option<DateTime<Utc>>; 2] {
    let as_utc = time.and_utc();
    // No zone is farther from UTC, nor changes twice, within a day.
    let offsets = [TimeDelta::days(-1), TimeDelta::days(1)]
        .map(|day| as_utc.checked_add_signed(day).unwrap_or(as_utc))
        .map(zone);
    // The zone is farther east before it goes back.
    offsets.map(|offset| {
        let at = time.checked_sub_offset(offset)?.and_utc();
        (zone(at) == offset).then_some(at)
    })
}

/// The moment at which the zone's clocks show a time; the first where there are two, and `None` where they go forward over
/// it.
#[must_use]
pub fn moment(time: NaiveDateTime, zone: ZoneAt) -> Option<DateTime<Utc>> {
    let [first, second] = moments(time, zone);
    first.or(second)
}

/// As [`moment`], for the end of a range: the second where there are two, so that both hours are in.
#[must_use]
pub fn end_moment(time: NaiveDateTime, zone: ZoneAt) -> Option<DateTime<Utc>> {
    let [first, second] = moments(time, zone);
    second.or(first)
}

/// The moment that a time means which somebody enters, as the end of a range or not; where the clocks go forward over it,
/// the moment at which they do.
#[must_use]
pub fn entered_moment(time: NaiveDateTime, is_end: bool, zone: ZoneAt) -> DateTime<Utc> {
    let end = end_moment(time, zone).filter(|_| is_end);
    end.unwrap_or_else(|| moment_or_next(time, zone))
}

/// As [`moment`]; where the clocks go forward over the time, the moment at which they do.
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

/// A moment as a form takes it: `YYYY-MM-DDTHH:MM` on the clocks of a zone, with seconds where it has
/// any; fractions are left out.
#[must_use]
pub fn local_text(at: DateTime<Utc>, zone: ZoneAt) -> String {
    let shown = shown(at, zone);
    let form = match shown.second() {
        0 => "%Y-%m-%dT%H:%M",
        _ => "%Y-%m-%dT%H:%M:%S",
    };
    written(shown, form)
}

/// How long `2026-11-21` and `2026-11-21T14:32` are.
const DATE: usize = 10;
const TO_THE_MINUTE: usize = 16;

/// Reads what a form gives for a time, or a date for its midnight; of a year with four digits, because no other can
/// be sent.
#[must_use]
pub fn clock(text: &str) -> Option<NaiveDateTime> {
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
    use super::{end_moment, moment, moment_or_next, shown};
    use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Utc};

    /// A time that a test writes down.
    pub(crate) fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    /// A zone that is always as many minutes before UTC.
    pub(crate) fn east(minutes: i32) -> impl Fn(DateTime<Utc>) -> FixedOffset {
        move |_| FixedOffset::east_opt(minutes * 60).expect("in range")
    }

    /// Berlin in 2026: an hour before UTC, two from 29 March 01:00 UTC to 25 October 01:00 UTC.
    pub(crate) fn berlin(time: DateTime<Utc>) -> FixedOffset {
        let summer = at("2026-03-29T01:00:00Z")..at("2026-10-25T01:00:00Z");
        let hours = if summer.contains(&time) { 2 } else { 1 };
        FixedOffset::east_opt(hours * 3600).expect("in range")
    }

    fn clock(text: &str) -> NaiveDateTime {
        text.parse().expect("a local time")
    }

    #[test]
    fn an_end_in_the_hour_that_occurs_twice_takes_in_both() {
        for (entered, end) in [
            ("2026-10-25T02:30", Some("2026-10-25T01:30:00Z")),
            ("2026-10-25T03:00", Some("2026-10-25T02:00:00Z")),
            ("2026-10-25T01:59", Some("2026-10-24T23:59:00Z")),
            ("2026-03-29T02:30", None),
            ("2026-07-01", Some("2026-06-30T22:00:00Z")),
        ] {
            let time = super::clock(entered).expect("a time");
            assert_eq!(end_moment(time, &berlin), end.map(at), "{entered}");
        }
    }

    #[test]
    fn a_time_on_the_clock_is_a_moment() {
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
                assert_eq!(shown(found, &berlin), clock(on_the_clock));
            }
        }
        assert_eq!(
            moment_or_next(clock("2026-03-29T02:30:00"), &berlin),
            at("2026-03-29T01:00:00Z")
        );
    }

    #[test]
    fn the_ends_of_time_are_no_panic() {
        let tokyo = east(540);
        assert_eq!(moment(NaiveDateTime::MIN, &tokyo), None);
        assert_eq!(
            shown(DateTime::<Utc>::MAX_UTC, &tokyo).and_utc(),
            DateTime::<Utc>::MAX_UTC
        );
        let west = east(-540);
        assert_eq!(moment(NaiveDateTime::MAX, &west), None);
        for time in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            assert_eq!(moment_or_next(time, &berlin).year(), time.year());
        }
    }
}
