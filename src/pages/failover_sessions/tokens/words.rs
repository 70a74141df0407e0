//! The labels of fields and operators, and the values of each field.

use vendors::veeam::{Field, FieldKind, Op};

/// The label of a field: the name of its column.
#[must_use]
pub fn field_label(field: Field) -> &'static str {
    match field {
        Field::Uid => "Session id",
        Field::Name => "Plan",
        Field::Type => "Type",
        Field::CreationTime => "Started",
        Field::EndTime => "Ended",
        Field::State => "State",
        Field::Result => "Result",
        Field::FailureMessage => "Failure message",
        Field::BackupServerUid => "Server UID",
        Field::BackupServerName => "Server",
    }
}

/// The label of an operator: times are before or after, results better or worse.
#[must_use]
pub fn op_word(field: Field, op: Op) -> &'static str {
    let (greater, at_least, less, at_most) = match field.kind() {
        FieldKind::Time => ("after", "at or after", "before", "at or before"),
        FieldKind::Choice(_) if field == Field::Result => {
            ("worse than", "at least", "better than", "at most")
        }
        // Never offered, but possible in a typed filter.
        _ => ("greater than", "at least", "less than", "at most"),
    };
    match op {
        Op::Equal => "is",
        Op::NotEqual => "is not",
        Op::Greater => greater,
        Op::GreaterOrEqual => at_least,
        Op::Less => less,
        Op::LessOrEqual => at_most,
    }
}

/// The operator of a new token: "at or after" for times, else "is".
#[must_use]
pub fn default_op(field: Field) -> Op {
    if is_time(field) {
        Op::GreaterOrEqual
    } else {
        Op::Equal
    }
}

/// The values of an enumeration in the vendor's order; empty for any other field.
#[must_use]
pub fn choices(field: Field) -> &'static [&'static str] {
    match field.kind() {
        FieldKind::Choice(words) => words,
        _ => &[],
    }
}

/// Whether the field's values are UTC date-times.
#[must_use]
pub fn is_time(field: Field) -> bool {
    field.kind() == FieldKind::Time
}
