//! Time ranges for when sessions started and ended: relative ones, which count back from now, and custom ones between
//! two local times. Requests use UTC. Pure; `now` is an argument.

pub use super::relative_range::{RelativeRange, RelativeRanges};

use crate::json;
use crate::ui::time_zone::{ZoneAt, end_moment, local_text, moment, parse_local};
use chrono::{DateTime, Timelike, Utc};
use vendors::veeam::{Field, Filter, Op};

/// A custom range of a time field between two moments, either of which may be open. The start is inclusive and the end
/// exclusive, so that ranges can be adjacent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// The start, inclusive.
    pub from: Option<DateTime<Utc>>,
    /// The end, exclusive.
    pub to: Option<DateTime<Utc>>,
}

/// The limit on a time field of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// No limit.
    AnyTime,
    /// A relative range in its own URL parameter.
    Relative(RelativeRange),
    /// A custom range from conditions of the filter.
    Custom(Range),
    /// Conditions of the filter that are not a range.
    Other,
}

impl Limit {
    /// The custom range; an open one for any other limit.
    #[must_use]
    pub fn range(self) -> Range {
        match self {
            Self::Custom(range) => range,
            _ => Range::default(),
        }
    }
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The start.
    From,
    /// The end.
    To,
}

impl Range {
    /// A custom range from two entered local times: `YYYY-MM-DDTHH:MM`, also with seconds, or a date for its
    /// midnight. An empty text leaves its end open. If a local time occurs twice because the clocks go back, the range
    /// starts at the first moment or ends at the second. An end whose text is that of the range `before` keeps its
    /// moment.
    ///
    /// # Errors
    /// A sentence: both are empty, a time is invalid or does not exist, or the first is not before the second.
    pub fn custom(from: &str, to: &str, before: Self, zone: ZoneAt) -> Result<Self, String> {
        let from = parse_end(from, End::From, before.from, zone)?;
        let to = parse_end(to, End::To, before.to, zone)?;
        match (from, to) {
            (None, None) => Err("Enter at least one of the two times.".to_owned()),
            (Some(from), Some(to)) if from >= to => Err("From must be before To.".to_owned()),
            (from, to) => Ok(Self { from, to }),
        }
    }

    /// The conditions to send, all of which must hold.
    #[must_use]
    pub fn conditions(self, field: Field) -> Vec<Filter> {
        let from = (Op::GreaterOrEqual, self.from);
        let ends = [from, (Op::Less, self.to)].into_iter();
        let conditions = ends.filter_map(|(op, at)| Some(Filter::time(field, op, at?)));
        conditions.collect()
    }

    /// The range in whole seconds that a filter's required conditions on a field form. `None` if they form no range or
    /// if one end has more than one condition.
    #[must_use]
    pub fn of(filter: Option<&Filter>, field: Field) -> Option<Self> {
        let mut range = Self::default();
        for item in required(filter?) {
            let Filter::Condition(condition) = item else {
                continue;
            };
            let end = match condition.op {
                _ if condition.field != field => continue,
                Op::GreaterOrEqual => &mut range.from,
                Op::Less => &mut range.to,
                _ => return None,
            };
            let at = utc(&condition.value).filter(|at| at.nanosecond() == 0)?;
            if end.replace(at).is_some() {
                return None;
            }
        }
        (range != Self::default()).then_some(range)
    }
}

/// The required conditions on a field that do not form a range, as filter text; empty for none. The range form cannot
/// show them: one may exclude its moment, or one end may have several.
#[must_use]
pub fn other_conditions(filter: Option<&Filter>, field: Field) -> String {
    if Range::of(filter, field).is_some() {
        return String::new();
    }
    let required = filter.map(required).unwrap_or_default();
    let own = required.iter().filter(|item| is_on(item, field));
    let own: Vec<_> = own.map(ToString::to_string).collect();
    own.join(";")
}

/// A filter whose required conditions on a field are replaced; conditions nested in "any of" stay.
#[must_use]
pub fn replace_conditions(
    filter: Option<&Filter>,
    field: Field,
    conditions: &[Filter],
) -> Option<Filter> {
    let kept = filter.map(required).unwrap_or_default();
    let kept = kept.iter().filter(|item| !is_on(item, field));
    Filter::All(kept.chain(conditions).cloned().collect()).normalised()
}

/// Whether an item is a condition on a field.
fn is_on(item: &Filter, field: Field) -> bool {
    matches!(item, Filter::Condition(condition) if condition.field == field)
}

/// The items that must hold in any case.
fn required(filter: &Filter) -> &[Filter] {
    match filter {
        Filter::All(items) => items,
        Filter::Condition(_) | Filter::Any(_) => std::slice::from_ref(filter),
    }
}

/// Parses a value of a time field: with `Z` or an offset, otherwise as UTC; a date without a time is its midnight.
#[must_use]
pub fn utc(value: &str) -> Option<DateTime<Utc>> {
    let value = value.trim();
    json::moment(value).or_else(|| Some(parse_local(value)?.and_utc()))
}

fn parse_end(
    text: &str,
    end: End,
    before: Option<DateTime<Utc>>,
    zone: ZoneAt,
) -> Result<Option<DateTime<Utc>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if before.is_some_and(|at| local_text(at, zone) == text) {
        return Ok(before);
    }
    let (word, moment): (_, fn(_, ZoneAt) -> _) = match end {
        End::From => ("From", moment),
        End::To => ("To", end_moment),
    };
    let time = parse_local(text).ok_or_else(|| {
        format!("{word}: “{text}” is not a date and time such as 2026-11-21T14:30.")
    })?;
    let at = moment(time, zone).ok_or_else(|| {
        format!("{word}: {text} does not exist in this zone because the clocks go forward.")
    })?;
    Ok(Some(at))
}

/// Converts the text that is being entered for an end to another time zone. A text that is not a time stays as it is.
/// `before` is the applied end: if the text stands for it, its moment is used, because a local time may occur twice.
#[must_use]
pub fn in_zone(
    text: &str,
    end: End,
    before: Option<DateTime<Utc>>,
    old: ZoneAt,
    new: ZoneAt,
) -> String {
    match parse_end(text, end, before, old) {
        Ok(Some(at)) => local_text(at, new),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
