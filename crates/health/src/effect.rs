//! The effect of an action, shown before it is executed, and its confirmation.

use crate::severity::Severity::{self, Warning};

/// The effect of an action.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// The effect in one sentence.
    pub sentence: String,
    /// Further notes, the most severe first.
    pub notes: Vec<(Severity, String)>,
}

impl Effect {
    /// All warnings as one text; empty if there are none.
    #[must_use]
    pub fn warnings(&self) -> String {
        let warnings = self
            .notes
            .iter()
            .filter(|(severity, _)| *severity == Warning);
        let warnings: Vec<&str> = warnings.map(|(_, words)| &**words).collect();
        warnings.join(" ")
    }
}

/// The confirmation that an action requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// One click.
    Click,
    /// The user types the id; the text is the reason.
    Typed(String),
}
