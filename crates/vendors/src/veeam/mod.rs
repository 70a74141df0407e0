//! Veeam Backup Enterprise Manager: cloud failover sessions and their queries.

mod types;

pub use types::*;

use crate::operation::{Method, Operation};

/// The operation that a method and a decoded path are, for those that may be relayed: log-on and
/// log-off belong to the gateway alone.
#[must_use]
pub fn operation(_method: Method, _segments: &[&str]) -> Option<&'static Operation> {
    None
}
