//! The fields that a query can filter and sort by.

/// A field of the query service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The session's UID: a bare GUID or its URN.
    Uid,
    /// The plan's name.
    Name,
    /// The type: `FailoverPlan`. The entity calls it `JobType`.
    Type,
    /// The start time. The entity calls it `CreationTimeUTC`.
    CreationTime,
    /// The end time. The entity calls it `EndTimeUTC`.
    EndTime,
    /// The state, such as running or stopped.
    State,
    /// The result.
    Result,
    /// The failure message.
    FailureMessage,
    /// The backup server's UID.
    BackupServerUid,
    /// The backup server's name.
    BackupServerName,
}

/// The type of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// A GUID or a URN that ends with one.
    Uid,
    /// Any text.
    Text,
    /// A UTC date-time.
    Time,
    /// One of these values; comparisons use their order.
    Choice(&'static [&'static str]),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 10] = [
        Self::Uid,
        Self::Name,
        Self::Type,
        Self::CreationTime,
        Self::EndTime,
        Self::State,
        Self::Result,
        Self::FailureMessage,
        Self::BackupServerUid,
        Self::BackupServerName,
    ];

    /// The names of all fields in the grammar.
    pub const NAMES: [&'static str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut index = 0;
        while index < names.len() {
            names[index] = Self::ALL[index].name();
            index += 1;
        }
        names
    };

    /// The name in the grammar.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uid => "UID",
            Self::Name => "Name",
            Self::Type => "Type",
            Self::CreationTime => "CreationTime",
            Self::EndTime => "EndTime",
            Self::State => "State",
            Self::Result => "Result",
            Self::FailureMessage => "FailureMessage",
            Self::BackupServerUid => "BackupServerUid",
            Self::BackupServerName => "BackupServerName",
        }
    }

    /// The field with this case-insensitive name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// The type of the field's values.
    #[must_use]
    pub fn kind(self) -> FieldKind {
        match self {
            Self::Uid | Self::BackupServerUid => FieldKind::Uid,
            Self::Name | Self::FailureMessage | Self::BackupServerName => FieldKind::Text,
            Self::CreationTime | Self::EndTime => FieldKind::Time,
            Self::Type => FieldKind::Choice(&["FailoverPlan"]),
            Self::State => FieldKind::Choice(&["Starting", "Stopping", "Working", "Stopped"]),
            Self::Result => FieldKind::Choice(&["None", "Success", "Warning", "Failed"]),
        }
    }

    /// The comparisons that make sense. Times and `Result` are ordered, `Result` from good to bad.
    #[must_use]
    pub fn ops(self) -> &'static [Op] {
        match self {
            Self::CreationTime | Self::EndTime | Self::Result => &Op::ALL,
            _ => &[Op::Equal, Op::NotEqual],
        }
    }
}

impl Op {
    /// Every comparison.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    /// The name in the grammar.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}
