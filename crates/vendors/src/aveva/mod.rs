//! AVEVA client failover: groups of data-collecting adapters and their sessions.

mod base;
mod types;
pub mod values;

pub use base::{ApiVersion, Base};
pub use types::*;
pub use values::{Role, TimeSpan};
