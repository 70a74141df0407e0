//! Uplynk live slicer failover groups (API v4).
//!
//! There is no call to create, delete or rename a group, to change `hot_warm`, or to add a slicer:
//! those are done in the vendor's own pages.

mod calls;
mod decode;
pub mod operations;
mod types;

pub use calls::{Groups, groups};
pub use operations::operation;
pub use types::*;
