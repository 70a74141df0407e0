//! Veeam Backup Enterprise Manager: cloud failover sessions and their queries.
//!
//! Answers come as XML or as JSON in three casings (9.5 leaves keys out, up to v12 they are
//! PascalCase after a byte-order mark, v13 writes camelCase); all of them read into the same types.

mod calls;
mod complaint;
mod decode;
mod field;
mod filter;
mod node;
pub mod operations;
mod parse;
mod pasted;
mod query;
mod refused;
mod saved;
mod types;
mod values;
mod xml;

pub use calls::{log_off, log_on, query, raw_session, recent, session};
pub use field::{Field, FieldKind, Op};
pub use filter::{Condition, Filter};
pub use operations::operation;
pub use parse::FilterError;
pub use pasted::Pasted;
pub use query::{Format, Query, Sort};
pub(crate) use refused::error_texts;
pub use saved::read_saved;
pub use types::*;
