//! Veeam cloud failover sessions: found by a query, read one by one.

pub mod export;
pub mod list;
pub mod model;
pub mod picture;
pub mod query;
mod quick;
pub mod ranges;
pub mod saved_queries;
pub mod session;
pub mod tasks;
pub mod tokens;
pub mod zone;

pub use list::FailoverSessions;
pub use model::name;
pub use session::SessionPage;
