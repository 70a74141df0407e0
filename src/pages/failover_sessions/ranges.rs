//! Ranges of time for when sessions started and ended: relative ones, which are counted back from now, and
//! custom ones between two times on the clock. What is sent is UTC. Pure; `now` is an argument.

pub use super::relative_range::{RelativeRange, RelativeRanges};

use crate::json;
use crate::ui::time_zone::{ZoneAt, clock, end_moment, local_text, moment};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use std::fmt;
use vendors::veeam::{Field, Filter, Op};

/// A range of a time field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Counted back from now.
    Relative(RelativeRange),
    /// Between two moments, of which one may be open. The first is in it, the second is not, so that
    /// ranges can follow each other.
    Custom {
        /// The first moment.
        from: Option<DateTime<Utc>>,
        /// The first moment after it.
        to: Option<DateTime<Utc>>,
    },
}

/// What limits a time field of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Nothing does.
    AnyTime,
    /// A relative range beside the filter.
    Relative(RelativeRange),
    /// A custom range, which the conditions of the filter give.
    Custom(Range),
    /// Conditions of the filter that are no range.
    Other,
}

impl Limit {
    /// The custom range.
    #[must_use]
    pub fn custom(self) -> Option<Range> {
        match self {
            Self::Custom(range) => Some(range),
            _ => None,
        }
    }

    /// The ends of the custom range, as far as it has any.
    #[must_use]
    pub fn ends(self) -> [Option<DateTime<Utc>>; 2] {
        match self {
            Self::Custom(Range::Custom { from, to }) => [from, to],
            _ => [None; 2],
        }
    }
}

/// Which end of a range is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The beginning.
    From,
    /// The end.
    To,
}

/// Why two times are no range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeError {
    /// Neither is given.
    Nothing,
    /// No date and time, or none that there is.
    NoSuchTime(End, String),
    /// The clocks of the zone go forward over it.
    Skipped(End, String),
    /// It begins when it ends, or later.
    Backwards,
}

impl RangeError {
    /// The end to mark; for a range that is wrong as a whole, where it begins.
    #[must_use]
    pub fn end(&self) -> End {
        match self {
            Self::NoSuchTime(end, _) | Self::Skipped(end, _) => *end,
            Self::Nothing | Self::Backwards => End::From,
        }
    }
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.end() {
            End::From => "From",
            End::To => "To",
        };
        match self {
            Self::Nothing => f.write_str("Enter at least one of the two times."),
            Self::NoSuchTime(_, text) => write!(
                f,
                "{word}: `{text}` is not a date and time such as 2026-11-21T14:30."
            ),
            Self::Skipped(_, text) => write!(
                f,
                "{word}: {text} does not exist in this zone because the clocks go forward."
            ),
            Self::Backwards => f.write_str("From must be before To."),
        }
    }
}

impl std::error::Error for RangeError {}

impl Range {
    /// A custom range from two times as a form gives them, `YYYY-MM-DDTHH:MM` on the clocks of a zone,
    /// also with seconds, or a date alone for its midnight. An empty one leaves that end open. Where the clocks go back
    /// over a time, it begins at the first of the two moments and ends at the second; an end of the range `before` whose
    /// text is still the same stays the moment that it was.
    ///
    /// # Errors
    /// Both empty, no such time, or the first not before the second.
    pub fn custom(
        from: &str,
        to: &str,
        before: Option<Self>,
        zone: ZoneAt,
    ) -> Result<Self, RangeError> {
        let (first, last) = match before {
            Some(Self::Custom { from, to }) => (from, to),
            _ => (None, None),
        };
        let from = given(from, End::From, first, zone)?;
        let to = given(to, End::To, last, zone)?;
        match (from, to) {
            (None, None) => Err(RangeError::Nothing),
            (Some(from), Some(to)) if from >= to => Err(RangeError::Backwards),
            (from, to) => Ok(Self::Custom { from, to }),
        }
    }

    /// The conditions that are sent, all of which have to hold.
    #[must_use]
    pub fn conditions(self, field: Field, now: DateTime<Utc>, zone: ZoneAt) -> Vec<Filter> {
        let (from, to) = match self {
            Self::Relative(range) => (Some(range.start(now, zone)), None),
            Self::Custom { from, to } => (from, to),
        };
        let from = from.map(|from| Filter::time(field, Op::GreaterOrEqual, from));
        let to = to.map(|to| Filter::time(field, Op::Less, to));
        from.into_iter().chain(to).collect()
    }

    /// The range that a filter gives a field by conditions that have to hold whatever else does: a relative
    /// one where it begins within a minute of where that one does now, else a custom one in whole seconds.
    /// `None` where there is no such range, or more than one condition an end.
    #[must_use]
    pub fn of(
        filter: Option<&Filter>,
        field: Field,
        now: DateTime<Utc>,
        zone: ZoneAt,
    ) -> Option<Self> {
        let minute = TimeDelta::minutes(1);
        let relative = |from: DateTime<Utc>| {
            let is_near = |range: &RelativeRange| (range.start(now, zone) - from).abs() <= minute;
            RelativeRange::ALL.into_iter().find(is_near)
        };
        let custom = Self::custom_of(filter, field)?;
        let relative = match custom {
            Self::Custom {
                from: Some(from),
                to: None,
            } => relative(from),
            _ => None,
        };
        Some(relative.map_or(custom, Self::Relative))
    }

    /// The same, always as a custom one.
    #[must_use]
    pub fn custom_of(filter: Option<&Filter>, field: Field) -> Option<Self> {
        let (mut from, mut to) = (None, None);
        for item in required(filter?) {
            let Filter::Condition(condition) = item else {
                continue;
            };
            let end = match condition.op {
                _ if condition.field != field => continue,
                Op::GreaterOrEqual => &mut from,
                Op::Less => &mut to,
                _ => return None,
            };
            let at = utc(&condition.value).filter(|at| at.nanosecond() == 0)?;
            if end.replace(at).is_some() {
                return None;
            }
        }
        (from.is_some() || to.is_some()).then_some(Self::Custom { from, to })
    }
}

/// The conditions on a field that have to hold and are no range, as they are sent; empty where there are none. A form
/// of two ends cannot show them: they may exclude the first moment, or be several for one end.
#[must_use]
pub fn no_range(filter: Option<&Filter>, field: Field) -> String {
    if Range::custom_of(filter, field).is_some() {
        return String::new();
    }
    let required = filter.map(required).unwrap_or_default();
    let own = required.iter().filter(|item| is_on(item, field));
    let own: Vec<_> = own.map(ToString::to_string).collect();
    own.join(";")
}

/// A filter with other conditions in place of those that it has on a field; what is nested in "any of" stays.
#[must_use]
pub fn replaced(filter: Option<&Filter>, field: Field, conditions: &[Filter]) -> Option<Filter> {
    let kept = filter.map(required).unwrap_or_default();
    let kept = kept.iter().filter(|item| !is_on(item, field));
    Filter::All(kept.chain(conditions).cloned().collect()).normalised()
}

/// Whether it is a condition on a field.
fn is_on(item: &Filter, field: Field) -> bool {
    matches!(item, Filter::Condition(condition) if condition.field == field)
}

/// What has to hold in any case.
fn required(filter: &Filter) -> &[Filter] {
    match filter {
        Filter::All(items) => items,
        Filter::Condition(_) | Filter::Any(_) => std::slice::from_ref(filter),
    }
}

/// The moment that a value of a time field means: with `Z` or an offset, or without either UTC; a date
/// alone is its midnight.
#[must_use]
pub fn utc(value: &str) -> Option<DateTime<Utc>> {
    let value = value.trim();
    json::moment(value).or_else(|| Some(clock(value)?.and_utc()))
}

fn given(
    text: &str,
    end: End,
    before: Option<DateTime<Utc>>,
    zone: ZoneAt,
) -> Result<Option<DateTime<Utc>>, RangeError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if before.is_some_and(|at| local_text(at, zone) == text) {
        return Ok(before);
    }
    let time = clock(text).ok_or_else(|| RangeError::NoSuchTime(end, text.to_owned()))?;
    let at = match end {
        End::From => moment(time, zone),
        End::To => end_moment(time, zone),
    };
    at.map(Some)
        .ok_or_else(|| RangeError::Skipped(end, text.to_owned()))
}

/// What is being entered for an end, on the clocks of another zone. It stays as it is while it is no time. `before` is the
/// end that is in force, whose text may stand for two moments.
#[must_use]
pub fn in_zone(
    text: &str,
    end: End,
    before: Option<DateTime<Utc>>,
    old: ZoneAt,
    new: ZoneAt,
) -> String {
    match given(text, end, before, old) {
        Ok(Some(at)) => local_text(at, new),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
