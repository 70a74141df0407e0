//! A filter as an expression, how it is written, and what the service would not make of it.

use super::complaint;
use super::field::{Field, Op};
use chrono::{DateTime, SecondsFormat, Utc};
use std::fmt;

/// One comparison. The value is a text for every kind of field, because words and ids that are not
/// known here are still the vendor's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// What is compared.
    pub field: Field,
    /// How.
    pub op: Op,
    /// With what, unquoted.
    pub value: String,
}

impl Condition {
    /// Why the service would not take the comparison, or would never find anything by it, in one
    /// sentence: an order where none is, a value that is no GUID, no UTC time, or no word of the field.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        complaint::of(self)
    }
}

/// A filter: comparisons, all of which or any of which have to hold, nested as deep as the grammar.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter {
    /// One comparison.
    Condition(Condition),
    /// Every one (`;`).
    All(Vec<Filter>),
    /// At least one (`,`).
    Any(Vec<Filter>),
}

impl Filter {
    /// One comparison.
    #[must_use]
    pub fn condition(field: Field, op: Op, value: impl Into<String>) -> Self {
        Self::Condition(Condition {
            field,
            op,
            value: value.into(),
        })
    }

    /// A comparison with a time, written as UTC with its `Z`.
    #[must_use]
    pub fn time(field: Field, op: Op, time: DateTime<Utc>) -> Self {
        let value = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        Self::condition(field, op, value)
    }

    /// The same filter without needless nesting: lists in lists of their own kind are joined, lists of
    /// one are that one. `None` when nothing is left, because empty lists say nothing.
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

    /// This list, whose items are normal, without needless nesting.
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

    /// The items of a list; a condition is the only item of itself.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Condition(_) => std::slice::from_ref(self),
            Self::All(items) | Self::Any(items) => items,
        }
    }

    /// All conditions, wherever they stand, in their order.
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

/// Whether a value may stand without quotes: the service takes letters, digits and underscores, and
/// GUIDs as they are.
fn is_bare(value: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!value.is_empty() && value.bytes().all(is_word)) || is_guid(value)
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
        if is_bare(&self.value) {
            f.write_str(&self.value)
        } else {
            write!(f, "\"{}\"", self.value.replace('"', "\"\""))
        }
    }
}

impl fmt::Display for Filter {
    /// As it is sent, before percent-encoding, in normal form; nothing for a filter that says nothing.
    /// Precedence without parentheses is not documented, so a list inside of another always has them.
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
