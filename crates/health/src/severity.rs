//! How bad a thing is.

/// How bad a thing is, worst first: sorting ascending puts the worst on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Someone has to act now.
    Critical,
    /// Someone should look.
    Warning,
    /// It is changing, as it should.
    Moving,
    /// It cannot be told.
    Unknown,
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
            Self::Moving => "moving",
            Self::Unknown => "unknown",
            Self::Normal => "normal",
            Self::Off => "off",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Severity::{Critical, Moving, Normal, Off, Unknown, Warning};

    #[test]
    fn sorting_puts_the_worst_on_top() {
        let mut all = [Off, Normal, Unknown, Moving, Warning, Critical];
        all.sort();
        let keys = all.map(super::Severity::key);
        let expected = ["critical", "warning", "moving", "unknown", "normal", "off"];
        assert_eq!(keys, expected);
    }
}
