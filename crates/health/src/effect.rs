//! What is said of an action before it is taken, and how it is confirmed.

use crate::severity::Severity;

/// What an action will do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// In a sentence.
    pub sentence: String,
    /// What else to know before, the worst first.
    pub notes: Vec<(Severity, String)>,
}

/// How much confirmation an action wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// One click.
    Click,
    /// The id is typed, for this reason.
    Typed(String),
}
