//! Relative time ranges, counted back from now. Pure; `now` is an argument.
//!
//! A relative range is never written into the filter of the URL, where it would be a fixed moment by the
//! time that someone opens the link or the saved query. It stands beside it (`?started=24h&filter=…`,
//! `ended=…` for the end) and is counted back anew each time that the query runs.

use crate::ui::time_zone::{ZoneAt, moment_or_next, shown};
use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Timelike, Utc};
use vendors::veeam::{Field, Filter, Op};

/// A range that is counted back from now, without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelativeRange {
    /// The last hour.
    Hour,
    /// The last 24 hours.
    Day,
    /// The last seven times 24 hours.
    Week,
    /// Since the first of the month, in the zone on the screen.
    Month,
}

impl RelativeRange {
    /// Every relative range.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// As it is shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "Last 24 h",
            Self::Week => "Last 7 days",
            Self::Month => "This month",
        }
    }

    /// As it stands in the URL.
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

    /// Where it begins, at a whole minute: pages of one answer then ask the same, and so do people
    /// who look at the same time.
    #[must_use]
    pub fn start(self, now: DateTime<Utc>, zone: ZoneAt) -> DateTime<Utc> {
        let back = match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::hours(24),
            Self::Week => TimeDelta::days(7),
            Self::Month => {
                let first = shown(now, zone).date().with_day(1);
                let first = first.map(|first| first.and_time(NaiveTime::MIN));
                return first.map_or(now, |first| moment_or_next(first, zone));
            }
        };
        let start = now.checked_sub_signed(back).unwrap_or(now);
        let minute = start.with_second(0).and_then(|at| at.with_nanosecond(0));
        minute.unwrap_or(start)
    }
}

/// The relative ranges that stand beside a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RelativeRanges {
    /// Of `CreationTime`.
    pub started: Option<RelativeRange>,
    /// Of `EndTime`.
    pub ended: Option<RelativeRange>,
}

impl RelativeRanges {
    /// The parameters of the URL, in the order of the fields.
    pub const PARAMS: [&str; 2] = ["started", "ended"];

    /// Reads the parameters [`RelativeRanges::PARAMS`].
    ///
    /// # Errors
    /// One sentence that names the parameter: an unknown range is refused, because without it the
    /// query would find more than was asked for.
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

    /// Whether what is sent depends on the zone on the screen.
    #[must_use]
    pub fn needs_zone(self) -> bool {
        [self.started, self.ended].contains(&Some(RelativeRange::Month))
    }

    /// The filter that is sent: the one of the URL, and the beginnings of the ranges behind it.
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
