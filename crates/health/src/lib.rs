//! Judges the state of resources from what the vendors report. Pure: no clock and no I/O, `now` is always an argument.

pub mod alarms;
mod doubt;
pub mod effect;
pub mod events;
pub mod failover_sessions;
pub mod freshness;
pub mod groups;
pub mod inventory;
pub mod schedule;
pub mod severity;
pub mod slicers;
mod sort;
pub mod totals;
pub mod transition;
pub mod vendor_clock;
pub mod verdict;
pub mod words;

pub use freshness::{Freshness, freshness};
pub use severity::Severity;
pub use sort::sort;
pub use totals::Totals;
pub use verdict::Verdict;
