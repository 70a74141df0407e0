//! The severity of a resource's state.

use serde::{Deserialize, Serialize};
use vendors::from_json::{FirstError, FromJson, Value};

/// The severity of a resource's state. An ascending sort puts the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Immediate action is required.
    Critical,
    /// Attention is recommended.
    Warning,
    /// In transition, as expected.
    Moving,
    /// The state is not known.
    Unknown,
    /// Healthy.
    Normal,
    /// Not taking part in failover.
    Off,
}

impl FromJson for Severity {
    fn from_json(value: &Value<'_>, error: &mut FirstError) -> Self {
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

    /// Whether the state is an alarm: critical, warning or unknown.
    #[must_use]
    pub fn needs_attention(self) -> bool {
        matches!(self, Self::Critical | Self::Warning | Self::Unknown)
    }

    /// The display name.
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

    /// The key in JSON and in style sheets.
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
    fn an_ascending_sort_puts_the_worst_first() {
        let mut all = [Off, Normal, Unknown, Moving, Warning, Critical];
        all.sort();
        assert_eq!(all, super::Severity::ALL);
        let keys = all.map(super::Severity::key);
        let expected = ["critical", "warning", "moving", "unknown", "normal", "off"];
        assert_eq!(keys, expected);
    }
}
