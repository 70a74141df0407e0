//! The widths of bars, and where bars start on the clock and the calendar of a zone.

use crate::ui::time_zone::{ZoneAt, local_time, moment_or_next};
use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc,
};

/// The width of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// A number of minutes that divides an hour.
    Minutes(u32),
    /// A number of hours that divides a day.
    Hours(u32),
    /// Days, counted from a fixed day, so that all histograms have the same edges.
    Days(u32),
    /// From Monday to Monday.
    Week,
    /// A number of months that divides a year.
    Months(u32),
    /// Calendar years.
    Years(u32),
}

/// Every width, from narrow to wide. The widest covers all representable times.
pub const WIDTHS: [Width; 23] = [
    Width::Minutes(1),
    Width::Minutes(2),
    Width::Minutes(5),
    Width::Minutes(10),
    Width::Minutes(15),
    Width::Minutes(30),
    Width::Minutes(60),
    Width::Hours(2),
    Width::Hours(3),
    Width::Hours(6),
    Width::Hours(12),
    Width::Days(1),
    Width::Days(2),
    Width::Days(4),
    Width::Week,
    Width::Months(1),
    Width::Months(3),
    Width::Years(1),
    Width::Years(5),
    Width::Years(25),
    Width::Years(100),
    Width::Years(1000),
    Width::Years(20_000),
];

impl Width {
    /// In words: `5 min`, `1 h`, `1 day`, `1 month`.
    #[must_use]
    pub fn word(self) -> String {
        let plural = |count: u32, unit: &str| match count {
            1 => format!("1 {unit}"),
            _ => format!("{count} {unit}s"),
        };
        match self {
            Self::Minutes(60) => "1 h".to_owned(),
            Self::Minutes(minutes) => format!("{minutes} min"),
            Self::Hours(hours) => format!("{hours} h"),
            Self::Days(days) => plural(days, "day"),
            Self::Week => "1 week".to_owned(),
            Self::Months(months) => plural(months, "month"),
            Self::Years(years) => plural(years, "year"),
        }
    }

    /// The start of the bar that contains a moment.
    pub(super) fn floor(self, at: DateTime<Utc>, zone: ZoneAt) -> DateTime<Utc> {
        let shown = local_time(at, zone);
        if let Self::Minutes(minutes) = self {
            // By subtraction, because a local time occurs twice when the clocks go back.
            let over = TimeDelta::minutes((shown.minute() % minutes).into())
                + TimeDelta::seconds(shown.second().into())
                + TimeDelta::nanoseconds(shown.nanosecond().into());
            return at.checked_sub_signed(over).unwrap_or(at);
        }
        let date = shown.date();
        let begin = match self {
            Self::Minutes(_) => None,
            Self::Hours(hours) => date.and_hms_opt(shown.hour() - shown.hour() % hours, 0, 0),
            Self::Days(days) => {
                let over = date.num_days_from_ce().rem_euclid(days.cast_signed());
                midnight(date.checked_sub_days(Days::new(over.unsigned_abs().into())))
            }
            Self::Week => {
                let over = date.weekday().num_days_from_monday();
                midnight(date.checked_sub_days(Days::new(over.into())))
            }
            Self::Months(months) => {
                let month = date.month0() - date.month0() % months;
                midnight(NaiveDate::from_ymd_opt(date.year(), month + 1, 1))
            }
            Self::Years(years) => {
                let year = date.year() - date.year().rem_euclid(years.cast_signed());
                midnight(NaiveDate::from_ymd_opt(year, 1, 1))
            }
        };
        // `None` only at the limits of representable time.
        begin.map_or(at, |begin| moment_or_next(begin, zone).min(at))
    }

    /// The start of the bar after the one that starts at `from`; `None` at the latest representable time.
    pub(super) fn next(self, from: DateTime<Utc>, zone: ZoneAt) -> Option<DateTime<Utc>> {
        self.step(from, zone, true)
    }

    /// The start of the bar before the one that starts at `from`; `None` at the earliest representable time.
    pub(super) fn previous(self, from: DateTime<Utc>, zone: ZoneAt) -> Option<DateTime<Utc>> {
        self.step(from, zone, false)
    }

    fn step(self, from: DateTime<Utc>, zone: ZoneAt, forward: bool) -> Option<DateTime<Utc>> {
        if let Self::Minutes(minutes) = self {
            let width = TimeDelta::minutes(minutes.into());
            return if forward {
                from.checked_add_signed(width)
            } else {
                from.checked_sub_signed(width)
            };
        }
        let shown = local_time(from, zone);
        let months = |months: u32| {
            let months = Months::new(months);
            if forward {
                shown.checked_add_months(months)
            } else {
                shown.checked_sub_months(months)
            }
        };
        let days = |days: u64| {
            if forward {
                shown.checked_add_days(Days::new(days))
            } else {
                shown.checked_sub_days(Days::new(days))
            }
        };
        let to = match self {
            Self::Minutes(_) => None,
            Self::Hours(hours) => {
                let width = TimeDelta::hours(hours.into());
                shown.checked_add_signed(if forward { width } else { -width })
            }
            Self::Days(count) => days(count.into()),
            Self::Week => days(7),
            Self::Months(count) => months(count),
            Self::Years(count) => months(count.checked_mul(12)?),
        };
        // A start in the hour that the clocks skip was moved forward, so `floor` aligns the next one again.
        let to = moment_or_next(to?, zone);
        let to = self.floor(to, zone);
        (if forward { to > from } else { to < from }).then_some(to)
    }
}

fn midnight(date: Option<NaiveDate>) -> Option<NaiveDateTime> {
    date?.and_hms_opt(0, 0, 0)
}
