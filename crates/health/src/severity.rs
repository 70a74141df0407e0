//! How bad the state of a resource is.

use serde::{Deserialize, Serialize};
use vendors::from_json::{FirstError, FromJson, Value};

/// How bad the state of a resource is, worst first: an ascending sort puts the worst on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Someone has to act now.
    Critical,
    /// Someone should look.
    Warning,
    /// It is changing as expected.
    Moving,
    /// The state is not known.
    Unknown,
    /// Healthy.
    Normal,
    /// Does not take part in failover.
    Off,
}

impl FromJson for Severity {
    fn from_json(value: &Value, error: &mut FirstError) -> Self {
        error.word(value, &Self::ALL, Self::key)
    }
}

impl Severity {
    /// Every severity, worst first.
    pub const ALL: [Self; 6] = [
        Self::Critical,
        Self::Warning,
        Self::Moving,
        Self::Unknown,
        Self::Normal,
        Self::Off,
    ];

    /// Whether someone has to look: critical, warning or unknown.
    #[must_use]
    pub fn needs_attention(self) -> bool {
        matches!(self, Self::Critical | Self::Warning | Self::Unknown)
    }

    /// What it is called.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::Warning => "Warning",
            Self::Moving => "In transition",
            Self::Unknown => "Unknown",
            Self::Normal => "Normal",
            Self::Off => "Off",
        }
    }

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
        assert_eq!(all, super::Severity::ALL);
        let keys = all.map(super::Severity::key);
        let expected = ["critical", "warning", "moving", "unknown", "normal", "off"];
        assert_eq!(keys, expected);
    }
}
