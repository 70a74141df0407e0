//! The fields that a query can filter and sort by.

/// A field of the query service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The session's UID: a bare GUID or its URN.
    Uid,
    /// The plan's name.
    Name,
    /// `FailoverPlan`; in the entity it is called `JobType`.
    Type,
    /// When it started; in the entity `CreationTimeUTC`.
    CreationTime,
    /// When it ended; in the entity `EndTimeUTC`.
    EndTime,
    /// Whether it runs.
    State,
    /// How it ended.
    Result,
    /// Why it failed.
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
    /// One of these words; comparisons go by their order.
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

    /// The names of all, in the grammar.
    pub const NAMES: [&'static str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut place = 0;
        while place < names.len() {
            names[place] = Self::ALL[place].name();
            place += 1;
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

    /// The field of a name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// The type of its values.
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

    /// The comparisons that make sense. Times and `Result` have an order, from good to bad for `Result`; the
    /// order of `State` has no useful meaning.
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
