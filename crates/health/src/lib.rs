//! Judgement: what the vendors report goes in, what a person should think of it comes out. `now` is
//! always an argument; there is no clock and no I/O here.

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
