//! Veeam Backup Enterprise Manager: cloud failover sessions and their queries.
//!
//! Responses are XML, or JSON in three styles: version 9.5 omits keys, versions up to 12 write PascalCase after a
//! byte-order mark, version 13 writes camelCase. All of them decode to the same types.

mod calls;
mod condition_warning;
mod decode;
mod error_body;
mod field;
mod filter;
mod node;
pub mod operations;
mod parse;
mod pasted;
mod query;
mod saved;
mod slices;
mod types;
mod values;
mod xml;

pub use calls::{log_off, log_on, query, raw_session, recent, session};
pub(crate) use error_body::error_texts;
pub use field::{Field, FieldKind, Op};
pub use filter::{Condition, Filter};
pub use operations::operation;
pub use parse::FilterError;
pub use pasted::Pasted;
pub use query::{Format, Query, Sort};
pub use saved::{read_saved, saved_body};
pub use slices::{Joined, slices};
pub use types::*;
