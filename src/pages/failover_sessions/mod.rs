//! Veeam cloud failover sessions: the page with the query and its results, and the page of one session.

pub mod builder;
pub mod export;
pub mod export_view;
pub mod form;
pub mod found;
pub mod histogram;
pub mod histogram_view;
pub mod import_view;
pub mod imported;
pub mod list;
pub mod merge;
pub mod model;
pub mod order;
pub mod pagination;
pub mod panel;
pub mod pasted;
pub mod query;
pub mod range_choice;
pub mod ranges;
mod relative_range;
pub mod results;
pub mod saved_queries;
pub mod saved_view;
pub mod select;
pub mod session;
pub mod session_row;
pub mod tasks;
pub mod token_view;
pub mod tokens;

pub use import_view::{Imported, ImportedResponse, Importing};
pub use list::FailoverSessions;
pub use model::name;
pub use saved_view::OpenQueries;
pub use session::SessionPage;
