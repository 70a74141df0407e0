//! Ranges of time for when sessions started and ended: relative ones, which are counted back from now, and
//! custom ones between two times on the clock. What is sent is UTC. Pure; `now` is an argument.

pub use super::relative_range::{RelativeRange, RelativeRanges};

use crate::json;
use crate::ui::time_zone::{ZoneAt, clock, end_moment, local_text, moment};
use chrono::{DateTime, Timelike, Utc};
use vendors::veeam::{Field, Filter, Op};

/// A custom range of a time field: between two moments, either of which may be open. The first is in it, the second is
/// not, so that ranges can follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// The first moment.
    pub from: Option<DateTime<Utc>>,
    /// The first moment after it.
    pub to: Option<DateTime<Utc>>,
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
    /// The custom range; of anything else, one that is open.
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
    /// The beginning.
    From,
    /// The end.
    To,
}

impl Range {
    /// A custom range from two times as a form gives them, `YYYY-MM-DDTHH:MM` on the clocks of a zone,
    /// also with seconds, or a date alone for its midnight. An empty one leaves that end open. Where the clocks go back
    /// over a time, it begins at the first of the two moments and ends at the second; an end of the range `before` whose
    /// text is still the same stays the moment that it was.
    ///
    /// # Errors
    /// A sentence: both are empty, there is no such time, or the first is not before the second.
    pub fn custom(from: &str, to: &str, before: Self, zone: ZoneAt) -> Result<Self, String> {
        let from = given(from, End::From, before.from, zone)?;
        let to = given(to, End::To, before.to, zone)?;
        match (from, to) {
            (None, None) => Err("Enter at least one of the two times.".to_owned()),
            (Some(from), Some(to)) if from >= to => Err("From must be before To.".to_owned()),
            (from, to) => Ok(Self { from, to }),
        }
    }

    /// The conditions that are sent, all of which have to hold.
    #[must_use]
    pub fn conditions(self, field: Field) -> Vec<Filter> {
        let from = (Op::GreaterOrEqual, self.from);
        let ends = [from, (Op::Less, self.to)].into_iter();
        let conditions = ends.filter_map(|(op, at)| Some(Filter::time(field, op, at?)));
        conditions.collect()
    }

    /// The range in whole seconds that a filter gives a field by conditions that have to hold whatever else does. `None`
    /// where there is no such range, or more than one condition an end.
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

/// The conditions on a field that have to hold and are no range, as they are sent; empty where there are none. A form
/// of two ends cannot show them: they may exclude the first moment, or be several for one end.
#[must_use]
pub fn no_range(filter: Option<&Filter>, field: Field) -> String {
    if Range::of(filter, field).is_some() {
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
    let time = clock(text).ok_or_else(|| {
        format!("{word}: “{text}” is not a date and time such as 2026-11-21T14:30.")
    })?;
    let at = moment(time, zone).ok_or_else(|| {
        format!("{word}: {text} does not exist in this zone because the clocks go forward.")
    })?;
    Ok(Some(at))
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
