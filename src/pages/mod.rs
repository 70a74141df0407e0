//! The pages: one folder per entry of the rail. A page gets its data from `live`, passes it to `health`, and draws the
//! verdict; it contains no requests, timers or judgement of its own.

pub mod activity;
pub mod alarms;
pub mod chunks;
pub mod connections;
pub mod detail_page;
pub mod failover_sessions;
pub mod groups;
pub mod last_known;
pub mod maintenance;
pub mod moments;
pub mod not_found;
pub mod overview;
pub mod pairing;
pub mod polling;
pub mod report;
pub mod resource_list;
pub mod resource_order;
pub mod resource_row;
pub mod sign_in;
pub mod slicers;
pub mod source_error;
pub mod unreadable;
pub mod wall;

pub use detail_page::DetailPage;
pub use not_found::NotFound;
pub use source_error::SourceErrors;
