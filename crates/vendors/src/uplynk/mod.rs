//! Uplynk live slicer failover groups (API v4).

mod types;

pub use types::*;

use crate::operation::{Method, Operation};

/// The operation that a method and a decoded path are.
#[must_use]
pub fn operation(_method: Method, _segments: &[&str]) -> Option<&'static Operation> {
    None
}
