//! The built-in queries.

use super::parameter;
use vendors::veeam::{Field, Filter, Op};

/// A built-in query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltInQuery {
    /// Failed sessions that started in the last 24 h.
    Failed,
    /// Running sessions: starting, working or stopping.
    Running,
    /// Sessions with warnings that started in the last seven days.
    Warnings,
    /// Every run of one plan: a template that needs the plan's name.
    History,
}

impl BuiltInQuery {
    /// Every built-in query, in display order.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Running, Self::Warnings, Self::History];

    /// The label.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "Failed, started in the last 24 h",
            Self::Running => "Running now",
            Self::Warnings => "Warnings, started in the last 7 days",
            Self::History => "One plan's history",
        }
    }

    /// The query string of the page's URL; `None` if a plan's name is needed and `plan` is blank.
    #[must_use]
    pub fn query(self, plan: &str) -> Option<String> {
        let (started, filter) = match self {
            Self::Failed => (
                Some("24h"),
                Filter::condition(Field::Result, Op::Equal, "Failed"),
            ),
            Self::Running => {
                let is = |state: &str| Filter::condition(Field::State, Op::Equal, state);
                let states = ["Starting", "Working", "Stopping"].map(is);
                (None, Filter::Any(states.to_vec()))
            }
            Self::Warnings => (
                Some("7d"),
                Filter::condition(Field::Result, Op::Equal, "Warning"),
            ),
            Self::History if plan.trim().is_empty() => return None,
            Self::History => (None, Filter::condition(Field::Name, Op::Equal, plan)),
        };
        let started = started.map(|code| parameter("started", code));
        let filter = parameter("filter", &filter.to_string());
        Some(
            started
                .into_iter()
                .chain([filter])
                .collect::<Vec<_>>()
                .join("&"),
        )
    }
}
