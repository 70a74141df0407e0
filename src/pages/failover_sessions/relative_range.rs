//! Relative time ranges, which count back from now. Pure; `now` is an argument.
//!
//! A relative range has its own URL parameter (`?started=24h&filter=…`, `ended=…` for the end), and each run of the
//! query resolves it again. In the filter, a link or a saved query would fix the moment at which it was created.

use crate::ui::time_zone::{ZoneAt, local_time, moment_or_next};
use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Timelike, Utc};
use vendors::veeam::{Field, Filter, Op};

/// A range that counts back from now and has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelativeRange {
    /// The last hour.
    Hour,
    /// The last 24 hours.
    Day,
    /// The last 7 × 24 hours.
    Week,
    /// Since the first day of the month in the chosen time zone.
    Month,
}

impl RelativeRange {
    /// Every relative range.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The label.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "Last 24 h",
            Self::Week => "Last 7 days",
            Self::Month => "This month",
        }
    }

    /// The code in the URL.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "month",
        }
    }

    /// The relative range of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.code() == code)
    }

    /// The start, rounded down to a minute, so that all pages of a list and simultaneous viewers send the same query.
    #[must_use]
    pub fn start(self, now: DateTime<Utc>, zone: ZoneAt) -> DateTime<Utc> {
        let back = match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::hours(24),
            Self::Week => TimeDelta::days(7),
            Self::Month => {
                let first = local_time(now, zone).date().with_day(1);
                let first = first.map(|first| first.and_time(NaiveTime::MIN));
                return first.map_or(now, |first| moment_or_next(first, zone));
            }
        };
        let start = now.checked_sub_signed(back).unwrap_or(now);
        let minute = start.with_second(0).and_then(|at| at.with_nanosecond(0));
        minute.unwrap_or(start)
    }
}

/// The relative ranges of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RelativeRanges {
    /// The range of `CreationTime`.
    pub started: Option<RelativeRange>,
    /// The range of `EndTime`.
    pub ended: Option<RelativeRange>,
}

impl RelativeRanges {
    /// The URL parameters, in the order of the fields.
    pub const PARAMS: [&str; 2] = ["started", "ended"];

    /// Reads the parameters [`RelativeRanges::PARAMS`].
    ///
    /// # Errors
    /// One sentence that names the parameter. An unknown range is an error, because without it the query would return
    /// more than intended.
    pub fn read(started: Option<&str>, ended: Option<&str>) -> Result<Self, String> {
        let range = |name: &str, code: Option<&str>| match code.filter(|code| !code.is_empty()) {
            None => Ok(None),
            Some(code) => RelativeRange::from_code(code).map(Some).ok_or_else(|| {
                let known = RelativeRange::ALL.map(RelativeRange::code).join(", ");
                format!("{name}: “{code}” is not one of {known}.")
            }),
        };
        let [first, second] = Self::PARAMS;
        Ok(Self {
            started: range(first, started)?,
            ended: range(second, ended)?,
        })
    }

    /// Whether the query depends on the chosen time zone.
    #[must_use]
    pub fn needs_zone(self) -> bool {
        [self.started, self.ended].contains(&Some(RelativeRange::Month))
    }

    /// The filter to send: the one in the URL, followed by the starts of the ranges.
    #[must_use]
    pub fn narrow(
        self,
        filter: Option<&Filter>,
        now: DateTime<Utc>,
        zone: ZoneAt,
    ) -> Option<Filter> {
        let ranges = [
            (Field::CreationTime, self.started),
            (Field::EndTime, self.ended),
        ];
        let since = ranges.into_iter().filter_map(|(field, range)| {
            let start = range?.start(now, zone);
            Some(Filter::time(field, Op::GreaterOrEqual, start))
        });
        let items = filter.cloned().into_iter().chain(since).collect();
        Filter::All(items).normalised()
    }
}
