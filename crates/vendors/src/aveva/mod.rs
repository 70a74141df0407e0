//! AVEVA client failover: groups of data-collecting adapters and their sessions.
//!
//! Based on the vendor's published pages on failover groups and sessions (`v1-preview`) and a later edition (`v1`).

mod base;
mod decode;
mod error_body;
mod groups;
pub mod operations;
mod reread;
mod sessions;
mod types;
pub mod values;

pub use base::{ApiVersion, Base};
pub use groups::{Groups, groups};
pub use reread::{ReadText, Reread};
pub use sessions::{NewHeartbeat, Sessions, sessions};
pub use types::*;
pub use values::{Role, TimeSpan, TimeSpanError};
