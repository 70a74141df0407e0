//! Uplynk live slicer failover groups (API v4).
//!
//! The API cannot create, delete or rename a group, change `hot_warm`, or add a slicer; the vendor's own pages can.

mod calls;
mod decode;
pub mod operations;
mod types;

pub use calls::{Groups, groups};
pub use operations::operation;
pub use types::*;
