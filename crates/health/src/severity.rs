//! How bad a thing is.

/// How bad a thing is, worst first: sorting ascending puts the worst on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Someone has to act now.
    Critical,
    /// Someone should look.
    Warning,
    /// It cannot be told.
    Unknown,
    /// It is changing, as it should.
    Moving,
    /// As it should be.
    Normal,
    /// Not taking part.
    Off,
}

impl Severity {
    /// One lower-case word, as the style sheets know it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Moving => "moving",
            Self::Normal => "normal",
            Self::Off => "off",
        }
    }
}
