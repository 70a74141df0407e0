//! A filter as an expression, and how it is written.

use super::field::{Field, Op};
use std::fmt;

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// What is compared.
    pub field: Field,
    /// How.
    pub op: Op,
    /// With what, unquoted.
    pub value: String,
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

    /// The same filter without needless nesting: lists in lists of their own kind are joined, lists of
    /// one are that one. `None` when nothing is left, because empty lists say nothing.
    #[must_use]
    pub fn normalised(self) -> Option<Self> {
        let kind = std::mem::discriminant(&self);
        let (items, all) = match self {
            Self::Condition(_) => return Some(self),
            Self::All(items) => (items, true),
            Self::Any(items) => (items, false),
        };
        let mut flat = Vec::new();
        for item in items.into_iter().filter_map(Self::normalised) {
            let alike = std::mem::discriminant(&item) == kind;
            match item {
                Self::All(inner) | Self::Any(inner) if alike => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => None,
            1 => flat.pop(),
            _ if all => Some(Self::All(flat)),
            _ => Some(Self::Any(flat)),
        }
    }
}

/// Whether a value may stand without quotes: the service takes letters, digits and underscores, and
/// GUIDs as they are.
fn is_bare(value: &str) -> bool {
    let word = !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    word || is_guid(value)
}

/// Whether a text is a GUID: 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = [8, 4, 4, 4, 12];
    groups.len() == lengths.len()
        && groups.iter().zip(lengths).all(|(group, length)| {
            group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit())
        })
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
    /// As it is sent, before percent-encoding. Precedence without parentheses is not documented, so a
    /// list inside of another always has them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (items, sign) = match self {
            Self::Condition(condition) => return condition.fmt(f),
            Self::All(items) => (items, ";"),
            Self::Any(items) => (items, ","),
        };
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                f.write_str(sign)?;
            }
            match item {
                Self::Condition(condition) => condition.fmt(f)?,
                list => write!(f, "({list})")?,
            }
        }
        Ok(())
    }
}
