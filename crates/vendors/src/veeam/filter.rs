//! A filter as an expression and as text.

use super::condition_warning;
use super::field::{Field, FieldKind, Op};
use chrono::{DateTime, SecondsFormat, Utc};
use std::fmt;

/// A comparison. The value is text for every type of field, because the vendor may have unknown values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The field.
    pub field: Field,
    /// The operator.
    pub op: Op,
    /// The unquoted value.
    pub value: String,
}

impl Condition {
    /// The reason why the service would reject the comparison or never find a match, in one sentence: an order
    /// comparison of an unordered field, or a value that is not a GUID, a UTC time or a value of the field.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        condition_warning::warning_for(self)
    }
}

/// A filter: nested lists of comparisons of which all or any must match.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter {
    /// A comparison.
    Condition(Condition),
    /// All must match (`;`).
    All(Vec<Filter>),
    /// At least one must match (`,`).
    Any(Vec<Filter>),
}

impl Filter {
    /// A comparison.
    #[must_use]
    pub fn condition(field: Field, op: Op, value: impl Into<String>) -> Self {
        Self::Condition(Condition {
            field,
            op,
            value: value.into(),
        })
    }

    /// A comparison with a time, written as UTC with `Z`.
    #[must_use]
    pub fn time(field: Field, op: Op, time: DateTime<Utc>) -> Self {
        let value = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        Self::condition(field, op, value)
    }

    /// The filter without unnecessary nesting: nested lists of the same kind are joined, a list of one item is
    /// replaced by the item, and empty lists are dropped. `None` if nothing remains.
    #[must_use]
    pub fn normalised(self) -> Option<Self> {
        let normal = |items: Vec<Self>| items.into_iter().filter_map(Self::normalised).collect();
        let filter = match self {
            Self::Condition(_) => return Some(self),
            Self::All(items) => Self::All(normal(items)).joined(),
            Self::Any(items) => Self::Any(normal(items)).joined(),
        };
        (!filter.items().is_empty()).then_some(filter)
    }

    /// Removes unnecessary nesting from a list whose items are already normalised.
    pub(super) fn joined(self) -> Self {
        let (items, all) = match self {
            Self::Condition(_) => return self,
            Self::All(items) => (items, true),
            Self::Any(items) => (items, false),
        };
        let mut flat = Vec::with_capacity(items.len());
        for item in items {
            match (item, all) {
                (Self::All(inner), true) | (Self::Any(inner), false) => flat.extend(inner),
                (other, _) => flat.push(other),
            }
        }
        match (flat.len(), all) {
            (1, _) => flat.remove(0),
            (_, true) => Self::All(flat),
            (_, false) => Self::Any(flat),
        }
    }

    /// The items of a list; a condition counts as a list of itself.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Condition(_) => std::slice::from_ref(self),
            Self::All(items) | Self::Any(items) => items,
        }
    }

    /// All conditions at any depth, in order.
    #[must_use]
    pub fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::Condition(condition) => vec![condition],
            Self::All(items) | Self::Any(items) => {
                items.iter().flat_map(Self::conditions).collect()
            }
        }
    }
}

/// Whether a value needs no quotes: letters, digits and underscores, and GUIDs in fields for these.
fn is_bare(field: Field, value: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!value.is_empty() && value.bytes().all(is_word))
        || (field.kind() == FieldKind::Uid && is_guid(value))
}

/// Whether a text is a GUID: 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_guid(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.field.name(), self.op.sign())?;
        if is_bare(self.field, &self.value) {
            f.write_str(&self.value)
        } else {
            write!(f, "\"{}\"", self.value.replace('"', "\"\""))
        }
    }
}

impl fmt::Display for Filter {
    /// Writes the filter in normal form, before percent-encoding; nothing for an empty filter. Nested lists always
    /// have parentheses, because the precedence without them is not documented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let normal = self.clone().normalised();
        normal.map_or(Ok(()), |filter| write_normal(&filter, f))
    }
}

fn write_normal(filter: &Filter, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let sign = match filter {
        Filter::Condition(condition) => return write!(f, "{condition}"),
        Filter::All(_) => ";",
        Filter::Any(_) => ",",
    };
    for (at, item) in filter.items().iter().enumerate() {
        if at > 0 {
            f.write_str(sign)?;
        }
        if let Filter::Condition(condition) = item {
            write!(f, "{condition}")?;
        } else {
            f.write_str("(")?;
            write_normal(item, f)?;
            f.write_str(")")?;
        }
    }
    Ok(())
}
