//! Fields and comparisons as they are shown to people, and what each field takes.

use vendors::veeam::{Field, FieldKind, Op};

/// A field as it is shown: by the name of its column.
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

/// A comparison as it is shown: times are after and before, results go from good to bad.
#[must_use]
pub fn op_word(field: Field, op: Op) -> &'static str {
    let (greater, at_least, less, at_most) = match field.kind() {
        FieldKind::Time => ("after", "at or after", "before", "at or before"),
        FieldKind::Choice(_) if field == Field::Result => {
            ("worse than", "at least", "better than", "at most")
        }
        // Never offered, but a filter typed by hand may have them.
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

/// The comparison that a new token has: since a time, else equal.
#[must_use]
pub fn usual_op(field: Field) -> Op {
    if is_time(field) {
        Op::GreaterOrEqual
    } else {
        Op::Equal
    }
}

/// The words of an enumeration, in the vendor's order; none for any other field.
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
