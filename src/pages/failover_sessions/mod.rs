//! Veeam cloud failover sessions: found by a query, read one by one.

mod list;
mod model;
mod query;
mod session;
mod tasks;

pub use list::FailoverSessions;
pub use session::SessionPage;
