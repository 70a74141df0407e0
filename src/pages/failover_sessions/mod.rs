//! Veeam cloud failover sessions: found by a query, read one by one.

pub mod builder;
pub mod export;
pub mod export_view;
pub mod foot;
pub mod form;
pub mod import_view;
pub mod imported;
pub mod list;
pub mod model;
pub mod panel;
pub mod picture;
pub mod picture_view;
pub mod query;
mod quick;
pub mod ranges;
pub mod results;
pub mod row_view;
pub mod saved_queries;
pub mod saved_view;
pub mod session;
pub mod tasks;
pub mod token_view;
pub mod tokens;
pub mod zone;

pub use list::FailoverSessions;
pub use model::name;
pub use session::SessionPage;
